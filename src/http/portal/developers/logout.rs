//! `POST /v1/portal/developers/logout`

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse as _, Response};
use devauth_aggregates::{EndReason, portal};

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
    let cookie = set_cookie(&app.config.public_url, "", 0);
    Ok((StatusCode::NO_CONTENT, [(SET_COOKIE, cookie)]).into_response())
}
