//! `GET /v1/portal/applications/{app_id}/events`

use axum::extract::State;
use chrono::{DateTime, Utc};
use devauth_aggregates::{UserId, developer_id};
use devauth_projections::feed::{self, Opened};
use serde::Serialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::freshness::{self, Behind};
use super::page::Page;
use crate::app::App;
use crate::http::body::Json;
use crate::http::docs::errors::{ObjectErrors, PortalErrors, QueryErrors};
use crate::http::error::ApiError;
use crate::http::extract::OwnedApplication;
use crate::http::query::{Query, QueryFields, QueryParameters};

/// Something that happened. What was personal about a person who was erased since is null.
#[derive(Serialize, ToSchema)]
#[schema(as = Event)]
pub struct EventBody {
    /// Its place in the log. Positions grow; those between are other applications'.
    #[schema(example = 1042)]
    pub position: i64,
    /// What happened.
    #[serde(rename = "type")]
    #[schema(example = "UserRegistered")]
    pub event_type: String,
    /// Version of the form of `data`.
    #[schema(example = "1.0")]
    pub version: String,
    /// `User`, `Session` or `Application`.
    #[schema(example = "User")]
    pub aggregate_type: String,
    /// To whom or what.
    #[schema(example = "usr_01ja3vks5re0b8n1q2s4t6v8wx")]
    pub aggregate_id: String,
    /// Its place among the events of this one, from 1.
    #[schema(example = 1)]
    pub sequence: i64,
    /// When.
    pub occurred_at: DateTime<Utc>,
    /// What there is to say of it.
    #[schema(value_type = Object)]
    pub data: Value,
    /// Who did it, from where, on which request.
    #[schema(value_type = Object)]
    pub metadata: Value,
}

impl From<&Opened> for EventBody {
    fn from(event: &Opened) -> Self {
        let (mut data, metadata) = event.shown();
        // The log knows one kind of user; here the same person is the developer that everything else names.
        if let Some(owner) = data.get_mut("owner")
            && let Some(user) = owner.as_str().and_then(|id| id.parse::<UserId>().ok())
        {
            *owner = developer_id(user).to_string().into();
        }
        let stored = &event.stored;
        EventBody {
            position: stored.position,
            event_type: stored.event_type.clone(),
            version: stored.event_version.clone(),
            aggregate_type: stored.aggregate_type.clone(),
            aggregate_id: stored.aggregate_id.clone(),
            sequence: stored.sequence,
            occurred_at: stored.recorded_at,
            data,
            metadata,
        }
    }
}

/// Which part of the log is wanted.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct EventQuery {
    /// Position of the last event that is known already.
    #[param(minimum = 0, default = 0, required = false)]
    pub after: i64,
    /// The most events to answer, 1 to 100.
    #[param(minimum = 1, maximum = 100, default = 50, required = false)]
    pub limit: i64,
}

impl QueryParameters for EventQuery {
    fn read(fields: &mut QueryFields) -> Option<Self> {
        let after = fields.integer_or("after", 0, 0..=i64::MAX);
        let limit = fields.limit();
        Some(EventQuery { after, limit })
    }
}

/// List the application's events
///
/// In the order in which they were committed. Who asks again with the position of the last event as `after` misses none and
/// sees none twice.
#[utoipa::path(get, path = "/v1/portal/applications/{app_id}/events", operation_id = "listEvents", tag = "Audit",
    params(("app_id" = String, Path, description = "`app_…`"), EventQuery),
    responses((status = 200, description = "The events; `next_cursor` is the `after` of the next part", body = Page<EventBody>,
               headers(("x-devauth-behind" = String, description = "`true` if what happened last is not in it yet; else absent"))),
              PortalErrors, ObjectErrors, QueryErrors),
    security(("portal_token" = []), ("portal_cookie" = [])))]
pub async fn list(
    State(app): State<App>,
    owned: OwnedApplication,
    Query(query): Query<EventQuery>,
) -> Result<(Behind, Json<Page<EventBody>>), ApiError> {
    let application = owned.application.id;
    let EventQuery { after, limit } = query;
    let (behind, stored) = freshness::read(&app, application, &[], |mut connection| async move {
        feed::of_application(&mut connection, application, after, limit + 1).await
    })
    .await?;
    // The keys of personal data are asked for where they are destroyed.
    let events = app.commands.log().open(stored).await?;
    let position = |event: &Opened| event.stored.position.to_string();
    Ok((behind, Json(Page::new(events, limit, position, |event| (&event).into()))))
}
