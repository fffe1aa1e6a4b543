//! Error answers in the document, by code.
//!
//! utoipa keeps one answer per status, but several codes share a status, and which of them a route gives is what
//! a reader wants to know. So routes name codes (`responses(…, AppKeyErrors, BodyErrors)`), each set puts its codes
//! under their names, and [`fold`] gathers them under their statuses when the document is complete.

use std::collections::BTreeMap;

use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::{
    Components, ContentBuilder, Header, HeaderBuilder, ObjectBuilder, OpenApi, PathItem, Ref, RefOr, Type,
};

use crate::http::error::{ApiError, ErrorCode, FieldError};

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
    pub AppKeyErrors = MalformedRequest, InvalidApiKey, OriginNotAllowed, SecretKeyInBrowser, RateLimited
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
    /// Any call without a body, should it have one after all.
    pub NoBodyErrors = MalformedRequest, RequestTimeout, TooLarge, ValidationFailed
);
error_set!(
    /// A call that only the portal's own pages may make from a browser.
    pub PageErrors = OriginNotAllowed
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
    /// The service can't serve.
    pub UnavailableErrors = Unavailable
);
error_set!(
    /// A call that honours `Idempotency-Key`.
    pub IdempotencyErrors = IdempotencyInProgress, IdempotencyMismatch
);

/// Gathers the codes of every operation under their statuses. What the same codes answer is described once, among
/// the document's components.
pub fn fold(document: &mut OpenApi) {
    let mut shared = BTreeMap::new();
    for operation in document.paths.paths.values_mut().flat_map(operations) {
        let answers = std::mem::take(&mut operation.responses.responses);
        let mut codes: Vec<ErrorCode> = EVERYWHERE.to_vec();
        for (key, answer) in answers {
            match ErrorCode::from_name(&key) {
                Some(code) => codes.push(code),
                None => drop(operation.responses.responses.insert(key, answer)),
            }
        }
        for (status, codes) in by_status(&codes) {
            let name = codes.iter().map(|code| code.as_str()).collect::<Vec<_>>().join(".");
            let reference = Ref::from_response_name(&name);
            shared.entry(name).or_insert_with(|| RefOr::T(answer(status, &codes)));
            operation.responses.responses.insert(status.to_string(), reference.into());
        }
    }
    document.components.get_or_insert_with(Components::default).responses.extend(shared);
}

/// The codes in the order of the table, each once.
fn by_status(codes: &[ErrorCode]) -> BTreeMap<u16, Vec<ErrorCode>> {
    let mut by_status: BTreeMap<u16, Vec<ErrorCode>> = BTreeMap::new();
    for code in ErrorCode::ALL.into_iter().filter(|code| codes.contains(code)) {
        by_status.entry(code.status().as_u16()).or_default().push(code);
    }
    by_status
}

/// The operations of a path.
pub(super) fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, put, post, delete, options, head, patch, trace, .. } = item;
    [get, put, post, delete, options, head, patch, trace].into_iter().flatten()
}

fn answer(status: u16, codes: &[ErrorCode]) -> Response {
    let lines: Vec<String> =
        codes.iter().map(|code| format!("`{}`: {}", code.as_str(), code.info().detail)).collect();
    let examples = codes.iter().map(|code| {
        let example = ExampleBuilder::new().summary(code.info().title).value(Some(example(*code))).build();
        (code.as_str(), RefOr::T(example))
    });
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("Problem")))
        .examples_from_iter(examples)
        .build();
    let mut response =
        ResponseBuilder::new().description(lines.join("\n\n")).content("application/problem+json", content);
    if status == 401 {
        response = response.header("WWW-Authenticate", header(Type::String, "How to authenticate"));
    }
    if matches!(status, 429 | 503) {
        let description = "Seconds until it is worth trying again";
        response = response.header("Retry-After", header(Type::Integer, description));
    }
    response.build()
}

fn example(code: ErrorCode) -> serde_json::Value {
    let message = "must be at least 8 characters long".to_owned();
    let field = FieldError { pointer: "/password".to_owned(), code: "too_short", message };
    let error = ApiError::new(code).fields(vec![field]);
    let problem = error.problem("https://auth.example.com", "01932d5e-8a3b-7c1d-9f4e-2b6a7c8d9e0f");
    serde_json::to_value(problem).unwrap_or_default()
}

fn header(kind: Type, description: &str) -> Header {
    let schema = ObjectBuilder::new().schema_type(kind);
    HeaderBuilder::new().schema(Some(schema)).description(Some(description)).build()
}
