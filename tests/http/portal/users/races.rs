//! An erasure and something else of the same person at the same moment: whoever is first, nothing is left

use devauth::crypto::tokens::Purpose;
use devauth_aggregates::UserId;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::erasure::dump;
use super::{acme, path, text};
use crate::app::{PASSWORD, TestApp};
use crate::client::{Answer, at_once};

const ROUNDS: usize = 24;

/// The token of a purpose that a user was mailed or will be.
async fn token(
    app: &TestApp,
    database: &mut PgConnection,
    user: &Value,
    purpose: Purpose,
    name: &str,
) -> String {
    let id: UserId = text(&user["id"]).parse().unwrap();
    let request: Uuid = sqlx::query_scalar(
        "SELECT token_id FROM secrets.one_time_tokens WHERE user_id = $1 AND purpose = $2",
    )
    .bind(id.uuid())
    .bind(name)
    .fetch_one(database)
    .await
    .unwrap();
    app.node.app.keys.one_time.derive(purpose, request).expose_secret().to_owned()
}

/// Rows about a user where there may be none.
async fn left(database: &mut PgConnection, user: &Value) -> Vec<String> {
    let id: UserId = text(&user["id"]).parse().unwrap();
    sqlx::query_scalar(
        "SELECT 'users' FROM users WHERE id = $1
         UNION ALL SELECT 'sessions' FROM sessions WHERE user_id = $1
         UNION ALL SELECT 'last_logins' FROM last_logins WHERE user_id = $1
         UNION ALL SELECT 'claims' FROM claims WHERE user_id = $1
         UNION ALL SELECT 'portal_users' FROM portal_users WHERE user_id = $1
         UNION ALL SELECT 'ready jobs' FROM jobs WHERE user_id = $1 AND state = 'ready'
         UNION ALL SELECT 'idempotency_keys' FROM idempotency_keys WHERE user_id = $1
         UNION ALL SELECT 'data_keys' FROM secrets.data_keys WHERE user_id = $1
         UNION ALL SELECT 'password_hashes' FROM secrets.password_hashes WHERE user_id = $1
         UNION ALL SELECT 'one_time_tokens' FROM secrets.one_time_tokens WHERE user_id = $1",
    )
    .bind(id.uuid())
    .fetch_all(database)
    .await
    .unwrap()
}

/// That an answer is one of two: of somebody who is there, or of nobody.
#[track_caller]
fn either(answer: Answer, success: u16, refusal: (u16, &str)) -> bool {
    if answer.status == success {
        return true;
    }
    answer.refused(refusal.0, refusal.1);
    false
}

