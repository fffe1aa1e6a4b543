//! `POST /v1/auth/login`

mod late_locks;
mod lockout;
mod protection;
mod undecided;

use serde_json::{Value, json};

use crate::app::{PASSWORD, TestApp};
use crate::client::at_once;

const EMAIL: &str = "ada@example.org";

#[tokio::test]
async fn it_answers_tokens_with_exactly_the_members_of_the_contract() {
    let app = TestApp::start().await;
    let client = app.application().await;
    let signed_up = client.sign_up("Ada@Example.org").await;

    let answer = client.try_log_in(EMAIL, PASSWORD).await;

    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let tokens = answer.expect(200);
    let names: Vec<_> = tokens.as_object().unwrap().keys().map(String::as_str).collect();
    let mut contract =
        ["access_token", "token_type", "expires_in", "refresh_token", "refresh_expires_in", "user"];
    contract.sort_unstable();
    assert_eq!(names, contract);
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("Bearer"), &json!(900)));
    assert_eq!(tokens["refresh_expires_in"], 604_800);
    assert!(tokens["access_token"].is_string() && tokens["refresh_token"].is_string());
    let mut expected = signed_up;
    expected["last_login_at"] = tokens["user"]["last_login_at"].clone();
    assert_eq!(tokens["user"], expected);
    assert!(tokens["user"]["last_login_at"].is_string());
    assert!(client.admits(&tokens).await);
}

#[tokio::test]
async fn the_address_counts_in_its_canonical_form() {
    let app = TestApp::start().await;
    let client = app.application().await;
    client.sign_up("Ada@Bücher.Example").await;

    for same in ["ada@bücher.example", "ADA@BÜCHER.EXAMPLE", "ada@xn--bcher-kva.example"] {
        let tokens = client.log_in(same).await;
        assert_eq!(tokens["user"]["email"], "Ada@Bücher.Example", "shown as typed");
    }
    client.try_log_in("ada@bucher.example", PASSWORD).await.refused(401, "invalid_credentials");
}

#[tokio::test]
async fn unknown_wrong_and_suspended_look_the_same() {
    let app = TestApp::start().await;
    let developer = app.developer().await;
    let (acme, other) = (developer.application("Acme").await, developer.application("Other").await);
    let client = &acme.client;
    client.sign_up(EMAIL).await;
    other.client.sign_up("elsewhere@example.org").await;
    let suspended = client.sign_up("suspended@example.org").await;
    app.suspend(&suspended, true).await;

    let unknown = client.try_log_in("nobody@example.org", PASSWORD).await;
    assert!(unknown.header("www-authenticate").is_some());
    unknown.clone().refused(401, "invalid_credentials");
    for (email, password) in [
        (EMAIL, "wrong"),
        (EMAIL, ""),
        (EMAIL, &PASSWORD.to_uppercase()),
        (EMAIL, &format!("{PASSWORD} ")),
        (EMAIL, &"x".repeat(10_000)),
        ("suspended@example.org", PASSWORD),
        ("suspended@example.org", "wrong"),
        ("elsewhere@example.org", PASSWORD),
        ("grace@example.org", PASSWORD),
    ] {
        let answer = client.for_address(&format!("192.0.2.{}", password.len() % 250));
        let answer = answer.try_log_in(email, password).await;
        let names = |answer: &crate::client::Answer| -> Vec<String> {
            answer.headers.keys().map(|name| name.as_str().to_owned()).collect()
        };
        assert_eq!(names(&answer), names(&unknown));
        assert_eq!(answer.essence(), unknown.clone().essence(), "{email}");
    }
    app.suspend(&suspended, false).await;
    client.log_in("suspended@example.org").await;
}

#[tokio::test]
async fn twenty_logins_at_once_all_succeed() {
    let app = TestApp::start().await;
    let client = app.application().await;
    let other = client.at(&app.another_node().await);
    client.sign_up(EMAIL).await;

    let answers = at_once((0..20).map(|n| {
        let client = if n % 2 == 0 { &client } else { &other }.clone();
        async move { client.try_log_in(EMAIL, PASSWORD).await }
    }))
    .await;

    let mut refresh_tokens: Vec<Value> =
        answers.into_iter().map(|answer| answer.expect(200)["refresh_token"].clone()).collect();
    refresh_tokens.sort_unstable_by_key(Value::to_string);
    refresh_tokens.dedup();
    assert_eq!(refresh_tokens.len(), 20, "each is a session of its own");
}

#[tokio::test]
async fn composed_and_decomposed_text_is_one_password_and_no_byte_is_cut_off() {
    let app = TestApp::start().await;
    let client = app.application().await;
    let long = "violet tractor lagoon 77 über den Wolken muß die Freiheit wohl grenzenlos sein ".to_owned();
    assert!(long.len() > 73);
    for (email, password) in [("nfc@example.org", "Mu\u{308}ller tractor Å 77"), ("long@example.org", &long)]
    {
        client.post("/v1/auth/signup", json!({"email": email, "password": password})).await.expect(201);
    }

    client.try_log_in("nfc@example.org", "Müller tractor A\u{30a} 77").await.expect(200);
    client.try_log_in("nfc@example.org", "Muller tractor Å 77").await.refused(401, "invalid_credentials");
    client.try_log_in("long@example.org", &long).await.expect(200);
    for other in [format!("{long}a"), long[..long.len() - 1].to_owned(), long[..72].to_owned()] {
        client.try_log_in("long@example.org", &other).await.refused(401, "invalid_credentials");
    }
}

#[tokio::test]
async fn no_password_and_no_token_is_in_the_database() {
    let app = TestApp::start().await;
    let client = app.application().await;
    client.sign_up(EMAIL).await;
    let tokens = client.log_in(EMAIL).await;
    let mailed = app.mailed_token(EMAIL, "Verify").await;
    let dump = "SELECT coalesce(string_agg(t, ' '), '') FROM (
        SELECT e::text FROM events e UNION ALL SELECT j::text FROM jobs j UNION ALL SELECT s::text FROM sessions s
        UNION ALL SELECT h::text FROM secrets.password_hashes h UNION ALL SELECT r::text FROM secrets.refresh_tokens r
        UNION ALL SELECT o::text FROM secrets.one_time_tokens o UNION ALL SELECT k::text FROM secrets.api_key_hashes k
        UNION ALL SELECT a::text FROM secrets.application_secrets a) all_rows (t)";
    let text: String = sqlx::query_scalar(dump).fetch_one(&mut app.database.connect().await).await.unwrap();

    assert!(text.contains("UserRegistered"));
    for secret in [PASSWORD, &mailed, tokens["refresh_token"].as_str().unwrap()] {
        assert!(!text.contains(secret));
    }
    let events: String = sqlx::query_scalar("SELECT string_agg(e::text, ' ') FROM events e")
        .fetch_one(&mut app.database.connect().await)
        .await
        .unwrap();
    assert!(
        !events.contains(EMAIL) && !events.contains("127.0.0.1") && !events.contains("$2"),
        "personal data is sealed"
    );
}
