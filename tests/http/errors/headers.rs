//! Headers of every answer, and bounds on those of a request

use reqwest::Method;

use super::assert_problem;
use crate::app::TestApp;
use crate::client::{Client, send};

#[tokio::test]
async fn a_well_formed_request_id_is_kept_and_any_other_replaced() {
    let app = TestApp::start().await;
    let longest = "a".repeat(64);
    for own in ["abcdefgh", "A-Z_0-9-", longest.as_str(), "00000000"] {
        for path in ["/health/live", "/nothing", "/v1/auth/me"] {
            let answer = app.anyone().with("x-request-id", own).get(path).await;
            assert_eq!(answer.header("x-request-id"), Some(own));
        }
    }
    let too_long = "a".repeat(65);
    for other in ["abcdefg", "", too_long.as_str(), "with space", "dots.are.out", "ünïcödé12", "a=b;c=d,e"]
    {
        let answer = app.anyone().with("x-request-id", other).get("/health/live").await;
        let id = answer.header("x-request-id").unwrap();
        assert_ne!(id, other);
        assert!(uuid::Uuid::parse_str(id).is_ok(), "{id}");
    }
    let one = app.anyone().get("/health/live").await;
    let two = app.anyone().get("/health/live").await;
    assert_ne!(one.header("x-request-id"), two.header("x-request-id"));
}

#[tokio::test]
async fn nothing_under_v1_is_stored_and_nothing_at_all_is_sniffed() {
    let app = TestApp::start().await;
    let developer = app.developer().await.client;
    for path in ["/v1/portal/developers/me", "/v1/portal/applications", "/v1/auth/me", "/v1/nothing"] {
        let answer = developer.get(path).await;
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
    }
    for path in [
        "/health/live",
        "/health/ready",
        "/openapi.json",
        "/docs/",
        "/docs/docs.js",
        "/docs/swagger-ui.css",
        "/problems",
        "/.well-known/jwks.json",
        "/v1/auth/me",
        "/nothing",
        "/verify-email?token=x",
        "/reset-password?token=x",
    ] {
        let answer = app.anyone().get(path).await;
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert!(answer.header("x-request-id").is_some(), "{path}");
        assert_eq!(answer.header("server"), None);
    }
}

#[tokio::test]
async fn head_is_get_without_a_body() {
    let app = TestApp::start().await;
    let developer = app.developer().await.client;
    let volatile = ["date", "x-request-id"];
    let of = |client: &Client, method, path: &str| send(client.request(method, path));
    for path in
        ["/health/live", "/openapi.json", "/v1/portal/developers/me", "/v1/portal/applications", "/nothing"]
    {
        let get = of(&developer, Method::GET, path).await;
        let head = of(&developer, Method::HEAD, path).await;
        assert_eq!((head.status, head.text.as_str()), (get.status, ""), "{path}");
        for (name, value) in &get.headers {
            if !volatile.contains(&name.as_str()) {
                assert_eq!(head.headers.get(name), Some(value), "{path} {name}");
            }
        }
    }
    let wrong = of(&developer, Method::HEAD, "/v1/auth/login").await;
    assert_eq!((wrong.status, wrong.text.as_str(), wrong.header("allow")), (405, "", Some("POST")));
}

#[tokio::test]
async fn a_head_section_that_is_too_large_is_refused() {
    let app = TestApp::start().await;
    let large = app.anyone().with("x-filler", &"x".repeat(16 * 1024));
    assert_problem(&large.get("/health/live").await, 431, "headers_too_large");
    app.anyone().with("x-filler", &"x".repeat(15 * 1024)).get("/health/live").await.expect(200);

    let many = |count: usize| {
        let request = app.anyone().request(Method::GET, "/health/live");
        send((0..count).fold(request, |request, n| request.header(format!("x-filler-{n}"), "x")))
    };
    many(90).await.expect(200);
    assert_problem(&many(110).await, 431, "headers_too_large");
    assert_problem(&many(500).await, 431, "headers_too_large");
    let target = |length: usize| format!("/health/live?{}", "x".repeat(length));
    app.anyone().get(&target(8_000)).await.expect(200);
    assert_problem(&app.anyone().get(&target(8 * 1024)).await, 431, "headers_too_large");
    assert_problem(&app.anyone().get(&target(60_000)).await, 431, "headers_too_large");
}
