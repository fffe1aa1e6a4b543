//! `POST /v1/auth/introspect`, in our dialect and in that of RFC 7662

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{PASSWORD, TestApp};
use crate::client::{Answer, Client, TestApplication, members, send};

const PATH: &str = "/v1/auth/introspect";
const FORM: &str = "application/x-www-form-urlencoded";

async fn ours(client: &Client, token: &Value) -> Value {
    client.post(PATH, json!({"token": token})).await.expect(200)
}

/// As any RFC 7662 client asks.
async fn plain(anyone: &Client, id: &str, secret: &str, form: String) -> Answer {
    let request = anyone.request(Method::POST, PATH).basic_auth(id, Some(secret));
    send(request.header("content-type", FORM).body(form)).await
}

async fn acme(app: &TestApp) -> (TestApplication, Value) {
    let acme = app.developer().await.application("Acme").await;
    let user = acme.client.sign_up("Ada@example.org").await;
    (acme, user)
}

fn inactive() -> Value {
    json!({"active": false})
}

#[tokio::test]
async fn a_good_token_is_told_with_exactly_these_members() {
    let app = TestApp::start().await;
    let (acme, user) = acme(&app).await;
    let tokens = acme.client.log_in("ada@example.org").await;
    let told = ours(&acme.client, &tokens["access_token"]).await;
    assert_eq!(
        members(&told),
        [
            "active",
            "app_id",
            "aud",
            "client_id",
            "email",
            "email_verified",
            "exp",
            "iat",
            "iss",
            "jti",
            "sid",
            "sub",
            "token_type",
            "username"
        ]
    );
    assert_eq!(told["active"], true);
    assert_eq!(told["sub"], user["id"]);
    assert_eq!([&told["app_id"], &told["client_id"], &told["aud"]], [acme.id.as_str(); 3]);
    assert_eq!(told["iss"], "https://auth.example.com");
    assert_eq!(told["token_type"], "Bearer");
    assert_eq!((&told["username"], &told["email"]), (&json!("Ada@example.org"), &json!("Ada@example.org")));
    assert_eq!(told["email_verified"], false);
    assert!(told["sid"].as_str().unwrap().starts_with("ses_"));
    assert_eq!(told["exp"].as_i64().unwrap() - told["iat"].as_i64().unwrap(), 900);
    let again = ours(&acme.client, &acme.client.log_in("ada@example.org").await["access_token"]).await;
    assert_ne!(again["jti"], told["jti"]);
    assert_ne!(again["sid"], told["sid"]);

    // What is told is so now, not when the token was made.
    let token = app.mailed_token("Ada@example.org", "Verify").await;
    acme.client.post("/v1/auth/email/verify/confirm", json!({"token": token})).await.expect(200);
    assert_eq!(ours(&acme.client, &tokens["access_token"]).await["email_verified"], true);
}

#[tokio::test]
async fn any_client_of_rfc_7662_is_served() {
    let app = TestApp::start().await;
    let (acme, _) = acme(&app).await;
    let tokens = acme.client.log_in("ada@example.org").await;
    let token = tokens["access_token"].as_str().unwrap();
    let expected = ours(&acme.client, &tokens["access_token"]).await;
    for form in [
        format!("token={token}"),
        format!("token={token}&token_type_hint=access_token"),
        format!("token_type_hint=refresh_token&token={token}"),
        format!("token={}", token.replace('.', "%2E")),
    ] {
        let answer = plain(&app.anyone(), &acme.id, &acme.secret, form).await;
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.expect(200), expected);
    }
    // Dialects mix: a key with a form, a secret with JSON, and a hint in JSON.
    let mixed = acme.client.request(Method::POST, PATH).header("content-type", FORM);
    assert_eq!(send(mixed.body(format!("token={token}"))).await.expect(200), expected);
    let mixed = app.anyone().request(Method::POST, PATH).basic_auth(&acme.id, Some(&acme.secret));
    assert_eq!(send(mixed.json(&json!({"token": token}))).await.expect(200), expected);
    let hinted = json!({"token": token, "token_type_hint": "access_token"});
    assert_eq!(acme.client.post(PATH, hinted).await.expect(200), expected);
}

#[tokio::test]
async fn everything_else_is_inactive_and_nothing_more() {
    let app = TestApp::start().await;
    let (acme, _) = acme(&app).await;
    let other = app.developer_called("alan@example.org").await.application("Other").await;
    let tokens = acme.client.log_in("ada@example.org").await;
    let good = tokens["access_token"].as_str().unwrap();
    let (head, signature) = good.rsplit_once('.').unwrap();
    let (header, payload) = head.split_once('.').unwrap();
    let flipped = if signature.starts_with('A') { 'B' } else { 'A' };
    for token in [
        tokens["refresh_token"].as_str().unwrap(),
        "",
        "nonsense",
        "a.b.c",
        &format!("{head}.{flipped}{}", &signature[1..]),
        &format!("{head}."),
        &format!("eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.{payload}."),
        &format!("{header}.{payload}"),
        &format!(" {good}"),
        &format!("Bearer {good}"),
        acme.client.own_header("x-api-key").unwrap(),
        &acme.secret,
        &"x".repeat(20_000),
        "\u{1f600}",
    ] {
        assert_eq!(ours(&acme.client, &json!(token)).await, inactive(), "{token}");
        let form: String =
            url::form_urlencoded::Serializer::new(String::new()).append_pair("token", token).finish();
        let answer = plain(&app.anyone(), &acme.id, &acme.secret, form).await;
        assert_eq!(answer.expect(200), inactive(), "{token}");
    }
    // Good, but for another application.
    assert_eq!(ours(&other.client, &json!(good)).await, inactive());
    let answer = plain(&app.anyone(), &other.id, &other.secret, format!("token={good}")).await;
    assert_eq!(answer.expect(200), inactive());
    assert_eq!(ours(&acme.client, &json!(good)).await["active"], true);
}

