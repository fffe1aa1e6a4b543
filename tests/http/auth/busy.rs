//! A node that can't hash passwords in time says so at once, goes on with everything else, and holds it against nobody.

use serde_json::json;

use crate::app::{PASSWORD, TestApp};
use crate::client::Answer;

const EMAIL: &str = "ada@example.org";
const NEW: &str = "another tractor lagoon 78";

/// Checks that it asks to come back after about the time that passwords wait at most.
#[track_caller]
fn busy(answer: Answer) {
    let seconds: u64 = answer.header("retry-after").expect("it says when").parse().unwrap();
    assert!((2..=3).contains(&seconds), "{seconds}");
    answer.refused(503, "busy");
}

#[tokio::test]
async fn while_the_queue_is_full_logins_and_signups_come_back_later_and_nobody_is_locked() {
    let app = TestApp::start().await;
    let client = app.application().await;
    let other = client.at(&app.another_node().await);
    client.sign_up(EMAIL).await;
    let tokens = client.log_in(EMAIL).await;
    let signup = json!({"email": "eve@example.org", "password": PASSWORD});
    let keyed = client.with("idempotency-key", "a-signup-of-eve-1");

    let occupied = app.node.app.passwords.occupy().await.unwrap();
    // Two more than make a lock; none waits for the others.
    for _ in 0..7 {
        busy(client.try_log_in(EMAIL, "wrong").await);
        busy(client.try_log_in("nobody@example.org", "wrong").await);
    }
    busy(client.try_log_in(EMAIL, PASSWORD).await);
    busy(client.post("/v1/auth/signup", signup.clone()).await);
    busy(keyed.post("/v1/auth/signup", signup.clone()).await);
    // What needs no hash is answered, and other nodes have queues of their own.
    assert!(client.admits(&tokens).await);
    client.refresh(&tokens["refresh_token"]).await.expect(200);
    other.log_in(EMAIL).await;
    drop(occupied);

    for email in [EMAIL, "nobody@example.org"] {
        for _ in 0..4 {
            client.try_log_in(email, "wrong").await.refused(401, "invalid_credentials");
        }
    }
    client.log_in(EMAIL).await;
    let created = keyed.post("/v1/auth/signup", signup).await;
    assert_eq!(created.header("idempotent-replayed"), None);
    created.expect(201);
    client.log_in("eve@example.org").await;
}

#[tokio::test]
async fn while_the_queue_is_full_a_mailed_token_stays_good() {
    let app = TestApp::start().await;
    let client = app.application().await;
    client.sign_up(EMAIL).await;
    client.post("/v1/auth/password/reset/request", json!({ "email": EMAIL })).await.expect(202);
    let token = app.mailed_token(EMAIL, "Reset").await;
    let confirm = || client.post("/v1/auth/password/reset/confirm", json!({"token": token, "password": NEW}));

    let occupied = app.node.app.passwords.occupy().await.unwrap();
    busy(confirm().await);
    drop(occupied);

    client.log_in(EMAIL).await;
    confirm().await.expect(200);
    client.try_log_in(EMAIL, NEW).await.expect(200);
}
