//! `POST /v1/portal/developers/logout`, `/logout/all`

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse as _, Response};
use devauth_aggregates::{EndReason, User, UserCommand, portal};
use devauth_projections::event_log::Actor;

use super::login::set_cookie;
use crate::app::App;
use crate::http::accounts::session;
use crate::http::body::NoBody;
use crate::http::docs::errors::{NoBodyErrors, PortalErrors};
use crate::http::error::ApiError;
use crate::http::extract::CurrentDeveloper;
use crate::telemetry::SecurityEvent;

/// Log out
///
/// The token is dead from this moment.
#[utoipa::path(post, path = "/v1/portal/developers/logout", operation_id = "logoutDeveloper", tag = "Developers",
    responses((status = 204, description = "The session is over"), NoBodyErrors, PortalErrors),
    security(("portal_token" = []), ("portal_cookie" = [])))]
pub async fn logout(
    State(app): State<App>,
    current: CurrentDeveloper,
    _: NoBody,
) -> Result<Response, ApiError> {
    let CurrentDeveloper { request, session, user } = current;
    session::end(&app, portal(), session.id, Some(user.id), EndReason::Logout, &request).await?;
    SecurityEvent::new("logout").session(&session.id).log();
    Ok(without_cookie(&app))
}

/// End every session of the developer, this one too
#[utoipa::path(post, path = "/v1/portal/developers/logout/all", operation_id = "logoutDeveloperEverywhere", tag = "Developers",
    responses((status = 204, description = "All sessions are over"), NoBodyErrors, PortalErrors),
    security(("portal_token" = []), ("portal_cookie" = [])))]
pub async fn logout_everywhere(
    State(app): State<App>,
    current: CurrentDeveloper,
    _: NoBody,
) -> Result<Response, ApiError> {
    let CurrentDeveloper { request, user, .. } = current;
    let context = app.context(portal(), Actor::User(user.id), Some(user.id), &request);
    let command = UserCommand::RevokeSessions { now: app.clock.now() };
    let outcome = app.commands.execute::<User>(user.id, command, &context, |_| Vec::new()).await;
    outcome.map_err(session::gone_is_logged_out)?;
    SecurityEvent::new("session_revoked").log();
    Ok(without_cookie(&app))
}

fn without_cookie(app: &App) -> Response {
    (StatusCode::NO_CONTENT, [(SET_COOKIE, set_cookie(&app.config.public_url, "", 0))]).into_response()
}
