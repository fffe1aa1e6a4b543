//! Asking for some of it.

use std::time::Duration;

use serde_json::{Value, json};

use super::{EMAIL, acme, actions, entries, path};
use crate::app::TestApp;

/// Times as they are written, to be put into a query.
fn time(entry: &Value) -> String {
    entry["occurred_at"].as_str().unwrap().replace('+', "%2B")
}

#[tokio::test]
async fn entries_are_asked_for_by_action_user_and_time() {
    let app = TestApp::start().await;
    let (developer, acme) = acme(&app).await;
    let ada = acme.client.sign_up(EMAIL).await;
    let bob = acme.client.sign_up("bob@example.org").await;
    for email in [EMAIL, "bob@example.org", EMAIL] {
        app.pass(Duration::from_secs(60));
        acme.client.log_in(email).await;
    }
    acme.client.try_log_in(EMAIL, "wrong").await.refused(401, "invalid_credentials");
    let ask = async |query: String| entries(&developer.client, &acme, &query).await;
    let (ada, bob) = (ada["id"].as_str().unwrap(), bob["id"].as_str().unwrap());

    assert_eq!(actions(&ask("action=login".to_owned()).await), ["login"; 3]);
    assert_eq!(actions(&ask(format!("user_id={ada}")).await), ["login_failed", "login", "login", "signup"]);
    assert_eq!(actions(&ask(format!("user_id={bob}")).await), ["login", "signup"]);
    assert_eq!(actions(&ask(format!("user_id={bob}&action=login")).await), ["login"]);
    assert_eq!(actions(&ask(format!("user_id={bob}&action=login_failed")).await), [""; 0]);

    let all = ask(String::new()).await;
    assert_eq!(all.len(), 8);
    let middle = &all[2];
    let since = ask(format!("from={}", time(middle))).await;
    let until = ask(format!("to={}", time(middle))).await;
    assert_eq!(since, all[..3], "from is inclusive");
    assert_eq!(until, all[3..], "to is exclusive");
    let between = ask(format!("from={}&to={}", time(&all[4]), time(&all[1]))).await;
    assert_eq!(between, all[2..5]);
    assert_eq!(ask(format!("from={0}&to={0}", time(middle))).await, [json!(null); 0]);
    assert_eq!(ask("to=2020-01-01T02:00:00%2B01:00".to_owned()).await, [json!(null); 0]);
}

#[tokio::test]
async fn a_user_whom_the_application_does_not_have_has_no_entries() {
    let app = TestApp::start().await;
    let (developer, acme) = acme(&app).await;
    let other = developer.application("Other").await;
    let ada = other.client.sign_up(EMAIL).await;
    for id in ["usr_01ja3vks5re0b8n1q2s4t6v8wx", ada["id"].as_str().unwrap()] {
        assert_eq!(entries(&developer.client, &acme, &format!("user_id={id}")).await, [json!(null); 0]);
    }
    assert_eq!(entries(&developer.client, &acme, "action=signup").await, [json!(null); 0]);
}

#[tokio::test]
async fn what_can_not_be_asked_is_named() {
    let app = TestApp::start().await;
    let (developer, acme) = acme(&app).await;
    for (query, pointer, code) in [
        ("action=logins", "/action", "invalid_value"),
        ("action=", "/action", "invalid_value"),
        ("action=Login", "/action", "invalid_value"),
        ("user_id=nonsense", "/user_id", "invalid_id"),
        ("user_id=app_01ja3vks5re0b8n1q2s4t6v8wx", "/user_id", "invalid_id"),
        ("user_id=", "/user_id", "invalid_id"),
        ("from=yesterday", "/from", "invalid_time"),
        ("from=2026-01-01", "/from", "invalid_time"),
        ("to=2026-02-30T00:00:00Z", "/to", "invalid_time"),
        ("to=1767225600", "/to", "invalid_time"),
        // Its offset leads out of the years that have four digits.
        ("from=0000-01-01T00:00:00%2B00:01", "/from", "invalid_time"),
        ("to=9999-12-31T23:59:59-00:01", "/to", "invalid_time"),
        ("cursor=", "/cursor", "invalid_cursor"),
        ("cursor=aud_01ja3vks5re0b8n1q2s4t6v8wx", "/cursor", "invalid_cursor"),
        // A moment long before any that Postgres knows.
        ("cursor=8AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "/cursor", "invalid_cursor"),
        ("cursor=f_______________________________", "/cursor", "invalid_cursor"),
        ("limit=0", "/limit", "out_of_range"),
        ("limit=101", "/limit", "out_of_range"),
        ("action=login&action=login", "/action", "repeated"),
        ("actor=x", "", "unknown_parameter"),
    ] {
        developer.client.get(&path(&acme, query)).await.complains(pointer, code);
    }
    developer.client.get(&path(&acme, "from=0000-01-01T00:00:00Z&to=9999-12-31T23:59:60Z")).await.expect(200);
    app.anyone().get(&path(&acme, "")).await.refused(401, "invalid_token");
    let user = acme.client.sign_up(EMAIL).await;
    assert!(user["id"].is_string());
    let tokens = acme.client.log_in(EMAIL).await;
    app.anyone().as_user(&tokens).get(&path(&acme, "")).await.refused(401, "invalid_token");
    let mallory = app.developer_called("mallory@example.org").await;
    mallory.client.get(&path(&acme, "")).await.refused(404, "not_found");
}
