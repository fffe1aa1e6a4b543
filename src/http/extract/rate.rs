//! The rate limit of a request: counted by the extractor that knows the key, told by headers on whatever the answer is.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::Response;

use crate::app::App;
use crate::http::error::{ApiError, ErrorCode};
use crate::http::metrics;
use crate::limits::{Admission, Bucket};

/// The window of every limit.
const WINDOW: Duration = Duration::from_secs(60);

/// Where the extractor leaves the outcome for the layer.
#[derive(Clone, Default)]
struct Slot(Arc<OnceLock<(&'static str, Admission)>>);

/// Counts the request in the bucket `key` of the policy `policy`.
///
/// # Errors
/// `rate_limited` past the limit.
pub async fn admit(
    parts: &Parts,
    app: &App,
    policy: &'static str,
    key: String,
    limit: u32,
) -> Result<(), ApiError> {
    let bucket = Bucket { key: format!("{policy}:{key}"), limit, window: WINDOW };
    let admission = app.limiter.admit(&bucket, app.clock.now()).await;
    metrics::limited(policy, admission.allowed);
    if let Some(Slot(slot)) = parts.extensions.get() {
        let _told_already = slot.set((policy, admission));
    }
    if admission.allowed {
        return Ok(());
    }
    Err(ApiError::new(ErrorCode::RateLimited).retry_after(admission.retry_after))
}

/// Writes `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10) on answers of limited routes.
pub async fn headers(mut request: Request, next: Next) -> Response {
    let slot = Slot::default();
    request.extensions_mut().insert(slot.clone());
    let mut response = next.run(request).await;
    if let Some((policy, admission)) = slot.0.get() {
        let values = [
            ("ratelimit-policy", format!("\"{policy}\";q={};w={}", admission.limit, WINDOW.as_secs())),
            (
                "ratelimit",
                format!("\"{policy}\";r={};t={}", admission.remaining, admission.reset.as_secs_f64().ceil()),
            ),
        ];
        for (name, value) in values {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().insert(name, value);
            }
        }
    }
    response
}
