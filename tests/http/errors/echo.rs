//! Nothing that was submitted comes back in an error

use reqwest::Method;
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::{Answer, Client, send};

/// Stands for what must not come back: a value, a name, a secret.
const MARKER: &str = "ZmarkerZ7251";

#[track_caller]
fn assert_silent(answer: &Answer) {
    assert!((400..500).contains(&answer.status), "{} {}", answer.status, answer.text);
    assert!(!answer.text.to_lowercase().contains(&MARKER.to_lowercase()), "{}", answer.text);
    for (name, value) in &answer.headers {
        // A page is told its own origin; that is how the browser lets it read the refusal.
        if name != "access-control-allow-origin" {
            let value = String::from_utf8_lossy(value.as_bytes()).to_lowercase();
            assert!(!value.contains(&MARKER.to_lowercase()), "{name}: {value}");
        }
    }
}

fn bodies() -> Vec<Value> {
    vec![
        json!({"email": MARKER, "password": MARKER}),
        json!({"email": format!("{MARKER}@example.org"), "password": MARKER}),
        json!({"email": {MARKER: MARKER}, "password": [MARKER]}),
        json!({MARKER: MARKER}),
        json!({"refresh_token": MARKER, MARKER: 1}),
        json!({"token": MARKER, "password": MARKER}),
        json!({"name": format!("{MARKER}\n"), "environment": MARKER, "settings": {MARKER: MARKER}}),
        json!({"settings": {
            "app_url": format!("ftp://{MARKER}"),
            "allowed_origins": [MARKER, {MARKER: 1}],
            "signup_mode": MARKER,
            "session_lifetime": MARKER,
        }}),
        json!({"label": format!("{MARKER}\n"), "type": MARKER, "rate_limit_per_minute": MARKER}),
        json!({"current_password": MARKER, "password": MARKER}),
        json!([MARKER]),
        json!(MARKER),
    ]
}

async fn everywhere(client: &Client, paths: &[(Method, String)]) {
    for (method, path) in paths {
        for body in bodies() {
            let answer = send(client.request(method.clone(), path).json(&body)).await;
            // Routes that tell nobody what they know, and a logout of nobody, succeed.
            if answer.status >= 400 {
                assert_silent(&answer);
            } else {
                assert!(answer.text.is_empty(), "{method} {path} {body}: {}", answer.text);
            }
        }
        for raw in [MARKER.to_owned(), format!("{{\"{MARKER}\""), format!(r#"{{"{MARKER}":1,"{MARKER}":2}}"#)]
        {
            let request = client.request(method.clone(), path).header("content-type", "application/json");
            assert_silent(&send(request.body(raw)).await);
        }
        let odd = client.request(method.clone(), path).header("content-type", format!("text/{MARKER}"));
        assert_silent(&send(odd.body(MARKER)).await);
    }
}

#[tokio::test]
async fn not_from_bodies() {
    let app = TestApp::start().await;
    let developer = app.developer().await;
    let acme = developer.application("Acme").await;
    let post = |path: &str| (Method::POST, path.to_owned());
    let auth = ["signup", "login", "refresh", "logout", "email/verify/request", "email/verify/confirm"];
    let auth: Vec<_> = auth.iter().map(|name| post(&format!("/v1/auth/{name}"))).collect();
    everywhere(&acme.client, &auth).await;
    let more = ["password/reset/request", "password/reset/confirm", "password/change"];
    let more: Vec<_> = more.iter().map(|name| post(&format!("/v1/auth/{name}"))).collect();
    everywhere(&acme.client, &more).await;
    let portal = "/v1/portal/applications";
    let application = format!("{portal}/{}", acme.id);
    let portal = [
        post("/v1/portal/developers/signup"),
        post("/v1/portal/developers/login"),
        post("/v1/portal/developers/password/reset/confirm"),
        post(portal),
        (Method::PATCH, application.clone()),
        post(&format!("{application}/api-keys")),
    ];
    everywhere(&developer.client, &portal).await;
}

#[tokio::test]
async fn not_from_targets_methods_or_headers() {
    let app = TestApp::start().await;
    let developer = app.developer().await;
    let acme = developer.application("Acme").await;
    let portal = "/v1/portal/applications";
    for path in [
        format!("/{MARKER}"),
        format!("/v1/auth/{MARKER}"),
        format!("{portal}/{MARKER}"),
        format!("{portal}/{}/api-keys?cursor={MARKER}", acme.id),
        format!("{portal}?limit={MARKER}"),
        format!("{portal}?{MARKER}=1"),
        format!("/problems/{MARKER}"),
        format!("/docs/{MARKER}"),
        format!("/{MARKER}%FF"),
        format!("{portal}/%FF{MARKER}"),
    ] {
        assert_silent(&developer.client.get(&path).await);
        assert_silent(&developer.client.delete(&path).await);
    }
    let invented = Method::from_bytes(MARKER.as_bytes()).unwrap();
    assert_silent(&send(developer.client.request(invented, portal)).await);
    for name in
        ["authorization", "x-app-id", "x-api-key", "origin", "cookie", "x-forwarded-for", "user-agent"]
    {
        for value in [MARKER.to_owned(), format!("Bearer {MARKER}"), format!("Basic {MARKER}")] {
            assert_silent(&app.anyone().with(name, &value).get("/v1/auth/me").await);
            assert_silent(&app.anyone().with(name, &value).get("/v1/portal/developers/me").await);
            assert_silent(&app.anyone().with(name, &value).post("/v1/auth/introspect", json!({})).await);
        }
    }
    for name in ["x-devauth-client-ip", "idempotency-key"] {
        let body = json!({"email": "ada@example.org", "password": crate::app::PASSWORD});
        let caller = acme.client.with(name, &MARKER.repeat(8));
        assert_silent(&caller.post("/v1/auth/signup", body).await);
    }
    // A request id that isn't well formed is not sent back.
    assert_silent(&app.anyone().with("x-request-id", &format!("{MARKER} {MARKER}")).get("/nothing").await);
}
