//! What happens is in the audit log once, with who did it, to whom and from where.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::{EMAIL, ENTRY, acme, actions, entries};
use crate::app::{PASSWORD, TestApp};
use crate::client::{Client, members, send};

const CLIENT: &str = "203.0.113.9";
const AGENT: &str = "Difference Engine/2.0";
const NEW: &str = "orange submarine pencil 31";

/// The same caller, so that each call is known by its request id.
fn named(client: &Client, step: &str) -> Client {
    client.with("x-request-id", &format!("step-{step}")).with("user-agent", AGENT)
}

/// What users do, each by a request that is named after it.
async fn users(app: &TestApp, backend: &Client) -> Value {
    let by = |step: &str| named(backend, step).for_address(CLIENT);
    let user = by("signup").sign_up(EMAIL).await;
    let token = app.mailed_token(EMAIL, "Verify").await;
    by("email_verified").post("/v1/auth/email/verify/confirm", json!({"token": token})).await.expect(200);
    by("password_reset_request")
        .post("/v1/auth/password/reset/request", json!({"email": EMAIL}))
        .await
        .expect(202);
    let reset = json!({"token": app.mailed_token(EMAIL, "Reset").await, "password": PASSWORD});
    by("password_reset_confirm").post("/v1/auth/password/reset/confirm", reset).await.expect(200);
    by("login_failed").try_log_in(EMAIL, "wrong").await.refused(401, "invalid_credentials");

    let first = by("login").log_in(EMAIL).await;
    let logout = json!({"refresh_token": first["refresh_token"]});
    by("logout").post("/v1/auth/logout", logout).await.expect(204);

    let second = named(backend, "login").for_address(CLIENT).log_in(EMAIL).await;
    backend.refresh(&second["refresh_token"]).await.expect(200);
    app.pass(Duration::from_secs(11));
    by("refresh_reused").refresh(&second["refresh_token"]).await.refused(401, "refresh_token_reused");

    let third = by("login").log_in(EMAIL).await;
    let user_calls = by("session_revoked").as_user(&third);
    let sessions = user_calls.get("/v1/auth/sessions").await.expect(200);
    let other = by("login").log_in(EMAIL).await;
    let session = sessions["data"][0]["id"].as_str().unwrap();
    user_calls.as_user(&other).delete(&format!("/v1/auth/sessions/{session}")).await.expect(204);
    let change = json!({"current_password": PASSWORD, "password": NEW});
    by("password_changed").as_user(&other).post("/v1/auth/password/change", change).await.expect(204);
    user
}

#[tokio::test]
async fn what_users_do_is_in_it_with_who_and_from_where() {
    let app = TestApp::start().await;
    let (developer, acme) = acme(&app).await;
    let user = users(&app, &acme.client).await;

    let of_user =
        entries(&developer.client, &acme, &format!("user_id={}", user["id"].as_str().unwrap())).await;

    let expected = [
        "password_changed",
        "session_revoked",
        "login",
        "login",
        "refresh_reused",
        "login",
        "logout",
        "login",
        "login_failed",
        "password_reset_confirm",
        "password_reset_request",
        "email_verified",
        "signup",
    ];
    assert_eq!(actions(&of_user), expected);
    for entry in &of_user {
        let action = entry["action"].as_str().unwrap();
        assert_eq!(members(entry), ENTRY);
        assert!(entry["id"].as_str().unwrap().starts_with("aud_"));
        assert_eq!(entry["request_id"], format!("step-{action}"));
        assert_eq!(
            (&entry["client_address"], &entry["user_agent"]),
            (&json!(CLIENT), &json!(AGENT)),
            "{action}"
        );
        assert_eq!((&entry["app_id"], &entry["user_id"]), (&json!(acme.id), &user["id"]));
        // Who asks for a mail or fails to log in has proved nothing.
        let anonymous = matches!(action, "password_reset_request" | "login_failed");
        let actor = match anonymous {
            true => json!({"type": "anonymous", "id": null}),
            false => json!({"type": "user", "id": user["id"]}),
        };
        assert_eq!(entry["actor"], actor, "{action}");
        let reason = if action == "login_failed" { json!("wrong_password") } else { Value::Null };
        assert_eq!(entry["reason"], reason);
    }
}

