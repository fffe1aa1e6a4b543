//! `/.well-known/*`: what verifiers of tokens need to know.

use axum::extract::State;
use axum::http::header::CACHE_CONTROL;
use axum::response::IntoResponse;
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::Json;
use crate::app::App;
use crate::crypto::jwt::KEY_SET_KEPT_FOR;

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(jwks)).routes(routes!(metadata))
}

/// The public keys of access tokens (RFC 7517)
#[utoipa::path(get, path = "/.well-known/jwks.json", operation_id = "getPublicKeys", tag = "Tokens",
    responses((status = 200, description = "A JWK set; the first key signs", body = Object)))]
async fn jwks(State(app): State<App>) -> impl IntoResponse {
    let keep = format!("public, max-age={}", KEY_SET_KEPT_FOR.num_seconds());
    ([(CACHE_CONTROL, keep)], Json(app.keys.signing().jwks()))
}

/// Metadata of the authorization server (RFC 8414)
///
/// DevAuth has no authorization endpoint and no token endpoint: users log in with the application itself, which gets and
/// refreshes their tokens by the routes of this API.
#[utoipa::path(get, path = "/.well-known/oauth-authorization-server", operation_id = "getMetadata", tag = "Tokens",
    responses((status = 200, description = "The metadata", body = Object)))]
async fn metadata(State(app): State<App>) -> Json<Value> {
    let issuer = &app.config.public_url;
    Json(json!({
        "issuer": issuer,
        "jwks_uri": format!("{issuer}/.well-known/jwks.json"),
        "introspection_endpoint": format!("{issuer}/v1/auth/introspect"),
        "introspection_endpoint_auth_methods_supported": ["client_secret_basic"],
        // Required, and never empty (RFC 8414 2 and 3.2). `none` is the response type that hands out nothing.
        "response_types_supported": ["none"],
        // Left out it would mean the authorization code and the implicit grant.
        "grant_types_supported": ["refresh_token"],
        "service_documentation": format!("{issuer}/docs"),
    }))
}
