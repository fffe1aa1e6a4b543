//! A signup that is repeated with the same Idempotency-Key answers the same and happens once.

use std::time::Duration;

use serde_json::{Value, json};

use super::PATH;
use crate::app::{PASSWORD, TestApp};
use crate::client::at_once;

const KEY: &str = "0123456789abcdef";

fn body(email: &str) -> Value {
    json!({"email": email, "password": PASSWORD, "metadata": {"b": 1, "a": 2}})
}

async fn users(app: &TestApp) -> i64 {
    let count = "SELECT count(*) FROM users WHERE application_id <> $1";
    let portal = devauth_aggregates::portal().uuid();
    sqlx::query_scalar(count).bind(portal).fetch_one(&mut app.database.connect().await).await.unwrap()
}

#[tokio::test]
async fn a_repeated_request_gets_the_same_answer_on_every_node_for_24_hours() {
    let app = TestApp::start().await;
    let client = app.application().await.with("idempotency-key", KEY);
    let other = client.at(&app.another_node().await);

    let first = client.post(PATH, body("ada@example.org")).await;
    app.pass(Duration::from_secs(23 * 60 * 60));
    let second = other.post(PATH, body("ada@example.org")).await;

    assert_eq!((first.status, &first.text), (201, &second.text));
    assert_eq!((second.status, second.header("content-type")), (201, first.header("content-type")));
    assert_eq!(users(&app).await, 1);
    other.post(PATH, body("eve@example.org")).await.refused(422, "idempotency_mismatch");
    let mut password = body("ada@example.org");
    password["password"] = json!("another tractor lagoon 78");
    other.post(PATH, password).await.refused(422, "idempotency_mismatch");
    app.pass(Duration::from_secs(60 * 60));
    other.post(PATH, body("ada@example.org")).await.refused(409, "email_taken");
}

#[tokio::test]
async fn keys_of_two_applications_have_nothing_to_do_with_each_other() {
    let app = TestApp::start().await;
    let developer = app.developer().await;
    let (acme, other) = (developer.application("Acme").await, developer.application("Other").await);

    let one = acme.client.with("idempotency-key", KEY).post(PATH, body("ada@example.org")).await.expect(201);
    let two = other.client.with("idempotency-key", KEY).post(PATH, body("ada@example.org")).await.expect(201);

    assert_ne!(one["user"]["id"], two["user"]["id"]);
    assert_eq!(two["user"]["app_id"], other.id);
}

#[tokio::test]
async fn ten_at_once_with_one_key_give_one_user_and_one_answer() {
    let app = TestApp::start().await;
    let client = app.application().await.with("idempotency-key", KEY);
    let other = client.at(&app.another_node().await);

    let answers = at_once((0..10).map(|n| {
        let client = if n % 2 == 0 { &client } else { &other }.clone();
        async move { client.post(PATH, body("ada@example.org")).await }
    }))
    .await;

    let (done, waiting): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 201);
    assert!(!done.is_empty() && done.iter().all(|answer| answer.text == done[0].text));
    for answer in waiting {
        answer.refused(409, "idempotency_in_progress");
    }
    assert_eq!(users(&app).await, 1);
}

#[tokio::test]
async fn while_the_first_is_being_answered_the_others_are_told_so() {
    let app = TestApp::start().await;
    let client = app.application().await.with("idempotency-key", KEY);
    let mut holder = app.database.connect().await;
    let mut held = sqlx::Connection::begin(&mut holder).await.unwrap();
    sqlx::query("LOCK TABLE claims").execute(&mut *held).await.unwrap();
    let first = {
        let client = client.clone();
        tokio::spawn(async move { client.post(PATH, body("ada@example.org")).await })
    };
    app.until("SELECT EXISTS (SELECT FROM idempotency_keys WHERE status IS NULL)").await;

    client.post(PATH, body("ada@example.org")).await.refused(409, "idempotency_in_progress");
    client.post(PATH, body("eve@example.org")).await.refused(422, "idempotency_mismatch");
    held.rollback().await.unwrap();

    let first = first.await.unwrap();
    assert_eq!(first.status, 201, "{}", first.text);
    assert_eq!(client.post(PATH, body("ada@example.org")).await.text, first.text);
}

#[tokio::test]
async fn a_refused_request_gives_its_key_back() {
    let app = TestApp::start().await;
    let client = app.application().await.with("idempotency-key", KEY);
    client.with("idempotency-key", "another key of 26 letters").sign_up("ada@example.org").await;

    client.post(PATH, body("ada@example.org")).await.refused(409, "email_taken");
    let mut weak = body("eve@example.org");
    weak["password"] = json!("password123");
    assert_eq!(client.post(PATH, weak).await.status, 422);
    client.post(PATH, json!({})).await.refused(422, "validation_failed");

    client.post(PATH, body("eve@example.org")).await.expect(201);
}

#[tokio::test]
async fn a_malformed_key_is_refused() {
    let app = TestApp::start().await;
    let client = app.application().await;

    for bad in ["", "fifteen-letters", &"x".repeat(65), "sixteen\tletters!"] {
        let client = client.with("idempotency-key", bad);
        client.post(PATH, body("ada@example.org")).await.refused(400, "malformed_request");
    }
    assert_eq!(users(&app).await, 0);
}

/// The answer of a strict application must not tell, by being repeated, what its first one kept to itself.
#[tokio::test]
async fn in_strict_mode_a_repetition_tells_nothing_either() {
    let app = TestApp::start().await;
    let developer = app.developer().await;
    let acme = developer.application("Acme").await;
    acme.client.sign_up("taken@example.org").await;
    developer.set(&acme.id, json!({"signup_mode": "strict"})).await;
    let client = acme.client.at(&app.another_node().await);

    let mut seen = Vec::new();
    for (key, email) in [("key-for-the-taken-one", "taken@example.org"), (KEY, "new@example.org")] {
        let client = client.with("idempotency-key", key);
        let answers = [
            client.post(PATH, body(email)).await,
            client.post(PATH, body(email)).await,
            client.post(PATH, body("another@example.org")).await,
        ];
        seen.push(answers.map(|answer| {
            let names: Vec<_> = answer.headers.keys().map(|name| name.as_str().to_owned()).collect();
            (names, answer.essence())
        }));
    }

    assert_eq!(seen[0], seen[1]);
    assert_eq!((seen[1][1].1.0, seen[1][2].1.0), (202, 422));
    assert_eq!(users(&app).await, 2);
}
