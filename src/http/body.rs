//! Request bodies: one strict JSON object, bounded in size and time.

mod anything;
mod change;
pub mod fields;
mod numbers;
mod strict;

use std::time::Duration;

use axum::Json as AxumJson;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::Serialize;

use super::error::{ApiError, ErrorCode};
pub use change::Change;
pub use fields::{FieldProblem, Fields};

/// How large a body may be and how long it may take to arrive. The layers put one into each request's extensions.
#[derive(Clone, Copy, Debug)]
pub struct BodyLimits {
    /// In bytes.
    pub size: usize,
    /// From the moment a handler starts to read.
    pub time: Duration,
}

impl Default for BodyLimits {
    fn default() -> Self {
        Self { size: 64 * 1024, time: Duration::from_secs(15) }
    }
}

/// What a handler reads from the members of a JSON object.
pub trait Body: Sized {
    /// Asks for each member; `None` if one of them was refused.
    fn read(fields: &mut Fields) -> Option<Self>;
}

/// A strict JSON body as an argument; as an answer, a value written as JSON.
#[derive(Clone, Copy, Debug)]
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: Body> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        if !is_media_type(request.headers(), "application/json") {
            return Err(ErrorCode::UnsupportedMediaType.into());
        }
        let bytes = read(request).await?;
        let mut fields = Fields::of_body(&bytes).ok_or(ErrorCode::MalformedRequest)?;
        let body = T::read(&mut fields);
        fields.finish(body).map(Json)
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        AxumJson(self.0).into_response()
    }
}

/// For routes without a body: accepts none and an empty object, whatever the media type says.
#[derive(Clone, Copy, Debug)]
pub struct NoBody;

impl<S: Send + Sync> FromRequest<S> for NoBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let bytes = read(request).await?;
        if bytes.is_empty() {
            return Ok(NoBody);
        }
        Fields::of_body(&bytes).ok_or(ErrorCode::MalformedRequest)?.finish(Some(NoBody))
    }
}

/// Reads a whole body within the request's [`BodyLimits`]: 413 past the size, 408 past the time.
pub async fn read(request: Request) -> Result<Bytes, ApiError> {
    let limits = request.extensions().get::<BodyLimits>().copied().unwrap_or_default();
    // Known before the first byte is asked for, so a client that waits for "100 Continue" sends nothing.
    if content_length(request.headers()).is_some_and(|length| length > limits.size as u64) {
        return Err(ErrorCode::TooLarge.into());
    }
    let body = Limited::new(request.into_body(), limits.size);
    match tokio::time::timeout(limits.time, body.collect()).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(ErrorCode::TooLarge.into()),
        Ok(Err(error)) if is_length_limit(&*error) => Err(ErrorCode::TooLarge.into()),
        Ok(Err(_)) => Err(ErrorCode::MalformedRequest.into()),
        Err(_) => Err(ErrorCode::RequestTimeout.into()),
    }
}

fn is_length_limit(error: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error| error.source()).any(|error| error.is::<LengthLimitError>())
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Whether the request says that its body has this media type, in UTF-8 if it names a charset.
pub fn is_media_type(headers: &HeaderMap, wanted: &str) -> bool {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return false };
    let Ok(text) = value.to_str() else { return false };
    let mut parts = text.split(';').map(str::trim);
    parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case(wanted))
        && parts.all(is_utf8_or_no_charset)
}

fn is_utf8_or_no_charset(parameter: &str) -> bool {
    let Some((name, value)) = parameter.split_once('=') else { return parameter.is_empty() };
    !name.trim().eq_ignore_ascii_case("charset")
        || value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
}

#[cfg(test)]
mod tests;
