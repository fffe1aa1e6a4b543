//! What is left of a person who was erased: who, what and when by id.

use serde_json::{Value, json};

use super::{EMAIL, acme, actions, entries, path};
use crate::app::{PASSWORD, TestApp};

const CLIENT: &str = "203.0.113.9";
const GUESSER: &str = "198.51.100.7";

#[tokio::test]
async fn an_erased_persons_entries_lose_their_client_and_their_failures_go() {
    let app = TestApp::start().await;
    let (developer, acme) = acme(&app).await;
    let ada = acme.client.for_address(CLIENT).sign_up(EMAIL).await;
    let bob = acme.client.for_address(CLIENT).sign_up("bob@example.org").await;
    for email in [EMAIL, "bob@example.org"] {
        acme.client.for_address(CLIENT).log_in(email).await;
        for _ in 0..6 {
            acme.client.for_address(GUESSER).try_log_in(email, "wrong").await;
        }
    }
    let of = |user: &Value| format!("user_id={}", user["id"].as_str().unwrap());
    let before = entries(&developer.client, &acme, &of(&bob)).await;
    assert_eq!(before.len(), 9);
    let user = format!("/v1/portal/applications/{}/users/{}", acme.id, ada["id"].as_str().unwrap());
    // Right behind a failure, which may still be on its way.
    acme.client.for_address(GUESSER).try_log_in(EMAIL, PASSWORD).await.refused(429, "account_locked");
    developer.client.delete(&user).await.expect(204);

    let left = entries(&developer.client, &acme, &of(&ada)).await;
    assert_eq!(actions(&left), ["user_erased", "locked", "login", "signup"]);
    for entry in &left[1..] {
        assert_eq!((&entry["client_address"], &entry["user_agent"]), (&Value::Null, &Value::Null));
        assert_eq!(entry["user_id"], ada["id"]);
        assert!(entry["request_id"].is_string() && entry["occurred_at"].is_string());
    }
    assert_eq!(entries(&developer.client, &acme, &of(&bob)).await, before, "nobody else's");
}

#[tokio::test]
async fn who_guesses_on_after_the_erasure_guesses_at_nobody() {
    let app = TestApp::start().await;
    let (developer, acme) = acme(&app).await;
    let ada = acme.client.sign_up(EMAIL).await;
    let user = format!("/v1/portal/applications/{}/users/{}", acme.id, ada["id"].as_str().unwrap());
    developer.client.delete(&user).await.expect(204);
    acme.client.try_log_in(EMAIL, "wrong").await.refused(401, "invalid_credentials");

    let failed = entries(&developer.client, &acme, "action=login_failed").await;

    assert_eq!(failed.len(), 1);
    assert_eq!((&failed[0]["reason"], &failed[0]["user_id"]), (&json!("unknown_address"), &Value::Null));
    let answer = developer.client.get(&path(&acme, "")).await;
    assert!(!answer.text.contains(EMAIL));
}

#[tokio::test]
async fn an_erased_developers_client_is_in_no_entry_of_their_applications() {
    let app = TestApp::start().await;
    let (developer, acme) = acme(&app).await;
    entries(&developer.client, &acme, "").await;
    let me = developer.client.get("/v1/portal/developers/me").await.expect(200);
    let id: devauth_aggregates::DeveloperId = me["developer"]["id"].as_str().unwrap().parse().unwrap();
    let mut database = app.database.connect().await;
    let with_client = "SELECT count(*) FROM audit_log WHERE person = $1 AND client_address IS NOT NULL";
    let count = async |database: &mut sqlx::PgConnection| -> i64 {
        sqlx::query_scalar(with_client).bind(id.uuid()).fetch_one(database).await.unwrap()
    };
    assert!(count(&mut database).await > 3);

    erase(&app, devauth_aggregates::user_id(id)).await;

    assert_eq!(count(&mut database).await, 0);
    let kept: i64 =
        sqlx::query_scalar("SELECT count(*) FROM audit_log WHERE person = $1 AND actor_type = 'developer'")
            .bind(id.uuid())
            .fetch_one(&mut database)
            .await
            .unwrap();
    assert!(kept >= 2, "what they did is still there");
}

/// There is no route yet by which a developer is erased.
async fn erase(app: &TestApp, user: devauth_aggregates::UserId) {
    use devauth_aggregates::{User, UserCommand};
    use devauth_projections::{Write, event_log::Actor};
    let node = &app.node.app;
    let request = devauth::http::context::RequestContext {
        request_id: "test-request".to_owned(),
        client_address: [127, 0, 0, 1].into(),
        user_agent: None,
    };
    let context = node.context(devauth_aggregates::portal(), Actor::Service, None, &request);
    let command = UserCommand::EraseUser { now: node.clock.now() };
    node.commands.execute::<User>(user, command, &context, |_| vec![Write::Forget { user }]).await.unwrap();
}
