//! Five failures for one address from one client lock that pair for 15 minutes.

use std::time::Duration;

use super::EMAIL;
use crate::app::{PASSWORD, TestApp};
use crate::client::{Answer, Client, at_once};

pub(super) const MINUTE: Duration = Duration::from_secs(60);

pub(super) async fn fail(client: &Client, email: &str, times: usize) {
    for _ in 0..times {
        client.try_log_in(email, "wrong").await.refused(401, "invalid_credentials");
    }
}

/// Checks that it is locked; answers the seconds to wait.
pub(super) fn locked(answer: Answer) -> u64 {
    let seconds: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    answer.refused(429, "account_locked");
    assert!((1..=900).contains(&seconds), "{seconds}");
    seconds
}

#[tokio::test]
async fn the_sixth_try_is_refused_whatever_the_password() {
    let app = TestApp::start().await;
    let client = app.application().await;
    let other = client.at(&app.another_node().await);
    client.sign_up(EMAIL).await;
    client.sign_up("eve@example.org").await;

    fail(&client, EMAIL, 3).await;
    fail(&other, "Ada@EXAMPLE.org", 2).await;

    for node in [&client, &other] {
        assert!(locked(node.try_log_in(EMAIL, "wrong").await) > 840);
        locked(node.try_log_in(EMAIL, PASSWORD).await);
        node.for_address("192.0.2.1").log_in(EMAIL).await;
        node.log_in("eve@example.org").await;
    }
    let events = "SELECT count(*) FROM events WHERE event_type = 'LoginLocked'";
    let count: i64 = sqlx::query_scalar(events).fetch_one(&mut app.database.connect().await).await.unwrap();
    assert_eq!(count, 1);
}

#[tokio::test]
async fn an_address_that_does_not_exist_locks_alike() {
    let app = TestApp::start().await;
    let client = app.application().await;
    client.sign_up(EMAIL).await;

    fail(&client, EMAIL, 5).await;
    fail(&client, "nobody@example.org", 5).await;

    let (known, unknown) =
        (client.try_log_in(EMAIL, "wrong").await, client.try_log_in("nobody@example.org", "wrong").await);
    locked(known.clone());
    locked(unknown.clone());
    assert_eq!(known.essence(), unknown.essence());
}

#[tokio::test]
async fn tries_while_locked_do_not_extend_it_and_after_15_minutes_it_opens() {
    let app = TestApp::start().await;
    let client = app.application().await;
    client.sign_up(EMAIL).await;
    fail(&client, EMAIL, 5).await;

    app.pass(14 * MINUTE);
    for _ in 0..7 {
        let seconds = locked(client.try_log_in(EMAIL, "wrong").await);
        assert!(seconds <= 60, "{seconds}");
    }
    app.pass(MINUTE);

    client.try_log_in(EMAIL, "wrong").await.refused(401, "invalid_credentials");
    client.log_in(EMAIL).await;
}

#[tokio::test]
async fn failures_are_counted_within_15_minutes_and_a_success_clears_them() {
    let app = TestApp::start().await;
    let client = app.application().await;
    client.sign_up(EMAIL).await;

    fail(&client, EMAIL, 4).await;
    client.log_in(EMAIL).await;
    fail(&client, EMAIL, 4).await;
    app.pass(15 * MINUTE);
    fail(&client, EMAIL, 4).await;
    client.log_in(EMAIL).await;
}

#[tokio::test]
async fn a_lock_outlives_redis() {
    let app = TestApp::start().await;
    let client = app.application().await;
    client.sign_up(EMAIL).await;
    fail(&client, EMAIL, 5).await;
    fail(&client, "nobody@example.org", 5).await;

    app.redis_forgets().await;

    for email in [EMAIL, "nobody@example.org"] {
        assert!(locked(client.try_log_in(email, PASSWORD).await) > 800);
    }
    app.pass(15 * MINUTE);
    client.log_in(EMAIL).await;
}

#[tokio::test]
async fn of_twenty_wrong_tries_at_once_on_two_nodes_five_are_checked() {
    let app = TestApp::start().await;
    let client = app.application().await;
    let other = client.at(&app.another_node().await);
    client.sign_up(EMAIL).await;

    for email in [EMAIL, "nobody@example.org"] {
        let answers = at_once((0..20).map(|n| {
            let client = if n % 2 == 0 { &client } else { &other }.clone();
            async move { client.try_log_in(email, &format!("guess {n}")).await }
        }))
        .await;

        let (checked, refused): (Vec<_>, Vec<_>) =
            answers.into_iter().partition(|answer| answer.status == 401);
        assert_eq!(checked.len(), 5);
        for answer in checked {
            answer.refused(401, "invalid_credentials");
        }
        refused.into_iter().for_each(|answer| {
            locked(answer);
        });
    }
}

#[tokio::test]
async fn applications_and_clients_are_counted_apart() {
    let app = TestApp::start().await;
    let developer = app.developer().await;
    let (acme, other) = (developer.application("Acme").await, developer.application("Other").await);
    for client in [&acme.client, &other.client] {
        client.sign_up(EMAIL).await;
    }
    let body = serde_json::json!({"label": "browser", "type": "publishable"});
    let publishable = developer.key(&acme.id, body).await;
    fail(&acme.client.for_address("2001:db8:1:2::1"), EMAIL, 3).await;
    fail(&acme.client.for_address("2001:db8:1:2:ffff::9"), EMAIL, 2).await;
    fail(&acme.client, EMAIL, 5).await;

    locked(acme.client.for_address("2001:db8:1:2::77").try_log_in(EMAIL, PASSWORD).await);
    acme.client.for_address("2001:db8:1:3::1").log_in(EMAIL).await;
    locked(acme.client.for_address("::ffff:127.0.0.1").try_log_in(EMAIL, PASSWORD).await);
    locked(acme.client.with("x-forwarded-for", "192.0.2.1").try_log_in(EMAIL, PASSWORD).await);
    locked(publishable.for_address("192.0.2.1").try_log_in(EMAIL, PASSWORD).await);
    other.client.log_in(EMAIL).await;
    acme.client.for_address("nonsense").try_log_in(EMAIL, PASSWORD).await.refused(400, "malformed_request");
}
