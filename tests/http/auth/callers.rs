//! Who may call: every route wants the key of its application, some want a token of one of its users too.

use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{PASSWORD, TestApp};
use crate::client::{Answer, Client, send};

const WITH_KEY: [(Method, &str); 13] = [
    (Method::POST, "/v1/auth/signup"),
    (Method::POST, "/v1/auth/login"),
    (Method::POST, "/v1/auth/refresh"),
    (Method::POST, "/v1/auth/logout"),
    (Method::POST, "/v1/auth/email/verify/request"),
    (Method::POST, "/v1/auth/email/verify/confirm"),
    (Method::POST, "/v1/auth/password/reset/request"),
    (Method::POST, "/v1/auth/password/reset/confirm"),
    (Method::GET, "/v1/auth/me"),
    (Method::POST, "/v1/auth/password/change"),
    (Method::GET, "/v1/auth/sessions"),
    (Method::DELETE, "/v1/auth/sessions/ses_01ja3vks5re0b8n1q2s4t6v8wx"),
    (Method::POST, "/v1/auth/logout/all"),
];

/// Those at the end of [`WITH_KEY`].
fn with_token() -> impl Iterator<Item = (Method, &'static str)> {
    WITH_KEY.into_iter().skip(8)
}

async fn call(client: &Client, method: Method, path: &str) -> Answer {
    let request = client.request(method.clone(), path);
    // A good body, so that the caller alone is what is wrong.
    let body = json!({"current_password": PASSWORD, "password": "another tractor lagoon 78"});
    send(if path.ends_with("change") { request.json(&body) } else { request }).await
}

#[tokio::test]
async fn without_the_key_of_this_application_nobody_gets_anywhere() {
    let app = TestApp::start().await;
    let developer = app.developer().await;
    let (acme, other) = (developer.application("Acme").await, developer.application("Other").await);
    acme.client.sign_up("ada@example.org").await;
    let tokens = acme.client.log_in("ada@example.org").await;
    let keys = format!("/v1/portal/applications/{}/api-keys", other.id);
    let listed = developer.client.get(&keys).await.expect(200);
    let key_id = listed["data"][0]["id"].as_str().unwrap();
    developer.client.delete(&format!("{keys}/{key_id}")).await.expect(204);
    let anyone = app.anyone();

    let bad = [
        anyone.as_user(&tokens),
        anyone.with("x-app-id", &acme.id).as_user(&tokens),
        anyone.with("x-app-id", &acme.id).with("x-api-key", "").as_user(&tokens),
        anyone.with("x-app-id", &acme.id).with("x-api-key", "dvk_sk_nonsense").as_user(&tokens),
        anyone.with("x-app-id", &acme.id).with("x-api-key", &acme.secret).as_user(&tokens),
        acme.client.with("x-app-id", &other.id).as_user(&tokens),
        acme.client.with("x-app-id", "nonsense").as_user(&tokens),
        acme.client.with("x-app-id", &acme.id.to_uppercase()).as_user(&tokens),
        // A key that was revoked.
        other.client.as_user(&tokens),
    ];
    for (method, path) in WITH_KEY {
        let mut bodies = Vec::new();
        for client in &bad {
            let answer = call(client, method.clone(), path).await;
            assert!(answer.header("www-authenticate").is_some_and(|it| it.starts_with("ApiKey")), "{path}");
            let mut body = answer.refused(401, "invalid_api_key");
            body.as_object_mut().unwrap().remove("request_id");
            bodies.push(body);
        }
        assert!(bodies.iter().all(|body| *body == bodies[0]), "one body for all: {path}");
    }
    assert!(acme.client.admits(&tokens).await);
}

#[tokio::test]
async fn without_a_living_token_of_this_application_nobody_is_a_user() {
    let app = TestApp::start().await;
    let developer = app.developer().await;
    let (acme, other) = (developer.application("Acme").await, developer.application("Other").await);
    for client in [&acme.client, &other.client] {
        client.sign_up("ada@example.org").await;
    }
    let foreign = other.client.log_in("ada@example.org").await;
    let expired = acme.client.log_in("ada@example.org").await;
    app.pass(std::time::Duration::from_secs(906));
    let fresh = acme.client.log_in("ada@example.org").await;
    let credentials = json!({"email": "grace@example.org", "password": PASSWORD});
    let portal = app.anyone().post("/v1/portal/developers/login", credentials).await.expect(200);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let good = text(&fresh["access_token"]);

    for (method, path) in with_token() {
        let none = call(&acme.client, method.clone(), path).await;
        assert_eq!(none.header("www-authenticate"), Some("Bearer realm=\"devauth\""), "{path}");
        none.refused(401, "invalid_token");
        for token in [
            "",
            "nonsense",
            "a.b.c",
            &text(&foreign["access_token"]),
            &text(&expired["access_token"]),
            &text(&portal["access_token"]),
            &text(&fresh["refresh_token"]),
            &format!("{good}x"),
            &good[..good.len() - 2],
            &"a".repeat(9_000),
        ] {
            call(&acme.client.bearing(token), method.clone(), path).await.refused(401, "invalid_token");
        }
        for scheme in ["Basic", "Token", ""] {
            let client = acme.client.with("authorization", &format!("{scheme} {good}"));
            call(&client, method.clone(), path).await.refused(401, "invalid_token");
        }
        // Another application's key does not make a token its own.
        call(&other.client.bearing(&good), method.clone(), path).await.refused(401, "invalid_token");
    }
    assert!(acme.client.admits(&fresh).await, "nothing of all that ended the session");
}

#[tokio::test]
async fn the_portals_own_application_has_no_key_and_no_users_here() {
    let app = TestApp::start().await;
    let acme = app.developer().await.application("Acme").await;
    let portal = devauth_aggregates::portal().to_string();

    let login = acme.client.with("x-app-id", &portal).try_log_in("grace@example.org", PASSWORD).await;

    login.refused(401, "invalid_api_key");
    acme.client.try_log_in("grace@example.org", PASSWORD).await.refused(401, "invalid_credentials");
}