#[tokio::test]
async fn whatever_happens_at_the_moment_of_an_erasure_leaves_nothing_behind() {
    let app = TestApp::start().await;
    let (acme, grace) = acme(&app).await;
    let other = app.another_node().await;
    let nodes = [acme.client.clone(), acme.client.at(&other)];
    let developers = [grace.clone(), grace.at(&other)];
    let mut database = app.database.connect().await;
    let tokens_before: i64 = tokens(&mut database).await;
    let mut won = [0; 6];
    for round in 0..ROUNDS {
        let email = format!("racer{round}@somewhere.example");
        let user = acme.client.sign_up(&email).await;
        let session = acme.client.log_in(&email).await;
        acme.client.post("/v1/auth/password/reset/request", json!({"email": email})).await.expect(202);
        let verify = token(&app, &mut database, &user, Purpose::VerifyEmail, "verify_email").await;
        let reset = token(&app, &mut database, &user, Purpose::ResetPassword, "reset_password").await;

        let bodies = [
            ("/v1/auth/login", json!({"email": email, "password": PASSWORD})),
            ("/v1/auth/refresh", json!({"refresh_token": session["refresh_token"]})),
            ("/v1/auth/email/verify/confirm", json!({"token": verify})),
            (
                "/v1/auth/password/reset/confirm",
                json!({"token": reset, "password": "orange submarine pencil 31"}),
            ),
            ("/v1/auth/password/reset/request", json!({"email": email})),
            ("/v1/auth/logout", json!({"refresh_token": session["refresh_token"]})),
        ];
        // Each round another one goes first, and the erasure comes at another place among them.
        let mut calls: Vec<_> = (0..7).collect();
        calls.rotate_left(round % 7);
        let requests = calls.clone().into_iter().map(|call| {
            let (backend, developer) = (nodes[(call + round) % 2].clone(), developers[round % 2].clone());
            let (body, path) = (bodies.get(call).cloned(), path(&user));
            async move {
                match body {
                    Some((route, body)) => backend.post(route, body).await,
                    None => developer.delete(&path).await,
                }
            }
        });
        for (call, answer) in calls.iter().zip(at_once(requests).await) {
            let did = match call {
                0 => either(answer, 200, (401, "invalid_credentials")),
                // The logout may have been first, too.
                1 => either(answer, 200, (401, "invalid_token")),
                2 | 3 => either(answer, 200, (400, "token_invalid")),
                // These say nothing of who is there.
                4 => answer.expect(202).is_null(),
                _ => answer.expect(204).is_null(),
            };
            if let Some(count) = won.get_mut(*call) {
                *count += usize::from(did);
            }
        }

        assert_eq!(left(&mut database, &user).await, Vec::<String>::new(), "round {round}");
        acme.client.try_log_in(&email, PASSWORD).await.refused(401, "invalid_credentials");
    }
    assert_eq!(tokens(&mut database).await, tokens_before, "no refresh token without its session");
    app.until("SELECT position = (SELECT count(*) FROM events) FROM log_head").await;
    assert_eq!(
        grace.get_fresh(&format!("/v1/portal/applications/{}/users", acme.id)).await.expect(200)["total"],
        0
    );
    let dump = dump(&mut database).await;
    assert!(!dump.contains("racer") && !dump.contains("somewhere.example"));
    println!("of {ROUNDS} rounds the erasure was later than: {won:?}");
}

/// Refresh tokens of whomever.
async fn tokens(database: &mut PgConnection) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM secrets.refresh_tokens").fetch_one(database).await.unwrap()
}

/// A login that has proved its password and comes to start a session when its user is gone.
#[tokio::test]
async fn who_is_erased_during_their_login_has_no_such_credentials() {
    let app = TestApp::start().await;
    let (acme, grace) = acme(&app).await;
    let user = acme.client.sign_up("ada@example.org").await;
    let session = acme.client.log_in("ada@example.org").await;
    let mut database = app.database.connect().await;
    // Whoever appends something about Ada waits, and so does the erasure, which comes first.
    let hold = "BEGIN; SELECT FROM secrets.data_keys WHERE user_id = (SELECT id FROM users WHERE email = 'ada@example.org') FOR UPDATE";
    sqlx::raw_sql(hold).execute(&mut database).await.unwrap();
    let waiting = async |count: i64| {
        let query = format!(
            "SELECT count(*) = {count} FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        );
        app.until(&query).await;
    };
    let erasing = tokio::spawn({
        let (grace, path) = (grace.clone(), path(&user));
        async move { grace.delete(&path).await }
    });
    waiting(1).await;
    let login = tokio::spawn({
        let client = acme.client.clone();
        async move { client.try_log_in("ada@example.org", PASSWORD).await }
    });
    waiting(2).await;
    let refresh = tokio::spawn({
        let client = acme.client.clone();
        async move { client.refresh(&session["refresh_token"]).await }
    });
    waiting(3).await;
    sqlx::raw_sql("COMMIT").execute(&mut database).await.unwrap();

    erasing.await.unwrap().expect(204);
    login.await.unwrap().refused(401, "invalid_credentials");
    refresh.await.unwrap().refused(401, "invalid_token");
    assert_eq!(left(&mut database, &user).await, Vec::<String>::new());
}
