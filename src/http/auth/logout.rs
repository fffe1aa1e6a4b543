//! `POST /v1/auth/logout`, `POST /v1/auth/logout/all`

use axum::extract::State;
use axum::http::StatusCode;
use devauth_aggregates::{EndReason, SessionId, User, UserCommand};
use devauth_projections::event_log::Actor;

use super::refresh::RefreshRequest;
use crate::app::App;
use crate::http::accounts::session;
use crate::http::body::{Json, NoBody};
use crate::http::context::record_user;
use crate::http::docs::errors::{AppKeyErrors, BodyErrors, NoBodyErrors, TokenErrors};
use crate::http::error::ApiError;
use crate::http::extract::{ClientApp, CurrentUser};
use crate::telemetry::SecurityEvent;

/// Log a user out
///
/// Ends the session of the refresh token. A token that is unknown, used up or another application's gets the same answer and
/// ends nothing of anybody else.
#[utoipa::path(post, path = "/v1/auth/logout", operation_id = "logout", tag = "Users", request_body = RefreshRequest,
    responses((status = 204, description = "The session is over"), AppKeyErrors, BodyErrors),
    security(("app_id" = [], "api_key" = [])))]
pub async fn logout(
    State(app): State<App>,
    client: ClientApp,
    Json(body): Json<RefreshRequest>,
) -> Result<StatusCode, ApiError> {
    let application = client.application().id;
    if let Some((session, _)) = app.keys.refresh.parse(application.uuid(), &body.refresh_token) {
        let session = SessionId::from_uuid(session);
        let owner = devauth_projections::sessions::owner(&app.pool, application, session).await?;
        if let Some(owner) = owner {
            record_user(owner);
        }
        if session::end(&app, application, session, owner, EndReason::Logout, &client.request).await? {
            SecurityEvent::new("logout").session(&session).log();
        }
    }
    Ok(StatusCode::NO_CONTENT)
}

/// End every session of the user, this one too
#[utoipa::path(post, path = "/v1/auth/logout/all", operation_id = "logoutEverywhere", tag = "Sessions",
    responses((status = 204, description = "All sessions are over"), AppKeyErrors, NoBodyErrors, TokenErrors),
    security(("app_id" = [], "api_key" = [], "access_token" = [])))]
pub async fn logout_all(
    State(app): State<App>,
    current: CurrentUser,
    _: NoBody,
) -> Result<StatusCode, ApiError> {
    let (application, user) = (current.client.application().id, current.user.id);
    let context = app.context(application, Actor::User(user), Some(user), &current.client.request);
    let command = UserCommand::RevokeSessions { now: app.clock.now() };
    let outcome = app.commands.execute::<User>(user, command, &context, |_| Vec::new()).await;
    outcome.map_err(session::gone_is_logged_out)?;
    SecurityEvent::new("session_revoked").log();
    Ok(StatusCode::NO_CONTENT)
}
