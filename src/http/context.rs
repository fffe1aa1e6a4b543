//! What is known of a request before anybody looks at what it wants: its id, and where it comes from.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::USER_AGENT;
use axum::http::request::Parts;
use ipnet::IpNet;

use super::error::ApiError;
use crate::crypto::random;

/// How much of a `User-Agent` is kept, in bytes.
const MAX_USER_AGENT: usize = 512;

/// The other end of the connection; the server puts it into each request's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerAddress(pub SocketAddr);

/// The request's id and origin, as a handler argument.
#[derive(Clone)]
pub struct RequestContext {
    /// The client's own `X-Request-Id` if it has the right form, else a new one.
    pub request_id: String,
    /// The client's address, never IPv4-mapped. Personal data.
    pub client_address: IpAddr,
    /// What the client calls itself: at most 512 bytes, without control characters. Personal data.
    pub user_agent: Option<String>,
}

impl fmt::Debug for RequestContext {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("RequestContext").field("request_id", &self.request_id).finish_non_exhaustive()
    }
}

impl RequestContext {
    /// Reads the context out of headers and peer address.
    pub fn read(headers: &HeaderMap, peer: IpAddr, trusted_proxies: &[IpNet]) -> Self {
        Self {
            request_id: own_request_id(headers).unwrap_or_else(new_request_id),
            client_address: client_address(headers, peer, trusted_proxies),
            user_agent: user_agent(headers),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for RequestContext {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let context = parts.extensions.get::<RequestContext>().cloned();
        context.ok_or_else(|| ApiError::internal("no request context: the layers are missing"))
    }
}

/// Notes the application a request acts for, so that its log lines carry it. Call it in the request's own span.
pub fn record_app(app_id: impl fmt::Display) {
    tracing::Span::current().record("app_id", tracing::field::display(app_id));
}

/// Notes the user a request acts for, so that its log lines carry it. Call it in the request's own span.
pub fn record_user(user_id: impl fmt::Display) {
    tracing::Span::current().record("user_id", tracing::field::display(user_id));
}

fn own_request_id(headers: &HeaderMap) -> Option<String> {
    let id = headers.get("x-request-id")?.to_str().ok()?;
    let well_formed = (8..=64).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    well_formed.then(|| id.to_owned())
}

/// A new id, UUIDv7 in text.
#[expect(
    clippy::disallowed_methods,
    reason = "a request id is only a name; its time helps to sort, nothing depends on it"
)]
pub fn new_request_id() -> String {
    random::uuid_v7(chrono::Utc::now()).to_string()
}

/// The right-most `X-Forwarded-For` entry that is not a trusted proxy. Each proxy appends the address it saw, so
/// what lies left of the last untrusted entry is the client's own word.
fn client_address(headers: &HeaderMap, peer: IpAddr, trusted_proxies: &[IpNet]) -> IpAddr {
    let trusted = |address: IpAddr| trusted_proxies.iter().any(|network| network.contains(&address));
    let mut address = peer.to_canonical();
    let lines: Vec<&str> =
        headers.get_all("x-forwarded-for").iter().map(|line| line.to_str().unwrap_or("?")).collect();
    for entry in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
        if !trusted(address) {
            break;
        }
        let Some(next) = forwarded_address(entry) else { break };
        address = next;
    }
    address
}

/// One entry: an address, which some proxies write with a port, IPv6 then in brackets.
fn forwarded_address(entry: &str) -> Option<IpAddr> {
    let entry = entry.trim();
    let bracketed = || entry.strip_prefix('[')?.strip_suffix(']')?.parse::<IpAddr>().ok();
    let with_port = || entry.parse::<SocketAddr>().ok().map(|address| address.ip());
    entry.parse().ok().or_else(with_port).or_else(bracketed).map(|address: IpAddr| address.to_canonical())
}

fn user_agent(headers: &HeaderMap) -> Option<String> {
    let raw = headers.get(USER_AGENT)?;
    let text = String::from_utf8_lossy(raw.as_bytes());
    let mut kept = String::new();
    for character in text.chars().filter(|character| !character.is_control()) {
        if kept.len() + character.len_utf8() > MAX_USER_AGENT {
            break;
        }
        kept.push(character);
    }
    let kept = kept.trim();
    (!kept.is_empty()).then(|| kept.to_owned())
}

#[cfg(test)]
mod tests;
