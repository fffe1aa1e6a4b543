//! `GET /v1/auth/sessions`, `DELETE /v1/auth/sessions/{id}`

use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use devauth_aggregates::{ApplicationId, EndReason, SessionId, UserId};
use devauth_projections::sessions::{self, SessionRow, Which};
use serde::Serialize;
use tracing::Instrument as _;
use utoipa::ToSchema;

use crate::app::App;
use crate::http::accounts::session;
use crate::http::body::{Json, NoBody};
use crate::http::device::device;
use crate::http::docs::errors::{AppKeyErrors, NoBodyErrors, ObjectErrors, TokenErrors};
use crate::http::error::{ApiError, ErrorCode};
use crate::http::extract::{CurrentUser, PathId};
use crate::telemetry::{SecurityEvent, traces};

/// A session, as its user sees it.
#[derive(Serialize, ToSchema)]
#[schema(as = Session)]
pub struct SessionBody {
    /// `ses_…`
    #[schema(example = "ses_01ja3vks5re0b8n1q2s4t6v8wx")]
    pub id: String,
    /// The login.
    pub created_at: DateTime<Utc>,
    /// The last refresh, or the login.
    pub last_used_at: DateTime<Utc>,
    /// When it ends by itself.
    pub expires_at: DateTime<Utc>,
    /// Address that the login came from.
    #[schema(required, example = "192.0.2.1")]
    pub client_address: Option<String>,
    /// What the client called itself.
    #[schema(required)]
    pub user_agent: Option<String>,
    /// The same in short.
    #[schema(required, example = "Firefox on Linux")]
    pub device: Option<String>,
    /// Whether this request came with it.
    pub current: bool,
}

impl SessionBody {
    /// A session as `current` sees it.
    pub fn new(row: SessionRow, current: Option<SessionId>) -> Self {
        SessionBody {
            id: row.id.to_string(),
            created_at: row.created_at,
            last_used_at: row.last_used_at,
            expires_at: row.expires_at,
            device: row.user_agent.as_deref().and_then(device),
            client_address: row.client_address,
            user_agent: row.user_agent,
            current: current == Some(row.id),
        }
    }
}

/// A list of sessions.
#[derive(Serialize, ToSchema)]
pub struct SessionList {
    /// Newest first.
    pub data: Vec<SessionBody>,
    /// Always null: all are here.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

impl SessionList {
    /// All sessions of a user as `current` sees them.
    pub fn new(rows: Vec<SessionRow>, current: SessionId) -> Self {
        let data = rows.into_iter().map(|row| SessionBody::new(row, Some(current))).collect();
        SessionList { data, next_cursor: None }
    }
}

/// List the user's living sessions
#[utoipa::path(get, path = "/v1/auth/sessions", operation_id = "listSessions", tag = "Sessions",
    responses((status = 200, description = "The sessions", body = SessionList), AppKeyErrors, TokenErrors),
    security(("app_id" = [], "api_key" = [], "access_token" = [])))]
pub async fn list(State(app): State<App>, current: CurrentUser) -> Result<Json<SessionList>, ApiError> {
    let application = current.client.application().id;
    let rows = sessions::list(&app.pool, application, current.user.id, app.clock.now()).await?;
    Ok(Json(SessionList::new(rows, current.session.id)))
}

/// End one of the user's sessions
#[utoipa::path(delete, path = "/v1/auth/sessions/{id}", operation_id = "revokeSession", tag = "Sessions",
    params(("id" = String, Path, description = "`ses_…`")),
    responses((status = 204, description = "The session is over"), AppKeyErrors, NoBodyErrors, TokenErrors, ObjectErrors),
    security(("app_id" = [], "api_key" = [], "access_token" = [])))]
pub async fn revoke(
    State(app): State<App>,
    current: CurrentUser,
    PathId(id): PathId<SessionId>,
    _: NoBody,
) -> Result<StatusCode, ApiError> {
    let application = current.client.application().id;
    let session = living(&app, application, current.user.id, id).await?;
    let user = Some(current.user.id);
    session::end(&app, application, session, user, EndReason::Revoked, &current.client.request).await?;
    SecurityEvent::new("session_revoked").session(&session).log();
    Ok(StatusCode::NO_CONTENT)
}

/// The session with this id, if it is a living one of `user`.
///
/// # Errors
/// `not_found` if it isn't, or Postgres is away.
pub async fn living(
    app: &App,
    application: ApplicationId,
    user: UserId,
    session: SessionId,
) -> Result<SessionId, ApiError> {
    let which = Which { application, session, now: app.clock.now() };
    let found = app
        .live_sessions
        .ask(which)
        .instrument(traces::look_up("session"))
        .await?
        .filter(|(_, owner)| owner.id == user);
    found.map(|_| session).ok_or(ErrorCode::NotFound.into())
}
