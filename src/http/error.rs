//! The one error type of HTTP handlers, and how it looks on the wire: `application/problem+json` (RFC 9457).
//!
//! A handler returns an [`ApiError`]; its response carries status and headers. The body is written by
//! [`layers::problems`](super::layers), which knows the request id and the public URL.

pub mod code;
pub mod pages;
mod store;

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use axum::http::header::{ALLOW, CONNECTION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

pub use code::{ErrorCode, ErrorInfo};

/// The media type of every error body.
pub const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// What a handler waits before asking for a retry when it knows nothing better.
const DEFAULT_RETRY_AFTER: Duration = Duration::from_secs(1);

/// One unacceptable member of a body, or parameter of a query.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// Where it is: a JSON pointer into the body (RFC 6901), or `/name` for a parameter; empty for the body itself.
    #[schema(example = "/password")]
    pub pointer: String,
    /// What is wrong with it, for programs.
    #[schema(example = "too_short")]
    pub code: &'static str,
    /// What is wrong with it, for people; never contains what was sent.
    #[schema(example = "must be at least 8 characters long")]
    pub message: String,
}

/// How a 401 says one may authenticate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Challenge {
    /// A bearer token is wanted and none was sent (RFC 6750, 3.1: no error code then).
    Bearer,
    /// A token was sent and refused.
    InvalidToken,
    /// The application's key is wanted.
    ApiKey,
    /// HTTP Basic with application id and secret (RFC 7617), for introspection.
    Basic,
}

impl Challenge {
    const fn header(self) -> &'static str {
        match self {
            Self::Bearer => r#"Bearer realm="devauth""#,
            Self::InvalidToken => r#"Bearer realm="devauth", error="invalid_token""#,
            Self::ApiKey => r#"ApiKey realm="devauth""#,
            Self::Basic => r#"Basic realm="devauth", charset="UTF-8""#,
        }
    }
}

/// A refusal or failure on its way to the client.
#[derive(Clone, Debug)]
pub struct ApiError {
    code: ErrorCode,
    detail: &'static str,
    retry_after: Option<Duration>,
    fields: Vec<FieldError>,
    allow: Option<Cow<'static, str>>,
    challenge: Option<Challenge>,
}

impl ApiError {
    /// An error with the code's usual words.
    pub fn new(code: ErrorCode) -> Self {
        let detail = code.info().detail;
        Self { code, detail, retry_after: None, fields: Vec::new(), allow: None, challenge: None }
    }

    /// A 422 that names the unacceptable members.
    pub fn validation(fields: Vec<FieldError>) -> Self {
        Self::new(ErrorCode::ValidationFailed).fields(fields)
    }

    /// A bug or an unexpected failure: logged here, once, with the request id of the current span; the client
    /// learns nothing of it.
    pub fn internal(cause: impl fmt::Display) -> Self {
        tracing::error!(error = %cause, "request failed");
        Self::new(ErrorCode::Internal)
    }

    /// Something the service needs is away: logged here, once; the client is told to try again.
    pub fn unavailable(cause: impl fmt::Display, retry_after: Duration) -> Self {
        tracing::warn!(error = %cause, "a dependency is unavailable");
        Self::new(ErrorCode::Unavailable).retry_after(retry_after)
    }

    /// Says more than the code's usual detail. Static, so that nothing submitted can slip in.
    pub fn detail(mut self, detail: &'static str) -> Self {
        self.detail = detail;
        self
    }

    /// When to try again; sent in whole seconds, rounded up, at least 1.
    pub fn retry_after(mut self, after: Duration) -> Self {
        self.retry_after = Some(after);
        self
    }

    /// The unacceptable members; shown with [`ErrorCode::ValidationFailed`] only.
    pub fn fields(mut self, fields: Vec<FieldError>) -> Self {
        self.fields = fields;
        self
    }

