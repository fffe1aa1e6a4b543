//! A hundred consecutive failures from anywhere protect an account, and its owner still gets in from where they are known.

use std::time::Duration;

use super::EMAIL;
use crate::app::{PASSWORD, TestApp};
use crate::client::{Client, at_once};

/// This many failures, each from an address of its own; a few at once, because too many are told that the service is busy.
pub(super) async fn fail_from_everywhere(client: &Client, failures: u32) {
    const AT_ONCE: usize = 10;
    let failures: Vec<u32> = (0..failures).collect();
    for some in failures.chunks(AT_ONCE) {
        let tries = some.iter().map(|n| {
            let client = client.for_address(&format!("198.51.{}.{}", n / 250, n % 250));
            async move { client.try_log_in(EMAIL, "wrong").await }
        });
        for answer in at_once(tries.collect::<Vec<_>>()).await {
            answer.refused(401, "invalid_credentials");
        }
    }
}

#[tokio::test]
async fn a_protected_account_lets_in_known_addresses_alone() {
    let app = TestApp::start().await;
    let client = app.application().await;
    let other = client.at(&app.another_node().await);
    client.sign_up(EMAIL).await;
    client.sign_up("eve@example.org").await;
    let (known, unknown) = (client.for_address("192.0.2.1"), other.for_address("192.0.2.2"));
    known.log_in(EMAIL).await;

    fail_from_everywhere(&client, 99).await;
    other.for_address("203.0.113.1").try_log_in(EMAIL, "wrong").await.refused(401, "invalid_credentials");

    let refused = unknown.try_log_in(EMAIL, PASSWORD).await;
    assert!(refused.header("retry-after").unwrap().parse::<u64>().unwrap() >= 1);
    refused.refused(429, "account_protected");
    unknown.log_in("eve@example.org").await;
    known.log_in(EMAIL).await;
    unknown.try_log_in(EMAIL, PASSWORD).await.refused(429, "account_protected");

    // Redis is not the only one who knows.
    app.redis_forgets().await;
    unknown.try_log_in(EMAIL, PASSWORD).await.refused(429, "account_protected");
    known.log_in(EMAIL).await;
}

#[tokio::test]
async fn a_success_begins_the_count_anew() {
    let app = TestApp::start().await;
    let client = app.application().await;
    client.sign_up(EMAIL).await;

    fail_from_everywhere(&client, 99).await;
    client.log_in(EMAIL).await;
    app.pass(Duration::from_secs(15 * 60));
    fail_from_everywhere(&client, 99).await;

    client.for_address("192.0.2.2").log_in(EMAIL).await;
}

#[tokio::test]
async fn an_account_that_does_not_exist_is_protected_alike_and_a_reset_opens_one_that_does() {
    let app = TestApp::start().await;
    let client = app.application().await;
    fail_from_everywhere(&client, 100).await;
    let unknown = client.for_address("192.0.2.2");
    unknown.try_log_in(EMAIL, PASSWORD).await.refused(429, "account_protected");

    client.sign_up(EMAIL).await;
    unknown.try_log_in(EMAIL, PASSWORD).await.refused(429, "account_protected");
    let body = serde_json::json!({"email": EMAIL});
    client.post("/v1/auth/password/reset/request", body).await.expect(202);
    let token = app.mailed_token(EMAIL, "Reset").await;
    let new = "another tractor lagoon 78";
    let body = serde_json::json!({"token": token, "password": new});
    client.post("/v1/auth/password/reset/confirm", body).await.expect(200);

    unknown.try_log_in(EMAIL, new).await.expect(200);
}
