//! What must hold before a handler's first line, as argument types: a handler that forgets to ask has another signature.

mod client_app;
mod current_developer;
mod current_user;
mod owned_user;
mod path_id;
pub mod rate;

pub use client_app::{ClientApp, IntrospectingApp};
pub use current_developer::{CurrentDeveloper, OwnedApplication, cookie_name, own_origin};
pub use current_user::{CurrentUser, LivingToken, living_session};
pub use owned_user::OwnedUser;
pub use path_id::PathId;

use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, ORIGIN};

/// The token of `Authorization: Bearer …` (RFC 6750 2.1; the scheme's case doesn't matter).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim()).filter(|token| !token.is_empty())
}

/// Whether a page sent the request: browsers say so, whatever the page wants (Fetch standard, Fetch Metadata).
pub fn sent_by_browser(headers: &HeaderMap) -> bool {
    let fetched = headers.get("sec-fetch-site").is_some_and(|site| site.as_bytes() != b"none");
    fetched || headers.contains_key(ORIGIN)
}

#[cfg(test)]
mod fuzz;
