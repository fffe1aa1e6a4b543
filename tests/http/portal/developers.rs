//! `/v1/portal/developers`: signup, login, me, logout

mod cookie;
mod email_verify;
mod name;
mod password;
mod sessions;
mod tokens;

use serde_json::{Value, json};

use crate::app::{PASSWORD, TestApp};
use crate::client::members;

const SIGNUP: &str = "/v1/portal/developers/signup";
const LOGIN: &str = "/v1/portal/developers/login";
const ME: &str = "/v1/portal/developers/me";
const LOGOUT: &str = "/v1/portal/developers/logout";

const DEVELOPER: [&str; 7] =
    ["created_at", "email", "email_verified", "id", "last_login_at", "name", "updated_at"];

fn credentials(email: &str, password: &str) -> Value {
    json!({"email": email, "password": password})
}

#[tokio::test]
async fn a_developer_signs_up_logs_in_and_is_shown() {
    let app = TestApp::start().await;
    let anyone = app.anyone();
    let body = json!({"email": "Grace@Example.org", "password": PASSWORD, "name": "Grace Hopper"});
    let created = anyone.post(SIGNUP, body).await.expect(201);
    assert_eq!(members(&created), ["developer"]);
    let created = &created["developer"];
    assert_eq!(members(created), DEVELOPER);
    assert!(created["id"].as_str().unwrap().starts_with("dev_"));
    assert_eq!(created["email"], "Grace@Example.org");
    assert_eq!(created["name"], "Grace Hopper");
    assert_eq!((&created["email_verified"], &created["last_login_at"]), (&json!(false), &Value::Null));

    let login = anyone.post(LOGIN, credentials("grace@example.ORG", PASSWORD)).await;
    assert!(login.header("set-cookie").is_none());
    let login = login.expect(200);
    assert_eq!(members(&login), ["access_token", "developer", "expires_in", "token_type"]);
    assert_eq!((&login["token_type"], &login["expires_in"]), (&json!("Bearer"), &json!(1800)));
    assert_eq!(login["developer"]["id"], created["id"]);

    let me = anyone.bearing(login["access_token"].as_str().unwrap()).get(ME).await.expect(200);
    assert_eq!(members(&me), ["developer"]);
    assert_eq!(me["developer"], login["developer"]);
    assert!(me["developer"]["last_login_at"].is_string());
}

#[tokio::test]
async fn an_address_signs_up_once_however_it_is_written() {
    let app = TestApp::start().await;
    let anyone = app.anyone();
    anyone.post(SIGNUP, credentials("grace@example.org", PASSWORD)).await.expect(201);
    let again = anyone.post(SIGNUP, credentials("GRACE@EXAMPLE.ORG", PASSWORD)).await;
    again.refused(409, "email_taken");

    // A developer is no user of an application: the same address signs up there.
    let login = anyone.post(LOGIN, credentials("grace@example.org", PASSWORD)).await.expect(200);
    let developer = crate::client::Developer::new(anyone, login["access_token"].as_str().unwrap());
    developer.application("Acme").await.client.sign_up("grace@example.org").await;
}

#[tokio::test]
async fn a_signup_that_is_not_acceptable_says_why_and_makes_nobody() {
    let app = TestApp::start().await;
    let anyone = app.anyone();
    for (body, pointer, code) in [
        (json!({"password": PASSWORD}), "/email", "required"),
        (json!({"email": "grace@example.org"}), "/password", "required"),
        (credentials("grace", PASSWORD), "/email", "invalid_email"),
        (credentials("grace@example.org", "short"), "/password", "too_short"),
        (credentials("grace@example.org", "password123"), "/password", "too_common"),
        (json!({"email": 1, "password": PASSWORD}), "/email", "wrong_type"),
        (json!({"email": "grace@example.org", "password": PASSWORD, "name": ""}), "/name", "required"),
        (
            json!({"email": "grace@example.org", "password": PASSWORD, "name": "x".repeat(101)}),
            "/name",
            "too_long",
        ),
        (
            json!({"email": "grace@example.org", "password": PASSWORD, "name": "a\nb"}),
            "/name",
            "invalid_character",
        ),
        (json!({"email": "grace@example.org", "password": PASSWORD, "admin": true}), "", "unknown_member"),
    ] {
        let problem = anyone.post(SIGNUP, body.clone()).await.refused(422, "validation_failed");
        let found = problem["errors"].as_array().unwrap();
        assert!(found.iter().any(|e| e["pointer"] == pointer && e["code"] == code), "{body}: {problem}");
    }
    anyone.post(LOGIN, credentials("grace@example.org", PASSWORD)).await.refused(401, "invalid_credentials");
}

