//! Cross-origin rules: preflights, and the headers on real answers

use reqwest::Method;
use serde_json::json;

use super::{Keys, call};
use crate::app::TestApp;
use crate::client::{Answer, Client, send};

const PAGE: &str = "https://app.example.com";

async fn preflight(client: &Client, path: &str, origin: &str) -> Answer {
    let request = client
        .request(Method::OPTIONS, path)
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "x-app-id,x-api-key,content-type");
    send(request).await
}

fn words(answer: &Answer, header: &str) -> Vec<String> {
    answer.header(header).unwrap().split(',').map(|word| word.trim().to_ascii_lowercase()).collect()
}

#[tokio::test]
async fn preflights_under_auth_are_all_answered_alike_without_a_key() {
    let app = TestApp::start().await;
    for (path, origin) in [
        ("/v1/auth/login", PAGE),
        ("/v1/auth/me", "https://evil.example"),
        ("/v1/auth/introspect", "null"),
        ("/v1/auth/sessions/ses_x", PAGE),
        ("/v1/auth/no-such-route", PAGE),
    ] {
        let answer = preflight(&app.anyone(), path, origin).await;
        assert_eq!((answer.status, answer.text.as_str()), (204, ""), "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
        for method in ["get", "post", "delete"] {
            assert!(words(&answer, "access-control-allow-methods").contains(&method.to_owned()));
        }
        for header in ["authorization", "content-type", "x-app-id", "x-api-key", "idempotency-key"] {
            assert!(words(&answer, "access-control-allow-headers").contains(&header.to_owned()));
        }
        assert!(words(&answer, "vary").contains(&"origin".to_owned()));
        assert_eq!(answer.header("access-control-allow-credentials"), None);
        assert_eq!(answer.header("ratelimit"), None);
    }
}

#[tokio::test]
async fn preflights_are_not_counted_and_work_when_the_limit_is_reached() {
    let app = TestApp::start().await;
    let keys = Keys::of(&app).await;
    let body = json!({"label": "few", "type": "publishable", "rate_limit_per_minute": 2});
    let few = keys.developer.key(&keys.id, body).await;
    for _ in 0..5 {
        preflight(&few, "/v1/auth/login", PAGE).await.expect(204);
    }
    call(&few).await.expect(204);
    call(&few).await.expect(204);
    call(&few).await.refused(429, "rate_limited");
    preflight(&few, "/v1/auth/login", PAGE).await.expect(204);
}

#[tokio::test]
async fn a_page_can_read_answers_and_refusals_with_their_headers() {
    let app = TestApp::start().await;
    let keys = Keys::of(&app).await;
    keys.allow(json!([PAGE])).await;
    let page = keys.publishable.with("origin", PAGE);
    let body = json!({"label": "few", "type": "publishable", "rate_limit_per_minute": 1});
    let few = keys.developer.key(&keys.id, body).await.with("origin", PAGE);
    call(&few).await.expect(204);
    let limited = call(&few).await;
    assert_eq!(limited.status, 429);
    for answer in [
        call(&page).await,
        page.post("/v1/auth/login", json!({"email": "nobody@example.org", "password": "x"})).await,
        page.post("/v1/auth/login", json!({})).await,
        page.get("/v1/auth/me").await,
        page.get("/v1/auth/login").await,
        page.get("/v1/auth/nothing").await,
        app.anyone().with("origin", PAGE).get("/v1/auth/me").await,
        limited,
    ] {
        assert_eq!(answer.header("access-control-allow-origin"), Some(PAGE), "{}", answer.text);
        for header in ["x-request-id", "retry-after", "ratelimit", "ratelimit-policy"] {
            assert!(words(&answer, "access-control-expose-headers").contains(&header.to_owned()));
        }
        assert!(words(&answer, "vary").contains(&"origin".to_owned()));
        assert_eq!(answer.header("access-control-allow-credentials"), None);
    }
    let without = call(&keys.publishable).await;
    assert_eq!(without.header("access-control-allow-origin"), None);
    assert!(words(&without, "vary").contains(&"origin".to_owned()), "caches must not mix the two");
}

#[tokio::test]
async fn the_portal_is_for_its_own_pages_alone() {
    let app = TestApp::start().await;
    let developer = app.developer().await.client;
    let (own, path) = ("https://auth.example.com", "/v1/portal/applications");
    let allowed = preflight(&app.anyone(), path, own).await;
    assert_eq!(allowed.header("access-control-allow-origin"), Some(own));
    for method in ["get", "post", "patch", "delete"] {
        assert!(words(&allowed, "access-control-allow-methods").contains(&method.to_owned()));
    }
    allowed.expect(204);
    let answer = developer.with("origin", own).get(path).await;
    assert_eq!(answer.header("access-control-allow-origin"), Some(own));
    answer.expect(200);

    for foreign in [
        PAGE,
        "null",
        "http://auth.example.com",
        "https://auth.example.com:444",
        "https://x.auth.example.com",
    ] {
        let refused = preflight(&app.anyone(), path, foreign).await;
        assert_eq!(refused.header("access-control-allow-origin"), None);
        refused.refused(403, "origin_not_allowed");
        let refused = developer.with("origin", foreign).get(path).await;
        assert_eq!(refused.header("access-control-allow-origin"), None);
        refused.refused(403, "origin_not_allowed");
        let body = json!({"email": "grace@example.org", "password": crate::app::PASSWORD});
        let login = app.anyone().with("origin", foreign).post("/v1/portal/developers/login", body).await;
        login.refused(403, "origin_not_allowed");
    }
    developer.get(path).await.expect(200);
}

#[tokio::test]
async fn other_routes_are_not_opened_to_pages() {
    let app = TestApp::start().await;
    for path in ["/health/live", "/.well-known/jwks.json", "/openapi.json"] {
        let answer = app.anyone().with("origin", PAGE).get(path).await;
        assert_eq!(answer.header("access-control-allow-origin"), None, "{path}");
        answer.expect(200);
    }
}
