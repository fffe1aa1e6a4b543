//! `GET /v1/portal/developers/sessions`, `DELETE /v1/portal/developers/sessions/{id}`

use axum::extract::State;
use axum::http::StatusCode;
use devauth_aggregates::{EndReason, SessionId, portal};
use devauth_projections::sessions;

use crate::app::App;
use crate::http::accounts::session;
use crate::http::auth::sessions::{SessionList, living};
use crate::http::body::{Json, NoBody};
use crate::http::docs::errors::{NoBodyErrors, ObjectErrors, PortalErrors};
use crate::http::error::ApiError;
use crate::http::extract::{CurrentDeveloper, PathId};
use crate::telemetry::SecurityEvent;

/// List the developer's living sessions
#[utoipa::path(get, path = "/v1/portal/developers/sessions", operation_id = "listDeveloperSessions", tag = "Developers",
    responses((status = 200, description = "The sessions", body = SessionList), PortalErrors),
    security(("portal_token" = []), ("portal_cookie" = [])))]
pub async fn list(State(app): State<App>, current: CurrentDeveloper) -> Result<Json<SessionList>, ApiError> {
    let rows = sessions::list(&app.pool, portal(), current.user.id, app.clock.now()).await?;
    Ok(Json(SessionList::new(rows, current.session.id)))
}

/// End one of the developer's sessions
#[utoipa::path(delete, path = "/v1/portal/developers/sessions/{id}", operation_id = "revokeDeveloperSession", tag = "Developers",
    params(("id" = String, Path, description = "`ses_…`")),
    responses((status = 204, description = "The session is over"), NoBodyErrors, PortalErrors, ObjectErrors),
    security(("portal_token" = []), ("portal_cookie" = [])))]
pub async fn revoke(
    State(app): State<App>,
    current: CurrentDeveloper,
    PathId(id): PathId<SessionId>,
    _: NoBody,
) -> Result<StatusCode, ApiError> {
    let CurrentDeveloper { request, user, .. } = current;
    let session = living(&app, portal(), user.id, id).await?;
    session::end(&app, portal(), session, Some(user.id), EndReason::Revoked, &request).await?;
    SecurityEvent::new("session_revoked").session(&session).log();
    Ok(StatusCode::NO_CONTENT)
}
