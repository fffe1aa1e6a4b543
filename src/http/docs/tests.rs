//! The document and its page.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;
use utoipa_axum::routes;

use super::errors::{AppKeyErrors, BodyErrors, TokenErrors};
use super::*;

/// A route like any other.
#[utoipa::path(
    post,
    path = "/v1/auth/example",
    responses((status = 204, description = "Done"), AppKeyErrors, BodyErrors, TokenErrors),
    security(("app_id" = [], "api_key" = [], "access_token" = []))
)]
async fn example() -> StatusCode {
    StatusCode::NO_CONTENT
}

fn document() -> (Router, Value, String) {
    let (router, mut document) = openapi_router::<()>().routes(routes!(example)).split_for_parts();
    finish(&mut document);
    let json = to_json(&document).unwrap();
    (router, serde_json::from_str(&json).unwrap(), json)
}

#[test]
fn codes_that_share_a_status_stand_under_it_together() {
    let (_, document, _) = document();
    assert_eq!(document["openapi"], "3.1.0");
    let responses = &document["paths"]["/v1/auth/example"]["post"]["responses"];
    let statuses: Vec<&String> = responses.as_object().unwrap().keys().collect();
    assert_eq!(
        statuses,
        ["204", "400", "401", "403", "408", "413", "415", "422", "429", "431", "500", "503"]
    );
    let resolve = |status: &str| {
        let reference = responses[status]["$ref"].as_str().unwrap();
        document.pointer(reference.strip_prefix('#').unwrap()).unwrap()
    };
    let unauthorized = resolve("401");
    let description = unauthorized["description"].as_str().unwrap();
    assert!(
        description.contains("`invalid_api_key`") && description.contains("`invalid_token`"),
        "{description}"
    );
    assert!(unauthorized["headers"]["WWW-Authenticate"].is_object());
    assert!(resolve("429")["headers"]["Retry-After"].is_object());
    let content = &unauthorized["content"]["application/problem+json"];
    assert_eq!(content["schema"]["$ref"], "#/components/schemas/Problem");
    assert_eq!(content["examples"]["invalid_token"]["value"]["status"], 401);
}

#[test]
fn the_document_defines_what_it_refers_to() {
    let (_, document, json) = document();
    for reference in json.split("\"$ref\": \"#").skip(1) {
        let pointer = reference.split('"').next().unwrap();
        assert!(document.pointer(pointer).is_some(), "{pointer}");
    }
    let schemes = document["components"]["securitySchemes"].as_object().unwrap();
    for scheme in ["app_id", "api_key", "access_token", "portal_token", "app_secret"] {
        assert!(schemes.contains_key(scheme), "{scheme}");
    }
    let codes = document["components"]["schemas"]["ErrorCode"]["enum"].as_array().unwrap();
    assert_eq!(codes.len(), ErrorCode::ALL.len());
}

#[tokio::test]
async fn everything_the_page_asks_for_is_served_from_here() {
    let (routes, ..) = document();
    let app = routes.merge(router(|| document().2));
    let get = async |path: &str| {
        let request = Request::get(path).body(Body::empty()).unwrap();
        app.clone().oneshot(request).await.unwrap()
    };
    for path in [
        "/openapi.json",
        "/docs/",
        "/docs/docs.css",
        "/docs/docs.js",
        "/docs/swagger-ui.css",
        "/docs/swagger-ui-bundle.js",
    ] {
        assert_eq!(get(path).await.status(), StatusCode::OK, "{path}");
    }
    assert_eq!(get("/docs").await.headers()["location"], "/docs/");
    assert_eq!(get("/docs/swagger-initializer.js").await.status(), StatusCode::NOT_FOUND);

    let page = get("/docs/").await;
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("script-src 'self';"), "{policy}");
    let html = page.into_body().collect().await.unwrap().to_bytes();
    let html = std::str::from_utf8(&html).unwrap();
    assert!(!html.contains("<script>") && !html.contains("http://") && !html.contains("https://"), "{html}");
}
