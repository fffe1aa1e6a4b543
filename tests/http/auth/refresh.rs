//! `POST /v1/auth/refresh`

mod reuse;

use std::time::Duration;

use serde_json::{Value, json};

use crate::app::TestApp;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[tokio::test]
async fn it_answers_new_tokens_of_the_same_session() {
    let app = TestApp::start().await;
    let client = app.application().await;
    client.sign_up("ada@example.org").await;
    let first = client.log_in("ada@example.org").await;

    app.pass(Duration::from_secs(60));
    let second = client.refresh(&first["refresh_token"]).await.expect(200);

    let names: Vec<_> = second.as_object().unwrap().keys().map(String::as_str).collect();
    let mut contract =
        ["access_token", "token_type", "expires_in", "refresh_token", "refresh_expires_in", "user"];
    contract.sort_unstable();
    assert_eq!(names, contract);
    assert_eq!((&second["token_type"], &second["expires_in"]), (&json!("Bearer"), &json!(900)));
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    assert_eq!(second["user"], first["user"]);
    assert!(client.admits(&second).await && client.admits(&first).await);
    let listed = client.as_user(&second).get("/v1/auth/sessions").await.expect(200);
    assert_eq!(listed["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn rotation_never_extends_the_seven_days() {
    let app = TestApp::start().await;
    let client = app.application().await;
    client.sign_up("ada@example.org").await;
    let mut tokens = client.log_in("ada@example.org").await;
    assert_eq!(tokens["refresh_expires_in"], 604_800);

    for day in 1..=6 {
        app.pass(DAY);
        tokens = client.refresh(&tokens["refresh_token"]).await.expect(200);
        let left = tokens["refresh_expires_in"].as_i64().unwrap();
        let expected = (7 - day) * 86_400;
        assert!((expected - 60..=expected).contains(&left), "{left} after {day} days");
    }
    app.pass(DAY - Duration::from_secs(100));
    tokens = client.refresh(&tokens["refresh_token"]).await.expect(200);
    assert!(tokens["expires_in"].as_i64().unwrap() <= 100, "no access token outlives its session");
    app.pass(Duration::from_secs(100));

    client.refresh(&tokens["refresh_token"]).await.refused(401, "invalid_token");
    assert!(!client.admits(&tokens).await);
}

#[tokio::test]
async fn an_application_sets_how_long_its_sessions_live() {
    let app = TestApp::start().await;
    let developer = app.developer().await;
    let acme = developer.application("Acme").await;
    developer.set(&acme.id, json!({"session_lifetime": 3_600})).await;
    // Settings are looked up anew on every node within a second; another node never knew the old ones.
    let client = acme.client.at(&app.another_node().await);
    client.sign_up("ada@example.org").await;

    let tokens = client.log_in("ada@example.org").await;
    assert_eq!(tokens["refresh_expires_in"], 3_600);
    app.pass(Duration::from_secs(3_000));
    let refreshed = client.refresh(&tokens["refresh_token"]).await.expect(200);
    assert!(refreshed["refresh_expires_in"].as_i64().unwrap() <= 600);
    assert!(refreshed["expires_in"].as_i64().unwrap() <= 600);
    app.pass(Duration::from_secs(600));

    client.refresh(&refreshed["refresh_token"]).await.refused(401, "invalid_token");
    assert!(!client.admits(&refreshed).await);
}

#[tokio::test]
async fn an_access_token_lives_as_long_as_a_session_that_is_just_as_long() {
    let app = TestApp::start().await;
    let developer = app.developer().await;
    let acme = developer.application("Acme").await;
    developer.set(&acme.id, json!({"session_lifetime": 900})).await;
    let client = acme.client.at(&app.another_node().await);
    client.sign_up("ada@example.org").await;

    let tokens = client.log_in("ada@example.org").await;

    assert_eq!((&tokens["expires_in"], &tokens["refresh_expires_in"]), (&json!(900), &json!(900)));
}

#[tokio::test]
async fn nobody_gets_a_token_that_is_good_for_no_second() {
    let app = TestApp::start_with(|config| config.tokens.refresh_ttl = Duration::from_secs(300)).await;
    let client = app.application().await;
    client.sign_up("ada@example.org").await;

    // A moment passes meanwhile, so each of them is nearer to the end than it says.
    for left in [1_400, 900, 600, 450, 200] {
        let tokens = client.log_in("ada@example.org").await;
        app.pass(Duration::from_secs(300) - Duration::from_millis(left));
        let answer = client.refresh(&tokens["refresh_token"]).await;
        if left >= 500 && answer.status == 200 {
            let last = (&answer.body["expires_in"], &answer.body["refresh_expires_in"]);
            assert_eq!(last, (&json!(1), &json!(1)), "{left} ms");
        } else {
            answer.refused(401, "invalid_token");
        }
    }
}

#[tokio::test]
async fn only_the_right_application_can_use_a_token() {
    let app = TestApp::start().await;
    let developer = app.developer().await;
    let (acme, other) = (developer.application("Acme").await, developer.application("Other").await);
    for client in [&acme.client, &other.client] {
        client.sign_up("ada@example.org").await;
    }
    let tokens = acme.client.log_in("ada@example.org").await;
    let token = tokens["refresh_token"].as_str().unwrap();

    let foreign = other.client.refresh(&tokens["refresh_token"]).await;
    let unknown = other.client.refresh(&json!("dvr_nonsense")).await;
    foreign.clone().refused(401, "invalid_token");
    assert_eq!(foreign.essence(), unknown.essence(), "as if it were not there");

    let mut changed = token.to_owned();
    let last = if token.ends_with('A') { "B" } else { "A" };
    changed.replace_range(token.len() - 2..token.len() - 1, last);
    for bad in [
        json!(""),
        json!(token[..token.len() - 1]),
        json!(format!("{token}A")),
        json!(changed),
        tokens["access_token"].clone(),
        json!("x".repeat(60_000)),
    ] {
        acme.client.refresh(&bad).await.refused(401, "invalid_token");
    }
    acme.client.refresh(&tokens["refresh_token"]).await.expect(200);
}

#[tokio::test]
async fn a_refused_token_leaves_no_trace() {
    let app = TestApp::start().await;
    let client = app.application().await;
    client.sign_up("ada@example.org").await;
    let tokens = client.log_in("ada@example.org").await;
    client.post("/v1/auth/logout", json!({"refresh_token": tokens["refresh_token"]})).await.expect(204);
    let count = "SELECT count(*) FROM events";
    let mut database = app.database.connect().await;
    let before: i64 = sqlx::query_scalar(count).fetch_one(&mut database).await.unwrap();

    client.refresh(&tokens["refresh_token"]).await.refused(401, "invalid_token");
    client.refresh(&Value::from("dvr_nonsense")).await.refused(401, "invalid_token");

    let after: i64 = sqlx::query_scalar(count).fetch_one(&mut database).await.unwrap();
    assert_eq!(before, after);
}
