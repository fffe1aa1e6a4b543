//! Secret keys stay out of browsers; publishable ones work from allowed origins

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use reqwest::Method;
use serde_json::json;

use super::{Keys, call};
use crate::app::TestApp;
use crate::client::send;

#[tokio::test]
async fn a_secret_key_with_an_origin_is_refused_even_an_allowed_one() {
    let app = TestApp::start().await;
    let keys = Keys::of(&app).await;
    keys.allow(json!(["https://app.example.com"])).await;
    for origin in ["https://app.example.com", "https://evil.example", "null", "", "https://auth.example.com"]
    {
        let refused = call(&keys.secret.with("origin", origin)).await;
        assert_eq!(refused.header("access-control-allow-origin"), None);
        refused.refused(403, "secret_key_in_browser");
    }
    let body = json!({"token": "x"});
    let page = keys.secret.with("origin", "https://app.example.com");
    page.post("/v1/auth/introspect", body).await.refused(403, "secret_key_in_browser");
}

#[tokio::test]
async fn a_secret_key_that_a_browser_fetched_with_is_refused() {
    let app = TestApp::start().await;
    let keys = Keys::of(&app).await;
    for site in ["cross-site", "same-site", "same-origin", "", "None", "other"] {
        call(&keys.secret.with("sec-fetch-site", site)).await.refused(403, "secret_key_in_browser");
    }
    call(&keys.secret.with("sec-fetch-site", "none")).await.expect(204);
    call(&keys.publishable.with("sec-fetch-site", "cross-site")).await.expect(204);
}

#[tokio::test]
async fn an_app_secret_has_no_business_in_a_browser_either() {
    let app = TestApp::start().await;
    let acme = app.developer().await.application("Acme").await;
    let basic = format!("Basic {}", BASE64_STANDARD.encode(format!("{}:{}", acme.id, acme.secret)));
    let caller =
        app.anyone().with("authorization", &basic).with("content-type", "application/x-www-form-urlencoded");
    let introspect = |header: Option<(&str, &str)>| {
        let caller = header.map_or(caller.clone(), |(name, value)| caller.with(name, value));
        send(caller.request(Method::POST, "/v1/auth/introspect").body("token=x"))
    };
    introspect(None).await.expect(200);
    introspect(Some(("sec-fetch-site", "none"))).await.expect(200);
    for header in [("origin", "https://app.example.com"), ("sec-fetch-site", "cross-site")] {
        introspect(Some(header)).await.refused(403, "secret_key_in_browser");
    }
}

#[tokio::test]
async fn a_publishable_key_works_from_exactly_the_allowed_origins() {
    let app = TestApp::start().await;
    let keys = Keys::of(&app).await;
    let page = |origin: &str| keys.publishable.with("origin", origin);
    call(&page("https://app.example.com")).await.refused(403, "origin_not_allowed");
    call(&keys.publishable).await.expect(204);

    keys.allow(json!(["https://app.example.com", "http://localhost:3000"])).await;
    for allowed in ["https://app.example.com", "http://localhost:3000"] {
        let answer = call(&page(allowed)).await;
        assert_eq!(answer.header("access-control-allow-origin"), Some(allowed));
        answer.expect(204);
    }
    for other in [
        "https://app.example.com.evil.example",
        "https://evil-app.example.com",
        "https://sub.app.example.com",
        "https://APP.example.com",
        "https://app.example.com/",
        "https://app.example.com:443",
        "https://app.example.com:8443",
        "http://app.example.com",
        "http://localhost",
        "http://localhost:30001",
        "https://example.com",
        "null",
        "",
        "*",
    ] {
        let refused = call(&page(other)).await;
        assert_eq!(refused.header("access-control-allow-origin"), None, "{other}");
        refused.refused(403, "origin_not_allowed");
    }
    call(&keys.publishable).await.expect(204);

    keys.allow(json!([])).await;
    call(&page("https://app.example.com")).await.refused(403, "origin_not_allowed");
}

#[tokio::test]
async fn the_origins_of_another_application_are_not_its_own() {
    let app = TestApp::start().await;
    let keys = Keys::of(&app).await;
    let other = keys.developer.application("Other").await;
    keys.developer.set(&other.id, json!({"allowed_origins": ["https://app.example.com"]})).await;
    call(&keys.publishable.with("origin", "https://app.example.com"))
        .await
        .refused(403, "origin_not_allowed");
}
