//! Who may call from a web page (contract section 4; the Fetch standard's CORS protocol).
//!
//! `/v1/auth`: every preflight is answered alike, and the real request decides. `/v1/portal`: the portal's own
//! origins only. Credentials are never allowed: tokens and keys travel in headers that a page sets itself.

use axum::extract::Request;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ORIGIN, VARY,
};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};

use super::HttpSettings;
use crate::http::error::{ApiError, ErrorCode};

// No x-devauth-client-ip: only a secret key may send it, and a secret key is never in a page.
const ALLOW_HEADERS: &str = "authorization, content-type, x-app-id, x-api-key, x-request-id, idempotency-key";
const EXPOSE_HEADERS: &str = "x-request-id, retry-after, ratelimit, ratelimit-policy";
/// In seconds: long enough to matter, short enough that a change arrives.
const MAX_AGE: &str = "600";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Area {
    Auth,
    Portal,
    Elsewhere,
}

impl Area {
    fn of(path: &str) -> Area {
        let under =
            |root: &str| path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        match () {
            () if under("/v1/auth") => Area::Auth,
            () if under("/v1/portal") => Area::Portal,
            () => Area::Elsewhere,
        }
    }
}

/// What of a request matters to these rules.
#[derive(Debug)]
pub struct Crossing {
    area: Area,
    origin: Option<HeaderValue>,
    is_options: bool,
}

impl Crossing {
    /// Reads path, method and `Origin`.
    pub fn of(request: &Request) -> Self {
        Self {
            area: Area::of(request.uri().path()),
            origin: request.headers().get(ORIGIN).cloned(),
            is_options: request.method() == Method::OPTIONS,
        }
    }

    /// The answer to a preflight, or the refusal of a foreign page; `None` if the router shall answer.
    pub fn answer(&self, settings: &HttpSettings) -> Option<Response> {
        match self.area {
            Area::Auth => self.is_options.then(|| preflight(self.origin.as_ref(), "GET, POST, DELETE")),
            Area::Portal => {
                let origin = self.origin.as_ref()?;
                if !settings.portal_origins.iter().any(|own| own.as_bytes() == origin.as_bytes()) {
                    let refusal = ApiError::new(ErrorCode::OriginNotAllowed);
                    return Some(
                        refusal.detail("Only the portal's own pages may call this.").into_response(),
                    );
                }
                self.is_options.then(|| preflight(Some(origin), "GET, POST, PATCH, DELETE"))
            }
            Area::Elsewhere => None,
        }
    }

    /// Lets the page read the answer, unless the answer is that it may not call at all.
    pub fn mark(&self, response: &mut Response) {
        if self.area == Area::Elsewhere {
            return;
        }
        response.headers_mut().append(VARY, HeaderValue::from_static("origin"));
        let Some(origin) = &self.origin else { return };
        let refused = response.extensions().get::<ApiError>().map(ApiError::code);
        if matches!(refused, Some(ErrorCode::OriginNotAllowed | ErrorCode::SecretKeyInBrowser)) {
            return;
        }
        let headers = response.headers_mut();
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSE_HEADERS));
    }
}

fn preflight(origin: Option<&HeaderValue>, methods: &'static str) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.cloned().unwrap_or(HeaderValue::from_static("*")));
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(methods));
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(ALLOW_HEADERS));
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(MAX_AGE));
    response
}
