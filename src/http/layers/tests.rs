//! What the layers add to, take from and do with answers.

use std::future::pending;

use axum::body::Body;
use axum::extract::Path;
use axum::http::{Method, StatusCode};
use axum::routing::{get, post};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::*;
use crate::http::error::ErrorCode;

fn app(request_time: Duration) -> Router {
    let mut settings = HttpSettings::new(&"https://auth.example".parse().unwrap(), Vec::new());
    settings.request_time = request_time;
    let router = Router::new()
        .route("/", get(async || "home"))
        .route("/v1/auth/me", get(async || axum::Json(json!({"ok": true}))))
        .route("/v1/auth/origin", get(async || ApiError::new(ErrorCode::OriginNotAllowed)))
        .route("/v1/auth/browser", get(async || ApiError::new(ErrorCode::SecretKeyInBrowser)))
        .route("/v1/auth/limited", get(async || ApiError::new(ErrorCode::RateLimited)))
        .route("/v1/auth/number/{n}", get(async |Path(n): Path<u8>| n.to_string()))
        .route("/v1/auth/foreign", post(async |_: axum::Json<u8>| "read"))
        .route("/v1/auth/panic", get(async || -> &'static str { panic!("contains zebra") }))
        .route("/v1/auth/stuck", get(async || pending::<&'static str>().await))
        .route("/v1/portal/applications", post(async || StatusCode::NO_CONTENT))
        .route("/own405", get(async || (StatusCode::METHOD_NOT_ALLOWED, [("allow", "PUT")], "zebra")))
        .route("/ready", get(async || (StatusCode::SERVICE_UNAVAILABLE, axum::Extension(KeepBody), "mine")));
    wrap(router, settings)
}

type Answer = (StatusCode, axum::http::HeaderMap, Vec<u8>);

async fn send(method: &str, path: &str, headers: &[(&str, &str)], body: &'static str) -> Answer {
    send_to(app(Duration::from_secs(30)), method, path, headers, body).await
}

async fn send_to(
    app: Router,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &'static str,
) -> Answer {
    let mut request =
        axum::http::Request::builder().method(Method::from_bytes(method.as_bytes()).unwrap()).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = app.oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    (parts.status, parts.headers, body.collect().await.unwrap().to_bytes().to_vec())
}

fn header<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    answer.1.get(name).map(|value| value.to_str().unwrap())
}

/// Checks that an answer is a complete problem, and gives its code.
fn problem(answer: &Answer) -> String {
    let problem: Value = serde_json::from_slice(&answer.2).unwrap_or_else(|_| panic!("{answer:?}"));
    assert_eq!(header(answer, "content-type"), Some("application/problem+json"));
    assert_eq!(header(answer, "cache-control"), Some("no-store"));
    assert_eq!(header(answer, "content-length"), Some(answer.2.len().to_string().as_str()));
    assert_eq!(problem["status"], answer.0.as_u16());
    assert_eq!(problem["request_id"].as_str(), header(answer, "x-request-id"));
    let code = problem["code"].as_str().unwrap().to_owned();
    assert_eq!(problem["type"], format!("https://auth.example/problems/{code}"));
    code
}

#[tokio::test]
async fn every_answer_has_an_id_and_nosniff_and_v1_is_never_stored() {
    for (method, path) in
        [("GET", "/"), ("GET", "/v1/auth/me"), ("GET", "/nowhere"), ("OPTIONS", "/v1/auth/me"), ("HEAD", "/")]
    {
        let answer = send(method, path, &[], "").await;
        assert_eq!(header(&answer, "x-content-type-options"), Some("nosniff"), "{method} {path}");
        assert!(header(&answer, "x-request-id").is_some_and(|id| id.len() == 36), "{method} {path}");
        assert_eq!(header(&answer, "cache-control") == Some("no-store"), path != "/", "{method} {path}");
    }
    let answer = send("GET", "/", &[("x-request-id", "mine-1234")], "").await;
    assert_eq!(header(&answer, "x-request-id"), Some("mine-1234"));
}

#[tokio::test]
async fn no_answer_runs_or_is_framed_and_browsers_stay_with_https() {
    for (method, path) in
        [("GET", "/"), ("GET", "/v1/auth/me"), ("GET", "/nowhere"), ("OPTIONS", "/v1/auth/me")]
    {
        let answer = send(method, path, &[], "").await;
        let policy = header(&answer, "content-security-policy").unwrap();
        assert!(
            policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{path}"
        );
        assert_eq!(header(&answer, "strict-transport-security"), Some("max-age=31536000"), "{path}");
    }
    let settings = HttpSettings::new(&"http://localhost:8080".parse().unwrap(), Vec::new());
    let plain = wrap(Router::new(), settings);
    let answer = send_to(plain, "GET", "/", &[], "").await;
    assert_eq!(header(&answer, "strict-transport-security"), None, "nobody speaks https there");
}

#[tokio::test]
async fn errors_of_the_framework_get_our_shape() {
    let unknown = send("GET", "/v1/auth/zebra", &[], "").await;
    assert_eq!((unknown.0, problem(&unknown).as_str()), (StatusCode::NOT_FOUND, "not_found"));
    assert!(!String::from_utf8(unknown.2).unwrap().contains("zebra"));

    let method = send("DELETE", "/v1/auth/me", &[], "").await;
    assert_eq!((method.0, problem(&method).as_str()), (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"));
    assert_eq!(header(&method, "allow"), Some("GET,HEAD"));

    let own = send("GET", "/own405", &[], "").await;
    assert_eq!((problem(&own).as_str(), header(&own, "allow")), ("method_not_allowed", Some("PUT")));

    let path = send("GET", "/v1/auth/number/zebra", &[], "").await;
    assert_eq!((path.0, problem(&path).as_str()), (StatusCode::BAD_REQUEST, "malformed_request"));
    let media = send("POST", "/v1/auth/foreign", &[], "1").await;
    assert_eq!(
        (media.0, problem(&media).as_str()),
        (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type")
    );
    let json = send("POST", "/v1/auth/foreign", &[("content-type", "application/json")], "zebra").await;
    assert_eq!((json.0, problem(&json).as_str()), (StatusCode::BAD_REQUEST, "malformed_request"));
    assert!(!String::from_utf8(json.2).unwrap().contains("zebra"));
}

#[tokio::test]
async fn an_answer_that_says_so_keeps_its_own_error_body() {
    let answer = send("GET", "/ready", &[], "").await;
    assert_eq!((answer.0, answer.2.as_slice()), (StatusCode::SERVICE_UNAVAILABLE, &b"mine"[..]));
}

#[tokio::test]
async fn a_panic_is_an_internal_error_without_its_words() {
    let answer = send("GET", "/v1/auth/panic", &[], "").await;
    assert_eq!((answer.0, problem(&answer).as_str()), (StatusCode::INTERNAL_SERVER_ERROR, "internal"));
    assert!(!String::from_utf8(answer.2).unwrap().contains("zebra"));
}

#[tokio::test]
async fn an_answer_that_takes_too_long_is_given_up() {
    let app = app(Duration::from_millis(20));
    let answer = send_to(app, "GET", "/v1/auth/stuck", &[], "").await;
    assert_eq!((answer.0, problem(&answer).as_str()), (StatusCode::SERVICE_UNAVAILABLE, "unavailable"));
    assert_eq!(header(&answer, "retry-after"), Some("5"));
}

#[tokio::test]
async fn too_much_head_is_refused() {
    let long = "x".repeat(17 * 1024);
    let many: Vec<(String, String)> = (0..101).map(|n| (format!("h{n}"), "v".to_owned())).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let target = format!("/?{}", "x".repeat(8 * 1024));
    for (path, headers) in [("/", &[("x-long", long.as_str())][..]), ("/", &many), (&target, &[])] {
        let answer = send("GET", path, headers, "").await;
        assert_eq!((answer.0.as_u16(), problem(&answer).as_str()), (431, "headers_too_large"));
    }
    assert_eq!(send("GET", "/", &many[..100], "").await.0, StatusCode::OK);
}

#[tokio::test]
async fn preflights_under_auth_are_all_answered_alike() {
    for path in ["/v1/auth/me", "/v1/auth/nowhere", "/v1/auth"] {
        let answer = send(
            "OPTIONS",
            path,
            &[("origin", "https://any.example"), ("access-control-request-method", "POST")],
            "",
        )
        .await;
        assert_eq!((answer.0, answer.2.len()), (StatusCode::NO_CONTENT, 0), "{path}");
        assert_eq!(header(&answer, "access-control-allow-origin"), Some("https://any.example"));
        assert_eq!(header(&answer, "access-control-allow-methods"), Some("GET, POST, DELETE"));
        let allowed = header(&answer, "access-control-allow-headers").unwrap();
        assert!(allowed.contains("x-api-key") && !allowed.contains("x-devauth-client-ip"), "{allowed}");
        assert_eq!(header(&answer, "vary"), Some("origin"));
        assert_eq!(header(&answer, "access-control-allow-credentials"), None);
    }
    assert_eq!(send("OPTIONS", "/v1/authority", &[], "").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_page_reads_answers_and_errors_unless_it_may_not_call() {
    let origin = [("origin", "https://any.example")];
    for (path, readable) in [
        ("/v1/auth/me", true),
        ("/v1/auth/limited", true),
        ("/v1/auth/nowhere", true),
        ("/v1/auth/origin", false),
        ("/v1/auth/browser", false),
    ] {
        let answer = send("GET", path, &origin, "").await;
        let allowed = header(&answer, "access-control-allow-origin");
        assert_eq!(allowed, readable.then_some("https://any.example"), "{path}");
        assert_eq!(header(&answer, "access-control-expose-headers").is_some(), readable, "{path}");
        assert_eq!(header(&answer, "vary"), Some("origin"), "{path}");
    }
    assert_eq!(header(&send("GET", "/v1/auth/me", &[], "").await, "access-control-allow-origin"), None);
    assert_eq!(header(&send("GET", "/", &origin, "").await, "access-control-allow-origin"), None);
}

#[tokio::test]
async fn the_portal_is_for_its_own_pages() {
    let path = "/v1/portal/applications";
    for method in ["OPTIONS", "POST"] {
        let foreign = send(method, path, &[("origin", "https://auth.example.evil")], "").await;
        assert_eq!(
            (foreign.0, problem(&foreign).as_str()),
            (StatusCode::FORBIDDEN, "origin_not_allowed"),
            "{method}"
        );
        assert_eq!(header(&foreign, "access-control-allow-origin"), None);
        let own = send(method, path, &[("origin", "https://auth.example")], "").await;
        assert_eq!(
            (own.0, header(&own, "access-control-allow-origin")),
            (StatusCode::NO_CONTENT, Some("https://auth.example"))
        );
    }
    assert_eq!(send("POST", path, &[], "").await.0, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn requests_are_counted_by_route_and_not_by_path() {
    let handle = crate::http::metrics::install().unwrap();
    send("GET", "/v1/auth/number/7", &[], "").await;
    send("ZEBRA", "/v1/auth/zebra", &[], "").await;
    let rendered = handle.render();
    assert!(
        rendered.contains(
            r#"devauth_http_requests_total{method="GET",route="/v1/auth/number/{n}",status="200"}"#
        ),
        "{rendered}"
    );
    assert!(rendered.contains(r#"method="other",route="unmatched",status="404""#), "{rendered}");
    assert!(rendered.contains("devauth_http_request_seconds_bucket"), "{rendered}");
    assert!(!rendered.to_lowercase().contains("zebra") && !rendered.contains("number/7"), "{rendered}");
}
