//! Answers to what is no request: hyper refuses it before any layer is asked, with a status and nothing else.
//! The contract wants the same shape for every error, so those bare answers are replaced on their way out.

use std::sync::Arc;

use axum::http::StatusCode;

use crate::http::context::new_request_id;
use crate::http::error::{ApiError, ErrorCode};
use crate::http::metrics;

/// Writes whole HTTP/1.1 answers for requests that could not be read.
#[derive(Clone, Debug)]
pub struct Refusals {
    public_url: Arc<str>,
}

impl Refusals {
    /// For a service at this URL, to which the problems' `type` links point.
    pub fn new(public_url: &str) -> Self {
        Self { public_url: public_url.into() }
    }

    /// The bytes of an answer that closes the connection.
    pub fn answer(&self, code: ErrorCode) -> Vec<u8> {
        let request_id = new_request_id();
        let status = code.status();
        tracing::info!(request_id, status = status.as_u16(), "refused an unreadable request");
        metrics::refused(status.as_u16());

        let body = serde_json::to_vec(&ApiError::new(code).problem(&self.public_url, &request_id))
            .unwrap_or_default();
        let mut answer = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/problem+json\r\ncontent-length: {}\r\n\
             x-request-id: {request_id}\r\nx-content-type-options: nosniff\r\nreferrer-policy: no-referrer\r\n\
             cache-control: no-store\r\nconnection: close\r\n\r\n",
            body.len(),
        )
        .into_bytes();
        answer.extend(body);
        answer
    }
}

/// The code that belongs to one of hyper's bare refusals, or `None` for any other piece of output.
///
/// Every error answer of ours has a body, so an error head that announces an empty one is hyper's; and hyper
/// flushes each answer before it reads the next request, so such a head never shares its piece with another answer.
pub fn bare_refusal(piece: &[u8]) -> Option<ErrorCode> {
    let status = piece.strip_prefix(b"HTTP/1.1 ")?.get(..3)?;
    let status = StatusCode::from_bytes(status).ok()?;
    let text = std::str::from_utf8(piece).ok()?;
    let is_bare =
        status.is_client_error() && text.ends_with("\r\n\r\n") && text.contains("\r\ncontent-length: 0\r\n");
    is_bare.then(|| ErrorCode::from_status(status))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_error_head_without_a_body_is_bare() {
        let bare =
            b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
        assert_eq!(bare_refusal(bare), Some(ErrorCode::HeadersTooLarge));
        assert_eq!(
            bare_refusal(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n"),
            Some(ErrorCode::MalformedRequest)
        );
        assert_eq!(bare_refusal(b"HTTP/1.1 404 Not Found\r\ncontent-length: 12\r\n\r\n"), None);
        assert_eq!(bare_refusal(b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n"), None);
        assert_eq!(bare_refusal(b"anything"), None);
    }
}
