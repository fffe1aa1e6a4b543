//! The OpenAPI document, and a page to try it out at `/docs`.
//!
//! Routes are collected by utoipa-axum: begin with [`openapi_router`], add routes with `routes!`, split, then
//! [`finish`] the document and merge [`router`].

pub mod errors;
mod page;
mod requests;

use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::body::Bytes;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::routing::get;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Components, OpenApi as Document, Server};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;

use super::error::{ErrorCode, FieldError, Problem};

/// The names of the security schemes, for `security(...)` in `#[utoipa::path]`: an application call needs
/// `("app_id" = [], "api_key" = [])`, a user call `("app_id" = [], "api_key" = [], "access_token" = [])`, a portal call
/// `("portal_token" = []), ("portal_cookie" = [])`, plain RFC 7662 introspection `("app_secret" = [])`.
struct SecuritySchemes;

impl Modify for SecuritySchemes {
    fn modify(&self, document: &mut Document) {
        let header = |name: &str, description: &str| {
            SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description(name, description)))
        };
        let bearer = |description: &str| {
            SecurityScheme::Http(
                HttpBuilder::new()
                    .scheme(HttpAuthScheme::Bearer)
                    .bearer_format("JWT")
                    .description(Some(description))
                    .build(),
            )
        };
        let basic = HttpBuilder::new()
            .scheme(HttpAuthScheme::Basic)
            .description(Some("The application's id and app secret, for plain RFC 7662 introspection."))
            .build();
        let components = document.components.get_or_insert_with(Components::default);
        components.add_security_scheme("app_id", header("x-app-id", "The application's id, `app_…`."));
        components.add_security_scheme(
            "api_key",
            header("x-api-key", "One of the application's API keys, `dvk_…`. From a page, this one included, only a publishable key works."),
        );
        components
            .add_security_scheme("access_token", bearer("A user's access token, from login or refresh."));
        components
            .add_security_scheme("portal_token", bearer("A developer's token, from the portal's login."));
        let cookie =
            "The same as a cookie, from a login with `cookie`; without https its name has no prefix.";
        let cookie = ApiKey::Cookie(ApiKeyValue::with_description("__Host-devauth_portal", cookie));
        components.add_security_scheme("portal_cookie", SecurityScheme::ApiKey(cookie));
        components.add_security_scheme("app_secret", SecurityScheme::Http(basic));
    }
}

/// What every document has, before any route.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "DevAuth",
        description = "An authentication service for other people's applications. Every answer that is not a success \
                       is an `application/problem+json` with a stable `code`; every answer carries `X-Request-Id`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    tags(
        (name = "Users", description = "What an application calls for its users"),
        (name = "E-mail and password", description = "Mailed links and passwords of an application's users"),
        (name = "Sessions", description = "Where a user is logged in"),
        (name = "Tokens", description = "Whether an access token is good, and how to tell by oneself"),
        (name = "Developers", description = "Accounts of developers"),
        (name = "Applications", description = "Applications of a developer"),
        (name = "API keys", description = "Keys of an application"),
        (name = "Audit", description = "What happened in an application"),
        (name = "Application users", description = "Users of an application, as its developer sees them"),
        (name = "Health", description = "For those who operate the service"),
    ),
    components(schemas(Problem, FieldError, ErrorCode)),
    modifiers(&SecuritySchemes)
)]
struct Base;

/// An empty router whose document already has title, schemas and security schemes.
pub fn openapi_router<S: Clone + Send + Sync + 'static>() -> OpenApiRouter<S> {
    OpenApiRouter::with_openapi(Base::openapi())
}

/// Completes the document when all routes are in it: error answers by code (see [`errors`]), closed request bodies. The document names no
/// server, so that the committed one is the same everywhere and the page calls where it came from.
pub fn finish(document: &mut Document) {
    errors::fold(document);
    requests::close(document);
    document.servers = Some(vec![Server::new("/")]);
}

/// The finished document as it is served, printed and committed: indented, with a newline at the end.
///
/// # Errors
/// When it can't be written as JSON, which means a bug in a schema.
pub fn to_json(document: &Document) -> serde_json::Result<String> {
    let mut json = document.to_pretty_json()?;
    json.push('\n');
    Ok(json)
}

/// `GET /openapi.json` and the page at `/docs`. `write` writes the document when somebody asks for it first: a node that starts has
/// more urgent things to do.
pub fn router<S: Clone + Send + Sync + 'static>(write: fn() -> String) -> Router<S> {
    let written = Arc::new(OnceLock::new());
    let document = move || async move {
        let json = written.get_or_init(|| Bytes::from(write())).clone();
        ([(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-cache")], json)
    };
    Router::new().route("/openapi.json", get(document)).merge(page::router())
}

#[cfg(test)]
mod tests;
