//! `GET /v1/portal/developers/me`, `PATCH /v1/portal/developers/me`

use axum::extract::State;
use devauth_aggregates::{Label, User, UserCommand, portal};
use devauth_projections::event_log::Actor;
use devauth_projections::users::UserRow;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::DeveloperAnswer;
use crate::app::App;
use crate::http::accounts::session::gone_is_logged_out;
use crate::http::body::{Body, Change, Fields, Json};
use crate::http::docs::errors::{BodyErrors, PortalErrors};
use crate::http::error::ApiError;
use crate::http::extract::CurrentDeveloper;
use crate::http::portal::page::name_problem;
use crate::telemetry::SecurityEvent;

/// Show the developer who is logged in
#[utoipa::path(get, path = "/v1/portal/developers/me", operation_id = "getDeveloper", tag = "Developers",
    responses((status = 200, description = "The developer", body = DeveloperAnswer), PortalErrors),
    security(("portal_token" = []), ("portal_cookie" = [])))]
pub async fn me(current: CurrentDeveloper) -> Json<DeveloperAnswer> {
    Json(current.user.into())
}

/// A change of a developer.
#[derive(ToSchema)]
#[schema(as = DeveloperChange)]
pub struct DeveloperChangeBody {
    /// What they want to be called; null: by their address.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100)]
    pub name: Change<Label>,
}

impl Body for DeveloperChangeBody {
    fn read(fields: &mut Fields) -> Option<Self> {
        let name = fields.parse_change("name", |text| Label::parse(text).map_err(name_problem));
        Some(DeveloperChangeBody { name })
    }
}

/// Change the developer who is logged in
#[utoipa::path(patch, path = "/v1/portal/developers/me", operation_id = "updateDeveloper", tag = "Developers", request_body = DeveloperChangeBody,
    responses((status = 200, description = "The developer as they are now", body = DeveloperAnswer), PortalErrors, BodyErrors),
    security(("portal_token" = []), ("portal_cookie" = [])))]
pub async fn update(
    State(app): State<App>,
    current: CurrentDeveloper,
    Json(body): Json<DeveloperChangeBody>,
) -> Result<Json<DeveloperAnswer>, ApiError> {
    let CurrentDeveloper { request, user: before, .. } = current;
    // Of what is kept about a developer, their name is all.
    let metadata: Map<String, Value> = match body.name {
        Change::Keep => return Ok(Json(before.into())),
        Change::Clear => Map::new(),
        Change::Set(name) => Map::from_iter([("name".to_owned(), Value::from(name.as_str()))]),
    };
    let context = app.context(portal(), Actor::User(before.id), Some(before.id), &request);
    let command = UserCommand::ChangeMetadata { metadata: metadata.clone(), now: app.clock.now() };
    let changed = app.commands.execute::<User>(before.id, command, &context, |_| Vec::new()).await;
    let state = changed.map_err(gone_is_logged_out)?.state;
    SecurityEvent::new("metadata_changed").log();
    Ok(Json(UserRow { metadata: metadata.into(), updated_at: state.updated_at, ..before }.into()))
}
