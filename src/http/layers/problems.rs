//! Gives every error answer its body, those of the framework included.

use axum::body::Body;
use axum::http::header::{ALLOW, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};

use crate::http::error::{ApiError, ErrorCode, PROBLEM_JSON};

/// In a response's extensions: this error answer has a body of its own that shall stay, as readiness has.
#[derive(Clone, Copy, Debug)]
pub struct KeepBody;

/// Writes the problem body of an error answer; leaves every other answer as it is.
pub fn shape(response: Response, public_url: &str, request_id: &str) -> Response {
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) || is_finished(&response) {
        return response;
    }
    let mut response = match response.extensions().get::<ApiError>() {
        Some(_) => response,
        None => adopt(response),
    };
    let Some(error) = response.extensions().get::<ApiError>() else { return response };
    let body = serde_json::to_vec(&error.problem(public_url, request_id)).unwrap_or_default();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, PROBLEM_JSON);
    headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    *response.body_mut() = Body::from(body);
    response
}

fn is_finished(response: &Response) -> bool {
    let has_problem_body = response.extensions().get::<ApiError>().is_none()
        && response.headers().get(CONTENT_TYPE) == Some(&PROBLEM_JSON);
    has_problem_body || response.extensions().get::<KeepBody>().is_some()
}

/// Replaces an error answer that nobody of ours wrote. Its words may quote the request, so only those headers
/// survive that say what to do next.
fn adopt(foreign: Response) -> Response {
    let error = ApiError::new(ErrorCode::from_status(foreign.status()));
    let mut response = error.into_response();
    for name in [ALLOW, RETRY_AFTER, WWW_AUTHENTICATE] {
        keep(foreign.headers(), response.headers_mut(), name);
    }
    for (name, value) in foreign.headers() {
        if name.as_str().starts_with("access-control-") || name == axum::http::header::VARY {
            response.headers_mut().append(name, value.clone());
        }
    }
    response
}

fn keep(from: &HeaderMap, to: &mut HeaderMap, name: HeaderName) {
    if let Some(value) = from.get(&name) {
        to.insert(name, value.clone());
    }
}
