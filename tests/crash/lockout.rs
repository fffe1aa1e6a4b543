//! A node dies between what the counts in Redis say of a lock and what Postgres says of it.

use serde_json::json;
use tempfile::TempDir;

use crate::caller::{Caller, PASSWORD};
use crate::deployment::Deployment;
use crate::node::Node;
use crate::redis::Redis;

const ADA: &str = "ada@example.org";
const NEW: &str = "another tractor lagoon 78";

/// Two nodes that count together, of which the second dies at a named place.
struct Scene {
    deployment: Deployment,
    redis: Redis,
    _directory: TempDir,
    _survivor: Node,
    dying: Node,
    developer: Caller,
    path: String,
    /// The application's backend at the node that lives.
    client: Caller,
}

impl Scene {
    async fn new(place: &str) -> Self {
        let directory = TempDir::new().unwrap();
        let redis = Redis::start(directory.path()).unwrap();
        let deployment = Deployment::new().await;
        // However busy the machine is: it is Redis that counts.
        let url = format!("{}?timeout_ms=10000", redis.url());
        let survivor = deployment.start_with(&[("REDIS_URL", &url)]).await;
        let dying = deployment.start_with(&[("REDIS_URL", &url), ("CRASH_AT", place)]).await;
        let (developer, client, path) = deployment.anyone(&survivor).developer().await;
        Scene {
            deployment,
            redis,
            _directory: directory,
            _survivor: survivor,
            dying,
            developer,
            path,
            client,
        }
    }

    async fn fail(&self, times: usize) {
        for _ in 0..times {
            self.client.log_in(ADA, "not the password").await.expect(401);
        }
    }

    async fn is_locked(&self, password: &str) {
        let answer = self.client.log_in(ADA, password).await;
        assert_eq!((answer.status, answer.code.as_str()), (429, "account_locked"));
    }

    /// Rows of locks, and events.
    async fn written(&self) -> (i64, i64) {
        let sql = "SELECT (SELECT count(*) FROM login_locks),
                          (SELECT count(*) FROM events WHERE event_type = 'LoginLocked')";
        sqlx::query_as(sql).fetch_one(&mut self.deployment.database.connect().await).await.unwrap()
    }
}

#[tokio::test]
async fn a_lock_whose_node_died_is_written_once_by_the_next_try() {
    let scene = Scene::new("login_counted").await;
    scene.client.sign_up(ADA).await.expect(201);
    scene.fail(4).await;
    let wrong = json!({"email": ADA, "password": "not the password"});
    scene.client.at(&scene.dying).try_post("/v1/auth/login", wrong).await.unwrap_err();
    assert_eq!(scene.written().await, (0, 0));

    for _ in 0..2 {
        scene.is_locked(PASSWORD).await;
    }

    assert_eq!(scene.written().await, (1, 1));
    assert!(!scene.dying.ended().await.success());
    drop(scene.redis);
    let answer = scene.client.log_in(ADA, PASSWORD).await;
    assert_eq!((answer.status, answer.code.as_str()), (429, "account_locked"));
    scene.deployment.nothing_was_given_away();
}

#[tokio::test]
async fn a_reset_whose_node_died_has_opened_the_lock() {
    let scene = Scene::new("reset_committed").await;
    scene.client.sign_up(ADA).await.expect(201);
    scene.client.post("/v1/auth/password/reset/request", json!({"email": ADA})).await.expect(202);
    // The developer's own, and both of Ada.
    let mails = scene.deployment.smtp.wait_for(3).await;
    let is_reset = |mail: &&devauth_test_support::smtp::Received| {
        mail.header("subject").is_some_and(|subject| subject.contains("Reset"))
    };
    let token = scene.deployment.token_in(mails.iter().find(is_reset).unwrap());
    scene.fail(5).await;
    scene.is_locked(PASSWORD).await;
    let elsewhere = scene.client.with("x-forwarded-for", "203.0.113.99");
    for _ in 0..4 {
        elsewhere.log_in(ADA, "not the password").await.expect(401);
    }
    let confirm = json!({"token": token, "password": NEW});
    scene.client.at(&scene.dying).try_post("/v1/auth/password/reset/confirm", confirm).await.unwrap_err();

    // All five tries are there again.
    elsewhere.log_in(ADA, "not the password").await.expect(401);
    elsewhere.log_in(ADA, NEW).await.expect(200);
    scene.client.log_in(ADA, NEW).await.expect(200);

    assert_eq!(scene.written().await, (0, 1), "the event from before the reset");
    assert!(!scene.dying.ended().await.success());
    scene.deployment.nothing_was_given_away();
}

#[tokio::test]
async fn an_erasure_whose_node_died_has_left_no_lock() {
    let scene = Scene::new("erasure_committed").await;
    let signup = scene.client.sign_up(ADA).await.expect(201);
    scene.fail(5).await;
    scene.is_locked(PASSWORD).await;
    let path = format!("{}/users/{}", scene.path, signup["user"]["id"].as_str().unwrap());
    scene.developer.at(&scene.dying).try_delete(&path).await.unwrap_err();

    // Nobody has the address, and nobody was counted for it.
    scene.fail(5).await;
    assert_eq!(scene.client.log_in(ADA, PASSWORD).await.code, "account_locked");

    assert!(!scene.dying.ended().await.success());
    scene.deployment.nothing_was_given_away();
}
