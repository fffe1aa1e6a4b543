//! The user whose access token came with the request, while their session lives.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use devauth_projections::sessions::{SessionRow, Which};
use devauth_projections::users::UserRow;
use tracing::Instrument as _;

use super::{ClientApp, bearer};
use crate::app::App;
use crate::crypto::jwt::Expected;
use crate::http::context::record_user;
use crate::http::error::{ApiError, Challenge, ErrorCode};
use crate::telemetry::traces;

/// A user of the calling application.
pub struct CurrentUser {
    /// The application, checked first.
    pub client: ClientApp,
    /// The session that the token belongs to.
    pub session: SessionRow,
    /// The user.
    pub user: UserRow,
}

impl FromRequestParts<App> for CurrentUser {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let client = ClientApp::from_request_parts(parts, app).await?;
        let token = bearer(&parts.headers)
            .ok_or_else(|| ApiError::new(ErrorCode::InvalidToken).challenge(Challenge::Bearer))?;
        let application = client.application().id;
        let (session, user) =
            living_session(app, application, token).await?.ok_or(ErrorCode::InvalidToken)?.session_and_user;
        record_user(user.id);
        Ok(CurrentUser { client, session, user })
    }
}

/// An access token that is good now.
pub struct LivingToken {
    /// What the token says.
    pub claims: Arc<crate::crypto::jwt::AccessClaims>,
    /// What the database says.
    pub session_and_user: (SessionRow, UserRow),
}

/// What stands behind an access token, if it is good for `application` and its session lives.
///
/// # Errors
/// Postgres is away.
pub async fn living_session(
    app: &App,
    application: devauth_aggregates::ApplicationId,
    token: &str,
) -> Result<Option<LivingToken>, ApiError> {
    let now = app.clock.now();
    let expected = Expected { issuer: &app.config.public_url, application: &application.to_string() };
    let Ok(claims) = app.keys.signing().verify(token, &expected, now) else { return Ok(None) };
    let Ok(session) = claims.sid.parse() else { return Ok(None) };
    let asking = app.live_sessions.ask(Which { application, session, now });
    let found = asking.instrument(traces::look_up("session")).await?;
    Ok(found
        .filter(|(_, user)| user.id.to_string() == claims.sub)
        .map(|session_and_user| LivingToken { claims, session_and_user }))
}
