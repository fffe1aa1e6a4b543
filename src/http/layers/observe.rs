//! One log line and two metrics per request. Neither knows more of the target than the matched route: raw paths
//! and query strings hold ids, addresses and tokens.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::{Method, StatusCode};
use tracing::Span;
use tracing::field::Empty;

use crate::http::metrics::{REQUEST_SECONDS, REQUESTS_TOTAL};

/// What nginx logs when the client closes first; never sent.
const CLIENT_CLOSED_REQUEST: u16 = 499;

/// A request under way. Dropped without [`Observation::finish`], it reports that the client went away.
pub struct Observation {
    span: Span,
    started: Instant,
    method: &'static str,
    route: String,
    status: Option<StatusCode>,
}

impl Observation {
    /// Starts the clock and opens the request's span, with room for the application's and the user's id.
    pub fn start(request: &Request, request_id: &str) -> Self {
        let route =
            request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str).to_owned();
        // At error level, so that every line of a request carries its id however little is logged.
        let span = tracing::error_span!("request", request_id, app_id = Empty, user_id = Empty);
        Self { span, started: Instant::now(), method: method_name(request.method()), route, status: None }
    }

    /// The request's span.
    pub fn span(&self) -> Span {
        self.span.clone()
    }

    /// Reports the answer.
    pub fn finish(mut self, status: StatusCode) {
        self.status = Some(status);
    }
}

impl Drop for Observation {
    fn drop(&mut self) {
        let elapsed = self.started.elapsed();
        let status = self.status.map_or(CLIENT_CLOSED_REQUEST, |status| status.as_u16());
        let _entered = self.span.enter();
        let duration_ms = (elapsed.as_secs_f64() * 1e6).round() / 1e3;
        if self.route.starts_with("/health/") {
            tracing::debug!(
                method = self.method,
                route = self.route,
                status,
                duration_ms,
                "request finished"
            );
        } else {
            tracing::info!(method = self.method, route = self.route, status, duration_ms, "request finished");
        }
        let labels = [
            ("method", self.method.to_owned()),
            ("route", self.route.clone()),
            ("status", status.to_string()),
        ];
        metrics::counter!(REQUESTS_TOTAL, &labels).increment(1);
        metrics::histogram!(REQUEST_SECONDS, &labels).record(elapsed.as_secs_f64());
    }
}

/// Clients can invent methods; a label must not grow with them.
fn method_name(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}
