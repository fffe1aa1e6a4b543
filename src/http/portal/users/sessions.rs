//! `DELETE /v1/portal/applications/{app_id}/users/{id}/sessions/{session_id}`

use axum::extract::{Path, State};
use axum::http::StatusCode;
use devauth_aggregates::EndReason;
use serde::Deserialize;

use crate::app::App;
use crate::http::accounts::session;
use crate::http::auth::sessions::living;
use crate::http::body::NoBody;
use crate::http::docs::errors::{NoBodyErrors, ObjectErrors, PortalErrors};
use crate::http::error::ApiError;
use crate::http::extract::OwnedUser;
use crate::http::portal::applications::by;
use crate::http::portal::page::parse_id;
use crate::telemetry::SecurityEvent;

/// The path's last parameter; the others are the user's.
#[derive(Deserialize)]
pub struct SessionPath {
    session_id: String,
}

/// End one session of a user
#[utoipa::path(delete, path = "/v1/portal/applications/{app_id}/users/{id}/sessions/{session_id}",
    operation_id = "revokeUserSession", tag = "Application users",
    params(("app_id" = String, Path, description = "`app_…`"), ("id" = String, Path, description = "`usr_…`"),
        ("session_id" = String, Path, description = "`ses_…`")),
    responses((status = 204, description = "The session is over"), NoBodyErrors, PortalErrors, ObjectErrors),
    security(("portal_token" = []), ("portal_cookie" = [])))]
pub async fn revoke(
    State(app): State<App>,
    owned: OwnedUser,
    Path(path): Path<SessionPath>,
    _: NoBody,
) -> Result<StatusCode, ApiError> {
    let (application, user) = (owned.user.application_id, owned.user.id);
    let session = living(&app, application, user, parse_id(&path.session_id)?).await?;
    let context = by(&app, application, &owned.developer);
    session::end_as(&app, session, EndReason::Revoked, &context).await?;
    SecurityEvent::new("session_revoked").user(&user).session(&session).log();
    Ok(StatusCode::NO_CONTENT)
}
