//! Everything that is not a success: one shape, no echo; and the headers that every answer has

mod bodies;
mod echo;
mod headers;
mod random;
mod wire;

use reqwest::Method;
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::{Answer, Client, members, send};

/// Checks the one shape of errors, members and headers.
#[track_caller]
fn assert_problem(answer: &Answer, status: u16, code: &str) {
    let body = answer.clone().refused(status, code);
    let mut expected = vec!["code", "detail", "request_id", "status", "title", "type"];
    if code == "validation_failed" {
        expected.insert(2, "errors");
        for error in body["errors"].as_array().unwrap() {
            assert_eq!(members(error), ["code", "message", "pointer"]);
        }
    }
    assert_eq!(members(&body), expected, "{}", answer.text);
    assert_eq!(body["type"], format!("https://auth.example.com/problems/{code}"));
    assert!(!body["title"].as_str().unwrap().is_empty() && !body["detail"].as_str().unwrap().is_empty());
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("www-authenticate").is_some(), status == 401);
    assert_eq!(answer.header("retry-after").is_some(), matches!(status, 429 | 503));
    assert_eq!(answer.header("allow").is_some(), status == 405);
}

/// A POST of these bytes as JSON.
async fn post_raw(client: &Client, path: &str, body: impl Into<reqwest::Body>) -> Answer {
    let request = client.request(Method::POST, path).header("content-type", "application/json");
    send(request.body(body)).await
}

#[tokio::test]
async fn unknown_routes_are_not_found_with_or_without_credentials() {
    let app = TestApp::start().await;
    let developer = app.developer().await;
    let acme = developer.application("Acme").await.client;
    for caller in [app.anyone(), developer.client, acme] {
        for path in [
            "/nothing",
            "/v1",
            "/v1/",
            "/v1/auth",
            "/v1/auth/",
            "/v1/auth/nothing",
            "/v1/auth/login/",
            "/v1/auth//login",
            "/v1/auth/../portal/applications/x/y/z",
            "/v1/auth/%6Cogin%2F",
            "/V1/AUTH/LOGIN",
            "/v1/portal",
            "/v1/portal/nothing",
            "/v2/auth/login",
            "/metrics",
            "/.env",
            "/%FF",
        ] {
            for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE] {
                assert_problem(&send(caller.request(method, path)).await, 404, "not_found");
            }
        }
    }
}

#[tokio::test]
async fn wrong_methods_are_told_the_right_ones() {
    let app = TestApp::start().await;
    let anyone = app.anyone();
    let of = |methods: &str| -> Vec<String> {
        let mut all: Vec<String> = methods.split(',').map(|method| method.trim().to_owned()).collect();
        all.sort();
        all
    };
    for (path, methods) in [
        ("/v1/auth/login", "POST"),
        ("/v1/auth/me", "GET,HEAD"),
        ("/v1/auth/sessions/ses_x", "DELETE"),
        ("/v1/portal/applications", "GET,HEAD,POST"),
        ("/v1/portal/applications/app_x", "DELETE,GET,HEAD,PATCH"),
        ("/health/live", "GET,HEAD"),
        ("/.well-known/jwks.json", "GET,HEAD"),
        ("/openapi.json", "GET,HEAD"),
        ("/docs/", "GET,HEAD"),
        ("/", "GET,HEAD"),
    ] {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "X-MARKER"] {
            if of(methods).contains(&method.to_owned()) {
                continue;
            }
            let answer = send(anyone.request(Method::from_bytes(method.as_bytes()).unwrap(), path)).await;
            assert_problem(&answer, 405, "method_not_allowed");
            assert_eq!(of(answer.header("allow").unwrap()), of(methods), "{method} {path}");
        }
    }
    // The cross-origin rules have the word on OPTIONS below /v1/auth; elsewhere it is a method like others.
    assert_problem(&send(anyone.request(Method::OPTIONS, "/health/live")).await, 405, "method_not_allowed");
    let options = send(anyone.request(Method::OPTIONS, "/v1/portal/applications")).await;
    assert_problem(&options, 405, "method_not_allowed");
}

#[tokio::test]
async fn the_type_of_a_problem_leads_to_a_page_about_it() {
    let app = TestApp::start().await;
    let problem: Value = app.anyone().get("/nothing").await.body;
    let path = problem["type"].as_str().unwrap().strip_prefix("https://auth.example.com").unwrap().to_owned();
    let page = app.anyone().get(&path).await;
    assert!(page.text.contains("not_found"));
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(page.status, 200);
    for path in ["/problems/nonsense", "/problems/%FF", "/docs/%FF"] {
        assert_problem(&app.anyone().get(path).await, 404, "not_found");
    }
}

#[tokio::test]
async fn what_comes_from_the_handlers_has_the_same_shape() {
    let app = TestApp::start().await;
    let developer = app.developer().await;
    let acme = developer.application("Acme").await.client;
    assert_problem(&acme.post("/v1/auth/login", json!({})).await, 422, "validation_failed");
    assert_problem(&acme.try_log_in("nobody@example.org", "x").await, 401, "invalid_credentials");
    assert_problem(&acme.get("/v1/auth/me").await, 401, "invalid_token");
    assert_problem(&app.anyone().get("/v1/auth/me").await, 401, "invalid_api_key");
    assert_problem(&acme.with("origin", "x").get("/v1/auth/me").await, 403, "secret_key_in_browser");
    acme.sign_up("ada@example.org").await;
    let body = json!({"email": "ada@example.org", "password": crate::app::PASSWORD});
    assert_problem(&acme.post("/v1/auth/signup", body).await, 409, "email_taken");
    for _ in 0..5 {
        acme.try_log_in("ada@example.org", "wrong").await;
    }
    assert_problem(&acme.try_log_in("ada@example.org", "wrong").await, 429, "account_locked");
    let unknown = developer.client.get("/v1/portal/applications/app_01ja3vks5re0b8n1q2s4t6v8wx").await;
    assert_problem(&unknown, 404, "not_found");
    let token = json!({"token": "x"});
    assert_problem(&acme.post("/v1/auth/email/verify/confirm", token).await, 400, "token_invalid");
}
