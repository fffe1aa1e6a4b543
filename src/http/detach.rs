//! A command outlives its connection: a request that changes something runs to its end although the client hung up, so that
//! it happens as a whole or not at all.

use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use tracing::Instrument as _;

use super::error::ApiError;
use crate::app::App;

/// Asks by POST, because a token does not belong into a URL (RFC 7662 section 2.1), and changes nothing.
const READS: &str = "/v1/auth/introspect";

/// Runs what follows in a task of its own, which a shutdown waits for. Reading requests stay with their connection.
pub async fn detach(State(app): State<App>, request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if reads || request.uri().path() == READS {
        return next.run(request).await;
    }
    let running = app.tasks.spawn(next.run(request).in_current_span());
    match running.await {
        Ok(response) => response,
        // The panic hook has logged where.
        Err(_panicked) => ApiError::internal("a handler panicked").into_response(),
    }
}
