//! How large a request's head may be, and how long its answer may take.

use std::time::Duration;

use axum::extract::Request;
use axum::response::{IntoResponse, Response};

use super::HttpSettings;
use crate::http::error::{ApiError, ErrorCode};

/// Refuses a header section or a target that is too large.
pub fn refusal(settings: &HttpSettings, request: &Request) -> Option<ApiError> {
    let headers = request.headers();
    // Each line has a colon, a space and a line end besides name and value.
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    let fits = bytes <= settings.header_bytes
        && headers.len() <= settings.header_lines
        && target <= settings.target_bytes;
    (!fits).then(|| ErrorCode::HeadersTooLarge.into())
}

/// Bounds an answer in time. What overruns here is ours, since a body that is slow to arrive has its own, shorter
/// limit (408); so this is a 503, and a command that is under way goes on in its own task.
pub async fn within(time: Duration, answer: impl Future<Output = Response>) -> Response {
    match tokio::time::timeout(time, answer).await {
        Ok(response) => response,
        Err(_) => ApiError::unavailable("a request took longer than its limit", Duration::from_secs(5))
            .into_response(),
    }
}
