//! API keys as their bearers meet them: who may call what, from where, and how often

mod browser;
mod client_address;
mod cors;
mod rate;
mod rate_headers;

use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::{Answer, Client, Developer};

/// Any call that needs a key and nothing else.
async fn call(client: &Client) -> Answer {
    client.post("/v1/auth/logout", json!({"refresh_token": "none"})).await
}

/// An application with a key of each type.
struct Keys {
    developer: Developer,
    id: String,
    secret: Client,
    publishable: Client,
}

impl Keys {
    async fn of(app: &TestApp) -> Keys {
        let developer = app.developer().await;
        let acme = developer.application("Acme").await;
        let publishable = developer.key(&acme.id, json!({"label": "page", "type": "publishable"})).await;
        Keys { developer, id: acme.id, secret: acme.client, publishable }
    }

    async fn allow(&self, origins: Value) {
        self.developer.set(&self.id, json!({"allowed_origins": origins})).await;
    }
}

#[tokio::test]
async fn whatever_is_wrong_with_the_key_the_answer_is_one() {
    let app = TestApp::start().await;
    let keys = Keys::of(&app).await;
    let other = keys.developer.application("Other").await;
    let key = keys.secret.own_header("x-api-key").unwrap().to_owned();
    let anyone = app.anyone().with("x-request-id", "same-request-id");
    let of = |id: &str, key: &str| anyone.with("x-app-id", id).with("x-api-key", key);
    let mut last = key.clone();
    let end = if last.pop() == Some('A') { 'B' } else { 'A' };
    last.push(end);
    let publishable = key.replace("dvk_sk_", "dvk_pk_");
    let mut texts = Vec::new();
    for client in [
        anyone.clone(),
        anyone.with("x-app-id", &keys.id),
        anyone.with("x-api-key", &key),
        of(&keys.id, ""),
        of("", &key),
        of(&keys.id, "dvk_sk_wrong"),
        of(&keys.id, &last),
        of(&keys.id, &publishable),
        of(&keys.id, &key.to_uppercase()),
        of(&keys.id.to_uppercase(), &key),
        of(&other.id, &key),
        of(&keys.id, other.client.own_header("x-api-key").unwrap()),
        of("app_01ja3vks5re0b8n1q2s4t6v8wx", &key),
        of(&keys.id, &format!("Bearer {key}")),
    ] {
        let answer = call(&client).await;
        assert_eq!(answer.header("www-authenticate"), Some(r#"ApiKey realm="devauth""#));
        texts.push(answer.text.clone());
        answer.refused(401, "invalid_api_key");
    }
    texts.dedup();
    assert_eq!(texts.len(), 1, "{texts:#?}");
    call(&of(&keys.id, &key)).await.expect(204);
}

#[tokio::test]
async fn a_publishable_key_may_do_all_but_introspect() {
    let app = TestApp::start().await;
    let keys = Keys::of(&app).await;
    let page = &keys.publishable;
    page.sign_up("ada@example.org").await;
    let tokens = page.log_in("ada@example.org").await;
    let user = page.bearing(tokens["access_token"].as_str().unwrap());
    user.get("/v1/auth/me").await.expect(200);
    user.get("/v1/auth/sessions").await.expect(200);
    page.post("/v1/auth/email/verify/request", json!({"email": "ada@example.org"})).await.expect(202);
    page.post("/v1/auth/password/reset/request", json!({"email": "ada@example.org"})).await.expect(202);
    let tokens = page.refresh(&tokens["refresh_token"]).await.expect(200);

    let body = json!({"token": tokens["access_token"]});
    page.post("/v1/auth/introspect", body.clone()).await.refused(403, "key_type_not_allowed");
    // Refused before the body is looked at.
    page.post("/v1/auth/introspect", json!([])).await.refused(403, "key_type_not_allowed");
    assert_eq!(keys.secret.post("/v1/auth/introspect", body).await.expect(200)["active"], true);
    page.post("/v1/auth/logout", json!({"refresh_token": tokens["refresh_token"]})).await.expect(204);
}
