//! The page at `/docs`: Swagger UI from the binary, under a policy that allows no inline script and no other host.

use std::sync::Arc;

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use utoipa_swagger_ui::Config;

use crate::http::error::{ApiError, ErrorCode};
use crate::http::extract::PathId;

const INDEX: &str = include_str!("page/index.html");
const STYLE: &str = include_str!("page/docs.css");
const SCRIPT: &str = include_str!("page/docs.js");

/// Swagger UI sets inline styles and draws its icons from data URLs; nothing else is inline.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// The page and its assets.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/docs", get(async || Redirect::permanent("/docs/")))
        .route("/docs/", get(async || with_policy("text/html; charset=utf-8", INDEX)))
        .route("/docs/docs.css", get(async || with_policy("text/css; charset=utf-8", STYLE)))
        .route("/docs/docs.js", get(async || with_policy("text/javascript; charset=utf-8", SCRIPT)))
        .route("/docs/{file}", get(asset))
}

fn with_policy(media_type: &'static str, body: &'static str) -> Response {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (CONTENT_SECURITY_POLICY, POLICY),
        (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (headers, body).into_response()
}

/// Swagger UI's own files; only those the page asks for.
async fn asset(PathId(file): PathId<String>) -> Result<Response, ApiError> {
    if !matches!(file.as_str(), "swagger-ui.css" | "swagger-ui-bundle.js" | "favicon-32x32.png") {
        return Err(ErrorCode::NotFound.into());
    }
    let found = utoipa_swagger_ui::serve(&file, Arc::new(Config::default())).map_err(ApiError::internal)?;
    let found = found.ok_or(ErrorCode::NotFound)?;
    let mut headers = HeaderMap::new();
    let media_type = HeaderValue::from_str(&found.content_type).map_err(ApiError::internal)?;
    headers.insert(CONTENT_TYPE, media_type);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=86400"));
    headers.insert(CONTENT_SECURITY_POLICY, POLICY);
    if found.gzpipped {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    Ok((headers, found.bytes.into_owned()).into_response())
}