    /// The methods a route has, for a 405.
    pub fn allow(mut self, methods: impl Into<Cow<'static, str>>) -> Self {
        self.allow = Some(methods.into());
        self
    }

    /// Replaces the code's usual `WWW-Authenticate`.
    pub fn challenge(mut self, challenge: Challenge) -> Self {
        self.challenge = Some(challenge);
        self
    }

    /// The code.
    pub fn code(&self) -> ErrorCode {
        self.code
    }

    /// When to try again, if the error says.
    pub fn waits(&self) -> Option<Duration> {
        self.retry_after
    }

    /// The field errors collected so far.
    pub fn field_errors(&self) -> &[FieldError] {
        &self.fields
    }

    /// The body for one request.
    pub fn problem(&self, public_url: &str, request_id: &str) -> Problem {
        let info = self.code.info();
        Problem {
            problem_type: format!("{}/problems/{}", public_url.trim_end_matches('/'), info.name),
            title: info.title,
            status: info.status.as_u16(),
            code: self.code,
            detail: self.detail,
            request_id: request_id.to_owned(),
            errors: (self.code == ErrorCode::ValidationFailed).then(|| self.fields.clone()),
        }
    }

    fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, PROBLEM_JSON);
        if let Some(challenge) = self.challenge.or_else(|| usual_challenge(self.code)) {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge.header()));
        }
        if let Some(after) = self.retry_after.or_else(|| usual_retry_after(self.code)) {
            headers.insert(RETRY_AFTER, HeaderValue::from(whole_seconds(after)));
        }
        if let Some(allow) = self.allow.as_deref().and_then(|allow| HeaderValue::from_str(allow).ok()) {
            headers.insert(ALLOW, allow);
        }
        // The rest of such a request may still be under way and would be read as the next one.
        if matches!(self.code, ErrorCode::RequestTimeout | ErrorCode::TooLarge | ErrorCode::HeadersTooLarge) {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        headers
    }
}

impl From<ErrorCode> for ApiError {
    fn from(code: ErrorCode) -> Self {
        Self::new(code)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.code.status().into_response();
        *response.headers_mut() = self.headers();
        response.extensions_mut().insert(self);
        response
    }
}

fn whole_seconds(after: Duration) -> u64 {
    after.as_secs().saturating_add(u64::from(after.subsec_nanos() > 0)).max(1)
}

fn usual_challenge(code: ErrorCode) -> Option<Challenge> {
    if code.status() != axum::http::StatusCode::UNAUTHORIZED {
        return None;
    }
    let of_token = matches!(code, ErrorCode::InvalidToken | ErrorCode::RefreshTokenReused);
    Some(match code == ErrorCode::InvalidApiKey {
        true => Challenge::ApiKey,
        false if of_token => Challenge::InvalidToken,
        false => Challenge::Bearer,
    })
}

fn usual_retry_after(code: ErrorCode) -> Option<Duration> {
    matches!(code.status().as_u16(), 429 | 503).then_some(DEFAULT_RETRY_AFTER)
}

/// The body of every answer that is not a success (RFC 9457).
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Problem {
    /// A page that explains the code.
    #[serde(rename = "type")]
    #[schema(format = "uri", example = "https://auth.example.com/problems/validation_failed")]
    pub problem_type: String,
    /// The kind of problem in a few words.
    #[schema(example = "Validation failed")]
    pub title: &'static str,
    /// The HTTP status again.
    #[schema(example = 422)]
    pub status: u16,
    /// What programs act on.
    pub code: ErrorCode,
    /// This occurrence in a sentence.
    pub detail: &'static str,
    /// The request's id, as in `X-Request-Id`.
    #[schema(example = "01932d5e-8a3b-7c1d-9f4e-2b6a7c8d9e0f")]
    pub request_id: String,
    /// The unacceptable members; with `validation_failed` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<FieldError>, required = false)]
    pub errors: Option<Vec<FieldError>>,
}

#[cfg(test)]
mod tests;
