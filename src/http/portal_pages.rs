//! The portal's pages: what `portal/` was built to, out of the binary. (A debug build reads `portal/dist` at each request.)
//!
//! One document serves every page; which one, its script reads from the address. A build without Node has none of it, says so,
//! and still has the whole API.

use std::borrow::Cow;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use rust_embed::{Embed, EmbeddedFile};
use tower_http::compression::CompressionLayer;

use super::document::document;
use super::error::{ApiError, ErrorCode};

#[derive(Embed)]
#[folder = "portal/dist"]
#[allow_missing = true]
struct Built;

const DOCUMENT: &str = "index.html";

/// Nothing inline, nothing from elsewhere, in nobody's frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; \
                      connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; \
                      frame-ancestors 'none'";

/// First parts of paths that are no pages. Who mistypes one of these is told so, by a browser too.
const NO_PAGES: &[&str] = &[".well-known", "assets", "dev", "docs", "health", "problems", "v1"];

/// Whether this build has the pages.
#[must_use]
pub fn are_built() -> bool {
    Built::get(DOCUMENT).is_some()
}

/// What to say at the start of a build without the pages.
#[must_use]
pub fn are_missing() -> Option<&'static str> {
    (!are_built())
        .then_some("no portal: Node was not there when this program was built; the API and /docs work")
}

/// Where the portal has its own page for a mailed link, on the host of `public_url`, which may be below a path there.
#[must_use]
pub fn for_link(public_url: &str, page: &str, token: &str) -> String {
    let below = url::Url::parse(public_url).map(|url| url.path().trim_end_matches('/').to_owned());
    let token: String = url::form_urlencoded::byte_serialize(token.as_bytes()).collect();
    format!("{}/developers/{page}?token={token}", below.unwrap_or_default())
}

/// Serves the pages wherever nothing else is.
pub fn router() -> Router {
    pages(Built::get)
}

fn pages(file: fn(&str) -> Option<EmbeddedFile>) -> Router {
    Router::new()
        .fallback(async move |request: Request| answer(file, &request))
        .layer(CompressionLayer::new())
}

fn answer(file: fn(&str) -> Option<EmbeddedFile>, request: &Request) -> Response {
    // A target may also be the name of a host alone, which has no path.
    let path = request.uri().path().strip_prefix('/').map(|path| path.trim_start_matches('/'));
    let found = path.and_then(|path| find(file, path, request.headers()));
    match (found, request.method()) {
        (Some(found), &Method::GET | &Method::HEAD) => found,
        (Some(_), _) => ApiError::new(ErrorCode::MethodNotAllowed).allow("GET,HEAD").into_response(),
        (None, _) => ApiError::from(ErrorCode::NotFound).into_response(),
    }
}

/// What who reads `path` is sent.
fn find(file: fn(&str) -> Option<EmbeddedFile>, path: &str, headers: &HeaderMap) -> Option<Response> {
    if path != DOCUMENT
        && let Some(found) = file(path).filter(|_| !path.is_empty())
    {
        return Some(send(path, found, headers));
    }
    match file(DOCUMENT) {
        Some(found) => is_page(path, headers).then(|| send(DOCUMENT, found, headers)),
        None => path
            .is_empty()
            .then(|| document(StatusCode::OK, POLICY, include_str!("portal_pages/absent.html").to_owned())),
    }
}

/// Programs that ask for something that isn't there expect to be told so; who browses is shown a page.
fn is_page(path: &str, headers: &HeaderMap) -> bool {
    let first = path.split('/').next().unwrap_or_default();
    let browses = headers
        .get(ACCEPT)
        .and_then(|accepted| accepted.to_str().ok())
        .is_some_and(|accepted| accepted.contains("text/html"));
    path.is_empty() || (browses && !NO_PAGES.contains(&first) && !path.contains('.'))
}

fn send(path: &str, found: EmbeddedFile, asked: &HeaderMap) -> Response {
    let tag = format!("\"{}\"", hex(&found.metadata.sha256_hash()[..16]));
    let unchanged = asked.get(IF_NONE_MATCH).is_some_and(|known| {
        // A compressed answer's tag is the same, but weak.
        known
            .to_str()
            .is_ok_and(|known| known.split(',').any(|one| one.trim().trim_start_matches("W/") == tag))
    });
    let mut response = if unchanged {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        match found.data {
            Cow::Borrowed(bytes) => Body::from(bytes),
            Cow::Owned(bytes) => Body::from(bytes),
        }
        .into_response()
    };
    let headers = response.headers_mut();
    // Names in `assets/` carry a hash of what is in them.
    let cached = if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(cached));
    let kind = found.metadata.mimetype();
    let charset = if kind.starts_with("text/") { "; charset=utf-8" } else { "" };
    headers.extend(HeaderValue::from_str(&format!("{kind}{charset}")).map(|kind| (CONTENT_TYPE, kind)));
    headers.extend(HeaderValue::from_str(&format!("W/{tag}")).map(|tag| (ETAG, tag)));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    response
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
