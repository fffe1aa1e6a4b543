//! Postgres stops hard and comes back.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use devauth::dev::postgres::{Options, Postgres};
use devauth_test_support::database::PATIENCE;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::caller::{Caller, PASSWORD};
use crate::deployment::Deployment;

/// A server of our own, which no other test misses while it is away.
pub fn start(directory: &Path) -> Postgres {
    Postgres::start(Options::new(directory).throwaway().setting("max_connections", "60")).unwrap()
}

/// As `pg_ctl stop -m immediate`: connections are cut, the next start has to recover.
pub fn stop_hard(postgres: Postgres) {
    let pid = std::fs::read_to_string(postgres.data_dir().join("postgres/postmaster.pid")).unwrap();
    let pid = Pid::from_raw(pid.lines().next().unwrap().parse().unwrap()).unwrap();
    kill_process(pid, Signal::QUIT).unwrap();
    postgres.stop().unwrap();
}

pub fn directory() -> TempDir {
    let directory = TempDir::with_prefix("devauth-crash-").unwrap();
    std::fs::set_permissions(directory.path(), Permissions::from_mode(0o711)).unwrap();
    directory
}

#[tokio::test]
async fn while_postgres_is_away_callers_are_told_and_afterwards_every_session_lives() {
    let directory = directory();
    let postgres = start(directory.path());
    let deployment = Deployment::new().await;
    let node = deployment.start_with(&[("DATABASE_URL", &postgres.database_url("devauth"))]).await;
    let client = deployment.application(&node).await;
    client.sign_up("ada@example.org").await.expect(201);
    let tokens = client.log_in("ada@example.org", PASSWORD).await.expect(200);
    let user = client.bearing(&tokens["access_token"]);
    user.get("/v1/auth/me").await.expect(200);

    stop_hard(postgres);
    // All at once, for each waits a while for a connection.
    let answers = tokio::join!(
        user.get("/v1/auth/me"),
        client.refresh(&tokens["refresh_token"]),
        client.refresh(&tokens["refresh_token"]),
        client.log_in("ada@example.org", PASSWORD),
        client.sign_up("eve@example.org"),
        client.post("/v1/auth/introspect", json!({"token": tokens["access_token"]})),
        client.post("/v1/auth/logout", json!({"refresh_token": tokens["refresh_token"]})),
        client.get("/health/ready"),
    );
    let (me, refresh, again, login, signup, introspect, logout, ready) = answers;
    for answer in [me, refresh, again, login, signup, introspect, logout, ready] {
        assert!(answer.is_unavailable(), "{answer:?}");
    }
    client.get("/health/live").await.expect(200);

    let _postgres = start(directory.path());
    user.get("/v1/auth/me").await.expect(200);
    let refreshed = client.refresh(&tokens["refresh_token"]).await.expect(200);
    client.bearing(&refreshed["access_token"]).get("/v1/auth/me").await.expect(200);
    client.refresh(&refreshed["refresh_token"]).await.expect(200);
    client.log_in("ada@example.org", PASSWORD).await.expect(200);
    client.sign_up("eve@example.org").await.expect(201);
    client.get("/health/ready").await.expect(200);
    deployment.smtp.wait_for(3).await;
    deployment.nothing_was_given_away();
}

/// Refreshes without a pause, with the newest token it was given; what failed is tried again with the same one.
async fn keep_refreshing(client: Caller, mut token: Value, stop: Arc<AtomicBool>) -> (Value, u32, u32) {
    let (mut done, mut failed) = (0, 0);
    while !stop.load(Ordering::SeqCst) {
        let answer = client.refresh(&token).await;
        if answer.is_unavailable() {
            failed += 1;
            tokio::task::yield_now().await;
            continue;
        }
        token = answer.expect(200)["refresh_token"].clone();
        done += 1;
    }
    (token, done, failed)
}

#[tokio::test]
async fn a_refresh_that_postgres_died_under_never_counts_as_reuse() {
    let directory = directory();
    let mut postgres = start(directory.path());
    let deployment = Deployment::new().await;
    // The outage has to be shorter than the grace: a busy machine may take its time to start a server.
    let changes = [("DATABASE_URL", &*postgres.database_url("devauth")), ("DEVAUTH_REFRESH_GRACE", "2m")];
    let node = deployment.start_with(&changes).await;
    let client = deployment.application(&node).await;
    client.sign_up("ada@example.org").await.expect(201);
    let stop = Arc::new(AtomicBool::new(false));
    let mut refreshing = Vec::new();
    for _ in 0..4 {
        let tokens = client.log_in("ada@example.org", PASSWORD).await.expect(200);
        refreshing.push(tokio::spawn(keep_refreshing(
            client.clone(),
            tokens["refresh_token"].clone(),
            stop.clone(),
        )));
    }

    for _ in 0..2 {
        let before = steps(&postgres).await;
        let going_on = async { while steps(&postgres).await < before + 8 {} };
        tokio::time::timeout(PATIENCE, going_on).await.expect("refreshes go on");
        stop_hard(postgres);
        postgres = start(directory.path());
    }
    stop.store(true, Ordering::SeqCst);
    for one in refreshing {
        let (token, done, _failed) = one.await.unwrap();
        assert!(done > 0);
        client.refresh(&token).await.expect(200);
    }
    deployment.nothing_was_given_away();
}

/// Refreshes that were committed.
async fn steps(postgres: &Postgres) -> i64 {
    let mut connection = sqlx::Connection::connect(&postgres.database_url("devauth")).await.unwrap();
    let connection: &mut sqlx::PgConnection = &mut connection;
    sqlx::query_scalar("SELECT count(*) FROM events WHERE event_type = 'SessionRefreshed'")
        .fetch_one(connection)
        .await
        .unwrap()
}