#[tokio::test]
async fn a_token_is_inactive_from_the_moment_its_session_ends() {
    let app = TestApp::start().await;
    let (acme, _) = acme(&app).await;
    let elsewhere = acme.client.at(&app.another_node().await);
    let tokens = acme.client.log_in("ada@example.org").await;
    assert_eq!(ours(&elsewhere, &tokens["access_token"]).await["active"], true);
    let body = json!({"refresh_token": tokens["refresh_token"]});
    acme.client.post("/v1/auth/logout", body).await.expect(204);
    assert_eq!(ours(&elsewhere, &tokens["access_token"]).await, inactive());

    let tokens = acme.client.log_in("ada@example.org").await;
    let user = acme.client.bearing(tokens["access_token"].as_str().unwrap());
    send(user.request(Method::POST, "/v1/auth/logout/all")).await.expect(204);
    assert_eq!(ours(&elsewhere, &tokens["access_token"]).await, inactive());

    let tokens = acme.client.log_in("ada@example.org").await;
    acme.client
        .post("/v1/auth/password/reset/request", json!({"email": "ada@example.org"}))
        .await
        .expect(202);
    let token = app.mailed_token("Ada@example.org", "Reset").await;
    let body = json!({"token": token, "password": "orange submarine pencil 31"});
    acme.client.post("/v1/auth/password/reset/confirm", body).await.expect(200);
    assert_eq!(ours(&elsewhere, &tokens["access_token"]).await, inactive());
}

#[tokio::test]
async fn a_token_is_inactive_after_fifteen_minutes() {
    let app = TestApp::start().await;
    let (acme, _) = acme(&app).await;
    let tokens = acme.client.log_in("ada@example.org").await;
    app.pass(Duration::from_secs(890));
    assert_eq!(ours(&acme.client, &tokens["access_token"]).await["active"], true);
    // Five seconds of leeway, and not more.
    app.pass(Duration::from_secs(16));
    assert_eq!(ours(&acme.client, &tokens["access_token"]).await, inactive());
}

#[tokio::test]
async fn wrong_credentials_get_one_answer_that_asks_for_basic() {
    let app = TestApp::start().await;
    let (acme, _) = acme(&app).await;
    let other = app.developer_called("alan@example.org").await.application("Other").await;
    let anyone = app.anyone().with("x-request-id", "same-request-id");
    let encode = |text: &str| BASE64_STANDARD.encode(text);
    let mut texts = Vec::new();
    for value in [
        encode(&format!("{}:wrong", acme.id)),
        encode(&format!("{}:{}", acme.id, other.secret)),
        encode(&format!("{}:{}x", acme.id, acme.secret)),
        encode(&format!("{}:", acme.id)),
        encode(&format!(":{}", acme.secret)),
        encode(&format!("app_01ja3vks5re0b8n1q2s4t6v8wx:{}", acme.secret)),
        encode(&format!("nonsense:{}", acme.secret)),
        encode(&acme.id),
        encode(&format!("{}:{}", acme.id, acme.client.own_header("x-api-key").unwrap())),
        "not base64!".to_owned(),
        String::new(),
    ] {
        let request = anyone.request(Method::POST, PATH).header("authorization", format!("Basic {value}"));
        let answer = send(request.header("content-type", FORM).body("token=x")).await;
        assert!(answer.header("www-authenticate").unwrap().starts_with("Basic "), "{value}");
        texts.push(answer.text.clone());
        answer.refused(401, "invalid_api_key");
    }
    texts.dedup();
    assert_eq!(texts.len(), 1, "{texts:#?}");
    plain(&app.anyone(), &acme.id, &acme.secret, "token=x".to_owned()).await.expect(200);
}

#[tokio::test]
async fn who_may_not_ask_is_refused() {
    let app = TestApp::start().await;
    let developer = app.developer().await;
    let acme = developer.application("Acme").await;
    let page = developer.key(&acme.id, json!({"label": "page", "type": "publishable"})).await;
    page.post(PATH, json!({"token": "x"})).await.refused(403, "key_type_not_allowed");
    app.anyone().post(PATH, json!({"token": "x"})).await.refused(401, "invalid_api_key");
    developer.client.post(PATH, json!({"token": "x"})).await.refused(401, "invalid_api_key");
    acme.client.sign_up("ada@example.org").await;
    let tokens = acme.client.try_log_in("ada@example.org", PASSWORD).await.expect(200);
    let user = app.anyone().bearing(tokens["access_token"].as_str().unwrap());
    user.post(PATH, json!({"token": "x"})).await.refused(401, "invalid_api_key");
}

#[tokio::test]
async fn a_request_without_one_token_is_malformed() {
    let app = TestApp::start().await;
    let (acme, _) = acme(&app).await;
    for form in ["", "tok=x", "token=a&token=b", "token_type_hint=x"] {
        let answer = plain(&app.anyone(), &acme.id, &acme.secret, form.to_owned()).await;
        answer.refused(400, "malformed_request");
    }
    acme.client.post(PATH, json!({})).await.refused(422, "validation_failed");
    acme.client.post(PATH, json!({"token": 1})).await.refused(422, "validation_failed");
    acme.client.post(PATH, json!({"token": "x", "other": 1})).await.refused(422, "validation_failed");
    let untyped = acme.client.request(Method::POST, PATH).body("token=x");
    send(untyped).await.refused(415, "unsupported_media_type");
}
