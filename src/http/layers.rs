//! What happens around every request: identity, bounds, cross-origin rules, the error shape, headers, log line.
//!
//! [`wrap`] puts all of it around a finished router. It uses `Router::layer`, so it runs after routing and knows
//! the matched route, and covers unknown routes and methods too.

mod bounds;
mod cors;
mod observe;
mod problems;

use std::any::Any;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use ipnet::IpNet;
use tower_http::catch_panic::CatchPanicLayer;
use tracing::Instrument;

use super::body::BodyLimits;
use super::context::{PeerAddress, RequestContext};
use super::error::ApiError;
use crate::telemetry::traces;
pub use problems::KeepBody;

/// The header that carries the request's id in both directions.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What the layers need to know of the service.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// Where clients reach the service: no slash at the end.
    pub public_url: String,
    /// Networks whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Web origins from which `/v1/portal` may be called: the public URL's own, in development others too.
    pub portal_origins: Vec<String>,
    /// The longest a request may take in all, from its header section to the answer's.
    pub request_time: Duration,
    /// The largest header section, in bytes of names and values.
    pub header_bytes: usize,
    /// The most header lines.
    pub header_lines: usize,
    /// The longest target (path and query), in bytes.
    pub target_bytes: usize,
    /// The largest and slowest body.
    pub body: BodyLimits,
}

impl HttpSettings {
    /// The contract's limits for a service configured like this.
    pub fn of(config: &crate::config::Config) -> Self {
        let public_url = url::Url::parse(&config.public_url).expect("the configuration was checked");
        Self::new(&public_url, config.trusted_proxies.clone())
    }

    /// The contract's limits for a service at this URL.
    pub fn new(public_url: &url::Url, trusted_proxies: Vec<IpNet>) -> Self {
        Self {
            public_url: public_url.as_str().trim_end_matches('/').to_owned(),
            trusted_proxies,
            portal_origins: vec![public_url.origin().ascii_serialization()],
            request_time: Duration::from_secs(30),
            header_bytes: 16 * 1024,
            header_lines: 100,
            target_bytes: 8 * 1024,
            body: BodyLimits::default(),
        }
    }
}

/// Puts the layers around a router whose routes are all there.
pub fn wrap(router: Router, settings: HttpSettings) -> Router {
    router
        .layer(CatchPanicLayer::custom(answer_panic))
        .layer(middleware::from_fn_with_state(Arc::new(settings), around))
}

/// The panic hook has logged the place; what the panic says might quote what was submitted.
fn answer_panic(_: Box<dyn Any + Send + 'static>) -> Response {
    ApiError::internal("a handler panicked").into_response()
}

async fn around(State(settings): State<Arc<HttpSettings>>, mut request: Request, next: Next) -> Response {
    let peer = request
        .extensions()
        .get::<PeerAddress>()
        .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip());
    let context = RequestContext::read(request.headers(), peer, &settings.trusted_proxies);
    let request_id = context.request_id.clone();
    let path = request.uri().path().to_owned();
    let crossing = cors::Crossing::of(&request);

    // Anybody can send a `traceparent`. A proxy of ours either sets it or hands on what it was configured to hand on.
    let is_ours = || settings.trusted_proxies.iter().any(|network| network.contains(&peer.to_canonical()));
    let caller = (traces::are_on() && is_ours()).then(|| request.headers());
    let observation = observe::Observation::start(&request, &request_id, caller);
    let span = observation.span();
    request.extensions_mut().insert(context);
    request.extensions_mut().insert(settings.body);
    let mut response = answer(&settings, &crossing, request, next).instrument(span).await;

    crossing.mark(&mut response);
    let mut response = problems::shape(response, &settings.public_url, &request_id);
    set_headers(&mut response, &settings, &path, &request_id);
    observation.finish(response.status());
    response
}

async fn answer(
    settings: &HttpSettings,
    crossing: &cors::Crossing,
    request: Request,
    next: Next,
) -> Response {
    if let Some(refusal) = bounds::refusal(settings, &request) {
        return refusal.into_response();
    }
    if let Some(answer) = crossing.answer(settings) {
        return answer;
    }
    bounds::within(settings.request_time, next.run(request)).await
}

/// What is no document of ours has no business running or framing anything.
const INERT: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);
/// A year. Without the names below ours (`includeSubDomains`): those may be other people's.
const HTTPS_ONLY: HeaderValue = HeaderValue::from_static("max-age=31536000");

fn set_headers(response: &mut Response, settings: &HttpSettings, path: &str, request_id: &str) {
    let private = path.starts_with("/v1/")
        || response.status().is_client_error()
        || response.status().is_server_error();
    let headers = response.headers_mut();
    // Ids are made of characters that are fine in a header, wherever they come from.
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert(X_REQUEST_ID, id);
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(REFERRER_POLICY).or_insert(HeaderValue::from_static("no-referrer"));
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(INERT);
    // Browsers heed it over https only (RFC 6797 8.1), which the proxy in front of us speaks.
    if settings.public_url.starts_with("https://") {
        headers.entry(STRICT_TRANSPORT_SECURITY).or_insert(HTTPS_ONLY);
    }
    if private {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

#[cfg(test)]
mod tests;