#[tokio::test]
async fn what_developers_do_is_in_it_and_what_follows_from_it() {
    let app = TestApp::start().await;
    let developer = app.developer().await;
    let me = developer.client.get("/v1/portal/developers/me").await.expect(200);
    let by = |step: &str| named(&developer.client, step);
    let path = "/v1/portal/applications";
    let body = json!({"name": "Acme", "environment": "development"});
    let created = by("application_created").post(path, body).await.expect(201);
    let id = created["app_id"].as_str().unwrap().to_owned();
    let path = format!("{path}/{id}");
    by("application_updated").patch(&path, json!({"name": "Acme 2"})).await.expect(200);
    send(by("app_secret_rotated").request(Method::POST, &format!("{path}/secret/rotate"))).await.expect(200);
    let keys = format!("{path}/api-keys");
    let key = by("api_key_created").post(&keys, json!({"label": "web"})).await.expect(201);
    by("api_key_revoked").delete(&format!("{keys}/{}", key["id"].as_str().unwrap())).await.expect(204);

    let acme = crate::client::TestApplication { id, secret: String::new(), client: app.anyone() };
    let found = entries(&developer.client, &acme, "").await;

    let expected = [
        "api_key_revoked",
        "api_key_created",
        "app_secret_rotated",
        "application_updated",
        "application_created",
    ];
    assert_eq!(actions(&found), expected);
    for entry in &found {
        assert_eq!(entry["request_id"], format!("step-{}", entry["action"].as_str().unwrap()));
        assert_eq!(entry["actor"], json!({"type": "developer", "id": me["developer"]["id"]}), "{me}");
        assert_eq!((&entry["user_id"], &entry["client_address"]), (&Value::Null, &json!("127.0.0.1")));
        assert_eq!((&entry["user_agent"], &entry["reason"]), (&json!(AGENT), &Value::Null));
    }
}

#[tokio::test]
async fn what_developers_do_with_a_user_is_in_it() {
    let app = TestApp::start().await;
    let (developer, acme) = acme(&app).await;
    let me = developer.client.get("/v1/portal/developers/me").await.expect(200);
    let user = acme.client.sign_up(EMAIL).await;
    let id = user["id"].as_str().unwrap();
    let path = format!("/v1/portal/applications/{}/users/{id}", acme.id);
    let by = |step: &str| named(&developer.client, step);
    for (step, what) in
        [("user_suspended", "suspend"), ("user_restored", "restore"), ("session_revoked", "logout")]
    {
        send(by(step).request(Method::POST, &format!("{path}/{what}"))).await.expect(204);
    }
    by("user_erased").delete(&path).await.expect(204);

    let found = entries(&developer.client, &acme, &format!("user_id={id}")).await;

    assert_eq!(
        actions(&found),
        ["user_erased", "session_revoked", "user_restored", "user_suspended", "signup"]
    );
    for entry in &found[..4] {
        assert_eq!(entry["request_id"], format!("step-{}", entry["action"].as_str().unwrap()));
        assert_eq!(entry["actor"], json!({"type": "developer", "id": me["developer"]["id"]}));
        // The developer's own client, which is not the erased person's.
        assert_eq!(
            (&entry["client_address"], &entry["user_agent"]),
            (&json!("127.0.0.1"), &json!(AGENT)),
            "{entry}"
        );
    }
    assert_eq!((&found[4]["client_address"], &found[4]["user_agent"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn who_changes_something_finds_it_at_once_on_every_node() {
    let app = TestApp::start().await;
    let (developer, acme) = acme(&app).await;
    let elsewhere = developer.client.at(&app.another_node().await);
    for n in 0..10 {
        let (writes, reads) =
            if n % 2 == 0 { (&developer.client, &elsewhere) } else { (&elsewhere, &developer.client) };
        let label = json!({"label": format!("key {n}")});
        writes.post(&format!("/v1/portal/applications/{}/api-keys", acme.id), label).await.expect(201);
        let found = entries(reads, &acme, "action=api_key_created").await;
        assert_eq!(found.len(), n + 2, "the first is the backend's own");
    }
}