#[tokio::test]
async fn unknown_address_and_wrong_password_get_one_answer() {
    let app = TestApp::start().await;
    app.developer().await;
    let anyone = app.anyone().with("x-request-id", "same-request-id");
    let wrong = anyone.post(LOGIN, credentials("grace@example.org", "violet tractor lagoon 78")).await;
    let unknown = anyone.post(LOGIN, credentials("nobody@example.org", PASSWORD)).await;
    assert!(wrong.header("www-authenticate").is_some());
    assert_eq!(wrong.text, unknown.text);
    wrong.refused(401, "invalid_credentials");
}

#[tokio::test]
async fn five_failures_lock_a_developer_out_too() {
    let app = TestApp::start().await;
    app.developer().await;
    let anyone = app.anyone();
    for _ in 0..5 {
        let wrong = anyone.post(LOGIN, credentials("grace@example.org", "wrong")).await;
        wrong.refused(401, "invalid_credentials");
    }
    let locked = anyone.post(LOGIN, credentials("grace@example.org", PASSWORD)).await;
    assert!(locked.header("retry-after").unwrap().parse::<u64>().unwrap() > 0);
    locked.refused(429, "account_locked");
    app.pass(std::time::Duration::from_secs(15 * 60 + 1));
    anyone.post(LOGIN, credentials("grace@example.org", PASSWORD)).await.expect(200);
}

#[tokio::test]
async fn a_repeated_creation_with_one_idempotency_key_happens_once() {
    let app = TestApp::start().await;
    let signing_up = app.anyone().with("idempotency-key", "0123456789abcdef");
    let body = credentials("grace@example.org", PASSWORD);
    let first = signing_up.post(SIGNUP, body.clone()).await.expect(201);
    assert_eq!(signing_up.post(SIGNUP, body).await.expect(201), first);
    let other = credentials("grace@example.org", "violet tractor lagoon 78");
    signing_up.post(SIGNUP, other).await.refused(422, "idempotency_mismatch");
    // However the address is typed; and a stranger's key is another's, whatever they chose.
    let shouted = credentials("GRACE@example.org", PASSWORD);
    signing_up.post(SIGNUP, shouted).await.refused(422, "idempotency_mismatch");
    let stranger = credentials("mallory@example.org", PASSWORD);
    let theirs = signing_up.post(SIGNUP, stranger.clone()).await.expect(201);
    assert_eq!(theirs["developer"]["email"], "mallory@example.org");
    assert_eq!(signing_up.post(SIGNUP, stranger).await.expect(201), theirs);
    let scopes = "SELECT string_agg(scope, ' ') FROM idempotency_keys";
    let scopes: String =
        sqlx::query_scalar(scopes).fetch_one(&mut app.database.connect().await).await.unwrap();
    assert!(!scopes.contains("grace") && !scopes.contains("example"), "{scopes}");

    let developer = app.developer_called("alan@example.org").await.client;
    let creating = developer.with("idempotency-key", "0123456789abcdef");
    let applications = "/v1/portal/applications";
    let body = json!({"name": "Acme", "environment": "staging"});
    let first = creating.post(applications, body.clone()).await.expect(201);
    assert_eq!(creating.post(applications, body).await.expect(201), first, "its secret is the same too");
    assert_eq!(developer.get(applications).await.expect(200)["data"].as_array().unwrap().len(), 1);

    let keys = format!("{applications}/{}/api-keys", first["app_id"].as_str().unwrap());
    let issued = creating.post(&keys, json!({"label": "web"})).await.expect(201);
    assert_eq!(creating.post(&keys, json!({"label": "web"})).await.expect(201), issued);
    creating.post(&keys, json!({"label": "mobile"})).await.refused(422, "idempotency_mismatch");
    assert_eq!(developer.get(&keys).await.expect(200)["data"].as_array().unwrap().len(), 1);
}
