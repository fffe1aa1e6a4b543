//! Error answers in the document, by code.
//!
//! utoipa keeps one answer per status, but several codes share a status, and which of them a route gives is what
//! a reader wants to know. So routes name codes (`responses(…, AppKeyErrors, BodyErrors)`), each set puts its codes
//! under their names, and [`fold`] gathers them under their statuses when the document is complete.

use std::collections::BTreeMap;

use utoipa::openapi::path::Operation;
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::{ContentBuilder, HeaderBuilder, ObjectBuilder, OpenApi, PathItem, Ref, RefOr, Type};

use crate::http::error::ErrorCode;

/// Answers any route can give.
const EVERYWHERE: [ErrorCode; 3] = [ErrorCode::HeadersTooLarge, ErrorCode::Unavailable, ErrorCode::Internal];

/// The answers of some codes, under the codes' names.
pub fn by_name(codes: &[ErrorCode]) -> BTreeMap<String, RefOr<Response>> {
    codes.iter().map(|code| (code.as_str().to_owned(), Response::new(code.info().title).into())).collect()
}

/// Declares a set of codes for `responses(...)` in `#[utoipa::path]`.
#[macro_export]
macro_rules! error_set {
    ($(#[$doc:meta])* $visibility:vis $name:ident = $($code:ident),+ $(,)?) => {
        $(#[$doc])*
        $visibility struct $name;

        impl ::utoipa::IntoResponses for $name {
            fn responses() -> ::std::collections::BTreeMap<
                String,
                ::utoipa::openapi::RefOr<::utoipa::openapi::response::Response>,
            > {
                $crate::http::docs::errors::by_name(&[$($crate::http::error::ErrorCode::$code),+])
            }
        }
    };
}

error_set!(
    /// Any call of an application.
    pub AppKeyErrors = InvalidApiKey, OriginNotAllowed, SecretKeyInBrowser, RateLimited
);
error_set!(
    /// A call that a publishable key may not make, besides [`AppKeyErrors`].
    pub SecretKeyErrors = KeyTypeNotAllowed
);
error_set!(
    /// Any call with a JSON body.
    pub BodyErrors = MalformedRequest, RequestTimeout, TooLarge, UnsupportedMediaType, ValidationFailed
);
error_set!(
    /// Any call with parameters in its query string.
    pub QueryErrors = ValidationFailed
);
error_set!(
    /// A user's or developer's bearer token.
    pub TokenErrors = InvalidToken
);
error_set!(
    /// A call that hashes a password.
    pub HashingErrors = Busy
);
error_set!(
    /// A login or another proof of a password.
    pub PasswordErrors = InvalidCredentials, AccountLocked, AccountProtected
);
error_set!(
    /// A call of the portal's pages.
    pub PortalErrors = InvalidToken, OriginNotAllowed
);
error_set!(
    /// A call about one object.
    pub ObjectErrors = NotFound
);
error_set!(
    /// A call that honours `Idempotency-Key`.
    pub IdempotencyErrors = IdempotencyInProgress, IdempotencyMismatch
);

/// Gathers the codes of every operation under their statuses.
pub fn fold(document: &mut OpenApi) {
    for operation in document.paths.paths.values_mut().flat_map(operations) {
        let answers = std::mem::take(&mut operation.responses.responses);
        let mut codes: Vec<ErrorCode> = EVERYWHERE.to_vec();
        for (key, answer) in answers {
            match ErrorCode::from_name(&key) {
                Some(code) => codes.push(code),
                None => drop(operation.responses.responses.insert(key, answer)),
            }
        }
        let mut by_status: BTreeMap<u16, Vec<ErrorCode>> = BTreeMap::new();
        for code in ErrorCode::ALL.into_iter().filter(|code| codes.contains(code)) {
            by_status.entry(code.status().as_u16()).or_default().push(code);
        }
        for (status, codes) in by_status {
            operation.responses.responses.insert(status.to_string(), answer(status, &codes).into());
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, put, post, delete, options, head, patch, trace, .. } = item;
    [get, put, post, delete, options, head, patch, trace].into_iter().flatten()
}

fn answer(status: u16, codes: &[ErrorCode]) -> Response {
    let lines: Vec<String> =
        codes.iter().map(|code| format!("`{}`: {}", code.as_str(), code.info().detail)).collect();
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    let mut response =
        ResponseBuilder::new().description(lines.join("\n\n")).content("application/problem+json", content);
    if status == 401 {
        response = response.header("WWW-Authenticate", header(Type::String, "How to authenticate"));
    }
    if matches!(status, 429 | 503) {
        response =
            response.header("Retry-After", header(Type::Integer, "Seconds until it is worth trying again"));
    }
    response.build()
}

fn header(kind: Type, description: &str) -> utoipa::openapi::Header {
    HeaderBuilder::new()
        .schema(Some(ObjectBuilder::new().schema_type(kind)))
        .description(Some(description))
        .build()
}
