//! `GET /v1/portal/applications/{app_id}/users/{id}/history`

use axum::extract::{Path, State};
use chrono::{DateTime, Utc};
use devauth_aggregates::UserId;
use devauth_projections::feed::{self, Opened};
use devauth_projections::history::{self, PastUser};
use devauth_projections::users;
use serde::Serialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::http::body::Json;
use crate::http::docs::errors::{ObjectErrors, PortalErrors, QueryErrors};
use crate::http::error::{ApiError, ErrorCode};
use crate::http::extract::OwnedApplication;
use crate::http::portal::events::EventBody;
use crate::http::portal::freshness::{self, Behind};
use crate::http::portal::page::parse_id;
use crate::http::query::{Query, QueryFields, QueryParameters};
use crate::http::user::status_name;

/// Up to when.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct HistoryQuery {
    /// The moment to look at (RFC 3339); left out: now.
    #[param(nullable = false, example = "2026-01-31T12:00:00Z")]
    pub at: Option<DateTime<Utc>>,
}

impl QueryParameters for HistoryQuery {
    fn read(fields: &mut QueryFields) -> Option<Self> {
        Some(HistoryQuery { at: fields.optional_time("at") })
    }
}

/// What happened to a user by a moment, and who they were then.
#[derive(Serialize, ToSchema)]
pub struct History {
    /// Events of the user and of their sessions, in the order in which they were committed.
    pub data: Vec<EventBody>,
    /// The moment.
    pub at: DateTime<Utc>,
    /// The user at that moment; null before they signed up and after they were erased.
    #[schema(required)]
    pub state: Option<PastUserBody>,
}

/// A user as they were. If they were erased since, who they were is gone: then address and metadata are null.
#[derive(Serialize, ToSchema)]
#[schema(as = PastUser)]
pub struct PastUserBody {
    /// `usr_…`
    #[schema(example = "usr_01ja3vks5re0b8n1q2s4t6v8wx")]
    pub id: String,
    /// `app_…`
    #[schema(example = "app_01ja3vks5re0b8n1q2s4t6v8wx")]
    pub app_id: String,
    /// The address as it was typed.
    #[schema(required, format = "email", example = "ada@example.org")]
    pub email: Option<String>,
    /// Whether the user had proved that the address is theirs.
    pub email_verified: bool,
    /// Whether the user could log in.
    #[schema(example = "active", pattern = "^(active|suspended)$")]
    pub status: &'static str,
    /// What the application kept with the user.
    #[schema(required, value_type = Option<Object>)]
    pub metadata: Option<Value>,
    /// When they signed up.
    pub created_at: DateTime<Utc>,
    /// When something about them had changed last.
    pub updated_at: DateTime<Utc>,
    /// Their last login by then.
    #[schema(required)]
    pub last_login_at: Option<DateTime<Utc>>,
}

impl PastUserBody {
    fn new(id: UserId, past: PastUser) -> Self {
        let PastUser { user, last_login_at } = past;
        PastUserBody {
            id: id.to_string(),
            app_id: user.app_id.to_string(),
            email: user.email.as_ref().cloned(),
            email_verified: user.email_verified,
            status: status_name(user.status),
            metadata: user.metadata.as_ref().cloned().map(Value::Object),
            created_at: user.created_at,
            updated_at: user.updated_at,
            last_login_at,
        }
    }
}

/// Show what happened to a user, and who they were at a moment
///
/// Also of a user who was erased: what happened stays, and what said who they were is null.
#[utoipa::path(get, path = "/v1/portal/applications/{app_id}/users/{id}/history", operation_id = "getUserHistory", tag = "Application users",
    params(("app_id" = String, Path, description = "`app_…`"), ("id" = String, Path, description = "`usr_…`"), HistoryQuery),
    responses((status = 200, description = "The history", body = History,
               headers(("x-devauth-behind" = String, description = "`true` if what happened last is not in it yet; else absent"))),
              PortalErrors, ObjectErrors, QueryErrors),
    security(("portal_token" = []), ("portal_cookie" = [])))]
pub async fn get(
    State(app): State<App>,
    owned: OwnedApplication,
    path: Path<(String, String)>,
    Query(HistoryQuery { at }): Query<HistoryQuery>,
) -> Result<(Behind, Json<History>), ApiError> {
    let (application, user) = (owned.application.id, parse_id::<UserId>(&path.1)?);
    let (behind, all) = freshness::read(&app, application, &[], |mut connection| async move {
        feed::of_user(&mut connection, application, user).await
    })
    .await?;
    // Who signed up a moment ago is there, though the log may be behind.
    if all.is_empty() && users::get(&app.pool, application, user).await?.is_none() {
        return Err(ErrorCode::NotFound.into());
    }
    // Without a moment: everything. Another node's clock may be ahead of this one's.
    let newest = all.iter().map(|event| event.recorded_at).max();
    let at = at.unwrap_or_else(|| app.clock.now().max(newest.unwrap_or_default()));
    let events = app.commands.log().open(history::until(all, at)).await?;
    let data = events.iter().map(EventBody::from).collect();
    let understood = events.into_iter().map(Opened::understand).collect::<Result<Vec<_>, _>>()?;
    let state = history::state(&understood).map(|past| PastUserBody::new(user, past));
    Ok((behind, Json(History { data, at, state })))
}
