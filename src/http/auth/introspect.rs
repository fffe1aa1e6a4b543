//! `POST /v1/auth/introspect` (RFC 7662)

mod caller;

use std::sync::Arc;

use axum::extract::State;
use devauth_aggregates::ApplicationId;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::http::body::Json;
use crate::http::docs::errors::{AppKeyErrors, BodyErrors, SecretKeyErrors};
use crate::http::error::ApiError;
use crate::http::extract::{LivingToken, living_session};

use caller::{IntrospectForm, IntrospectRequest, Introspection};

/// What a token is good for: exactly `{"active": false}` if it is good for nothing.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum IntrospectionAnswer {
    /// A token that is good now.
    Active(Box<ActiveToken>),
    /// Any other.
    Inactive(InactiveToken),
}

/// A token that is good for nothing, and not a word more.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InactiveToken {
    /// `false`
    active: bool,
}

/// A token that is good now (RFC 7662 2.2).
#[derive(Serialize, ToSchema)]
pub struct ActiveToken {
    /// `true`
    active: bool,
    /// The user.
    sub: String,
    /// The application.
    app_id: String,
    /// The application again, under its name in OAuth.
    client_id: String,
    /// The application once more: whom the token is for.
    aud: String,
    /// The service's public URL.
    iss: String,
    /// The session.
    sid: String,
    /// The token's own id.
    jti: String,
    /// When it was issued, seconds since 1970.
    iat: i64,
    /// When it ends, seconds since 1970.
    exp: i64,
    /// `Bearer`
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// The user's address, as it is now.
    username: String,
    /// The user's address, as it is now.
    #[schema(format = "email")]
    email: String,
    /// Whether it is verified by now.
    email_verified: bool,
}

/// Ask whether an access token is good
///
/// Also speaks plain RFC 7662: form-encoded, with HTTP Basic `app_id:app_secret`.
#[utoipa::path(post, path = "/v1/auth/introspect", operation_id = "introspect", tag = "Tokens",
    request_body(content((IntrospectRequest = "application/json"), (IntrospectForm = "application/x-www-form-urlencoded"))),
    responses((status = 200, description = "What the token is good for", body = IntrospectionAnswer),
              AppKeyErrors, SecretKeyErrors, BodyErrors),
    security(("app_id" = [], "api_key" = []), ("app_secret" = [])))]
pub async fn introspect(
    State(app): State<App>,
    Introspection { application, token }: Introspection,
) -> Result<Json<IntrospectionAnswer>, ApiError> {
    let living = living_session(&app, application, &token).await?;
    let nothing = || IntrospectionAnswer::Inactive(InactiveToken { active: false });
    Ok(Json(living.map_or_else(nothing, |living| describe(application, living))))
}

fn describe(application: ApplicationId, living: LivingToken) -> IntrospectionAnswer {
    let LivingToken { claims, session_and_user: (_, user) } = living;
    let claims = Arc::unwrap_or_clone(claims);
    let email = user.email;
    IntrospectionAnswer::Active(Box::new(ActiveToken {
        active: true,
        sub: claims.sub,
        app_id: claims.app_id,
        client_id: application.to_string(),
        aud: claims.aud,
        iss: claims.iss,
        sid: claims.sid,
        jti: claims.jti,
        iat: claims.iat,
        exp: claims.exp,
        token_type: "Bearer",
        username: email.clone(),
        email,
        email_verified: user.email_verified,
    }))
}
