//! One log line, one span of the trace and two metrics per request. None knows more of the target than the matched route: raw
//! paths and query strings hold ids, addresses and tokens.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, Method, StatusCode};
use tracing::Span;
use tracing::field::Empty;

use crate::http::metrics;
use crate::telemetry::traces;

/// What nginx logs when the client closes first; never sent.
const CLIENT_CLOSED_REQUEST: u16 = 499;

/// A request under way. Dropped without [`Observation::finish`], it reports that the client went away.
pub struct Observation {
    span: Span,
    started: Instant,
    method: &'static str,
    route: Option<MatchedPath>,
    status: Option<StatusCode>,
}

impl Observation {
    /// Starts the clock and opens the request's span, with room for the application's and the user's id and for what traces
    /// say of it; its trace goes on with that of the `caller` whose headers are given.
    pub fn start(request: &Request, request_id: &str, caller: Option<&HeaderMap>) -> Self {
        let route = request.extensions().get::<MatchedPath>().cloned();
        let method = method_name(request.method());
        // At error level, so that every line of a request carries its id however little is logged.
        let span = tracing::error_span!(
            "request",
            request_id,
            app_id = Empty,
            user_id = Empty,
            otel.kind = Empty,
            otel.name = Empty,
            otel.status_code = Empty,
            http.request.method = Empty,
            http.route = Empty,
            http.response.status_code = Empty,
        );
        traces::request(&span, method, path(route.as_ref()), caller);
        Self { span, started: Instant::now(), method, route, status: None }
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
        let (method, route) = (self.method, path(self.route.as_ref()));
        traces::answered(&self.span, status);
        let _entered = self.span.enter();
        let duration_ms = (elapsed.as_secs_f64() * 1e6).round() / 1e3;
        if route.starts_with("/health/") {
            tracing::debug!(method, route, status, duration_ms, "request finished");
        } else {
            tracing::info!(method, route, status, duration_ms, "request finished");
        }
        metrics::request(method, route, status, elapsed);
    }
}

fn path(route: Option<&MatchedPath>) -> &str {
    route.map_or("unmatched", MatchedPath::as_str)
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
