//! `/v1/portal/applications`

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use devauth_aggregates::{
    Application, ApplicationCommand, ApplicationId, ApplicationName, Environment, SettingsChange, UserId,
};
use devauth_projections::Write;
use devauth_projections::applications::{self, ApplicationRow};
use devauth_projections::event_log::{Actor, Context};
use secrecy::ExposeSecret as _;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::page::{Page, PageQuery, name_problem, one_of};
use super::settings::{self, SettingsBody, SettingsChangeBody};
use crate::app::App;
use crate::crypto::tokens::generate_app_secret;
use crate::http::body::{Body, Fields, Json, NoBody};
use crate::http::context::record_app;
use crate::http::docs::errors::{
    BodyErrors, IdempotencyErrors, NoBodyErrors, ObjectErrors, PortalErrors, QueryErrors,
};
use crate::http::error::ApiError;
use crate::http::extract::{CurrentDeveloper, OwnedApplication};
use crate::http::idempotency;
use crate::http::query::Query;
use crate::telemetry::SecurityEvent;

/// An application.
#[derive(Serialize, ToSchema)]
#[schema(as = Application)]
pub struct ApplicationBody {
    /// `app_…`
    #[schema(example = "app_01ja3vks5re0b8n1q2s4t6v8wx")]
    pub app_id: String,
    /// As its users see it in mails.
    #[schema(example = "Acme")]
    pub name: String,
    /// What it is for.
    #[schema(example = "development", pattern = "^(development|staging|production)$")]
    pub environment: String,
    /// What its developer set.
    #[schema(inline = false)]
    pub settings: SettingsBody,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it changed last.
    pub updated_at: DateTime<Utc>,
    /// Authenticates plain RFC 7662 introspection. Shown at creation and rotation, and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub app_secret: Option<String>,
}

const ENVIRONMENTS: [(&str, Environment); 3] = [
    ("development", Environment::Development),
    ("staging", Environment::Staging),
    ("production", Environment::Production),
];

impl ApplicationBody {
    fn new(id: ApplicationId, state: &Application, app_secret: Option<String>) -> Self {
        let environment = ENVIRONMENTS.iter().find(|(_, environment)| *environment == state.environment);
        ApplicationBody {
            app_id: id.to_string(),
            name: state.name.clone(),
            environment: environment.map(|(name, _)| (*name).to_owned()).unwrap_or_default(),
            settings: state.settings.clone().into(),
            created_at: state.created_at,
            updated_at: state.updated_at,
            app_secret,
        }
    }
}

impl From<ApplicationRow> for ApplicationBody {
    fn from(row: ApplicationRow) -> Self {
        ApplicationBody {
            app_id: row.id.to_string(),
            name: row.name,
            environment: row.environment,
            settings: row.settings.into(),
            created_at: row.created_at,
            updated_at: row.updated_at,
            app_secret: None,
        }
    }
}

/// An application to be.
#[derive(ToSchema)]
pub struct NewApplication {
    /// As its users see it in mails.
    #[schema(value_type = String, min_length = 1, max_length = 100, example = "Acme")]
    pub name: ApplicationName,
    /// `development`, `staging` or `production`; not to be changed later.
    #[schema(value_type = String, example = "development", pattern = "^(development|staging|production)$")]
    pub environment: Environment,
}

impl Body for NewApplication {
    fn read(fields: &mut Fields) -> Option<Self> {
        let name = fields.parse("name", |text| ApplicationName::parse(text).map_err(name_problem));
        let environment = fields.parse("environment", |text| {
            let found = ENVIRONMENTS.iter().find(|(name, _)| *name == text);
            one_of("development, staging or production", found.map(|(_, environment)| *environment))
        });
        Some(NewApplication { name: name?, environment: environment? })
    }
}

/// A change of an application.
#[derive(ToSchema)]
pub struct ApplicationChange {
    /// Its new name.
    #[schema(value_type = String, required = false, min_length = 1, max_length = 100)]
    pub name: Option<ApplicationName>,
    /// The settings to change.
    #[schema(value_type = SettingsChangeBody, required = false)]
    pub settings: Option<SettingsChange>,
}

impl Body for ApplicationChange {
    fn read(fields: &mut Fields) -> Option<Self> {
        let name = fields.parse_optional("name", |text| ApplicationName::parse(text).map_err(name_problem));
        let settings = fields.optional_nested("settings", settings::read);
        Some(ApplicationChange { name, settings })
    }
}

/// List your applications
#[utoipa::path(get, path = "/v1/portal/applications", operation_id = "listApplications", tag = "Applications", params(PageQuery),
    responses((status = 200, description = "The applications, oldest first", body = Page<ApplicationBody>), PortalErrors, QueryErrors),
    security(("portal_token" = []), ("portal_cookie" = [])))]
pub async fn list(
    State(app): State<App>,
    developer: CurrentDeveloper,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<ApplicationBody>>, ApiError> {
    let rows = applications::list(&app.pool, developer.user.id, page.after()?, page.limit + 1).await?;
    Ok(Json(Page::new(rows, page.limit, |row| row.id.to_string(), ApplicationBody::from)))
}

/// Create an application
///
/// The answer holds its secret, this once.
#[utoipa::path(post, path = "/v1/portal/applications", operation_id = "createApplication", tag = "Applications", request_body = NewApplication,
    params(("Idempotency-Key" = Option<String>, Header, nullable = false, min_length = 16, max_length = 64, pattern = "^[ -~]*$", description = "16 to 64 printable ASCII characters; a repeated request with the same key gets the same answer for 24 hours")),
    responses((status = 201, description = "The application", body = ApplicationBody), PortalErrors, BodyErrors, IdempotencyErrors),
    security(("portal_token" = []), ("portal_cookie" = [])))]
pub async fn create(
    State(app): State<App>,
    developer: CurrentDeveloper,
    headers: HeaderMap,
    Json(body): Json<NewApplication>,
) -> Result<Response, ApiError> {
    let owner = developer.user.id;
    let content = json!([body.name.as_str(), body.environment]);
    idempotency::once(&app, &headers, format!("{owner} create application"), &content, async |key| {
        let id = ApplicationId::from_uuid(app.new_id());
        let secret = generate_app_secret().expose_secret().to_owned();
        let command = ApplicationCommand::CreateApplication {
            owner,
            name: body.name,
            environment: body.environment,
            now: app.clock.now(),
        };
        let writes = |state: &Application| {
            let answer = serde_json::to_vec(&ApplicationBody::new(id, state, Some(secret.clone()))).ok();
            let stored = answer.zip(key.clone()).map(|(body, key)| Write::Answer {
                key,
                status: 201,
                body,
                about: None,
            });
            let secret = Write::ApplicationSecret { application: id, secret: secret.clone() };
            [secret].into_iter().chain(stored).collect()
        };
        let context = by(&app, id, &developer);
        let state = app.commands.execute::<Application>(id, command, &context, writes).await?.state;
        record_app(id);
        SecurityEvent::new("application_created").log();
        let created = ApplicationBody::new(id, &state, Some(secret));
        Ok((StatusCode::CREATED, Json(created)).into_response())
    })
    .await
}

/// Show one of your applications
#[utoipa::path(get, path = "/v1/portal/applications/{app_id}", operation_id = "getApplication", tag = "Applications",
    params(("app_id" = String, Path, description = "`app_…`")),
    responses((status = 200, description = "The application", body = ApplicationBody), PortalErrors, ObjectErrors),
    security(("portal_token" = []), ("portal_cookie" = [])))]
pub async fn get(owned: OwnedApplication) -> Json<ApplicationBody> {
    Json(owned.application.into())
}

/// Change name or settings of an application
#[utoipa::path(patch, path = "/v1/portal/applications/{app_id}", operation_id = "updateApplication", tag = "Applications", request_body = ApplicationChange,
    params(("app_id" = String, Path, description = "`app_…`")),
    responses((status = 200, description = "The application as it is now", body = ApplicationBody), PortalErrors, BodyErrors, ObjectErrors),
    security(("portal_token" = []), ("portal_cookie" = [])))]
pub async fn update(
    State(app): State<App>,
    owned: OwnedApplication,
    Json(body): Json<ApplicationChange>,
) -> Result<Json<ApplicationBody>, ApiError> {
    let ApplicationChange { name, settings } = body;
    let command = ApplicationCommand::UpdateApplication { name, settings, now: app.clock.now() };
    let state = execute(&app, &owned, command, Vec::new).await?;
    SecurityEvent::new("application_updated").log();
    Ok(Json(ApplicationBody::new(owned.application.id, &state, None)))
}

/// Delete an application
///
/// Its keys stop working and its users can't come in any more. There is no way back.
#[utoipa::path(delete, path = "/v1/portal/applications/{app_id}", operation_id = "deleteApplication", tag = "Applications",
    params(("app_id" = String, Path, description = "`app_…`")),
    responses((status = 204, description = "The application is gone"), NoBodyErrors, PortalErrors, ObjectErrors),
    security(("portal_token" = []), ("portal_cookie" = [])))]
pub async fn delete(
    State(app): State<App>,
    owned: OwnedApplication,
    _: NoBody,
) -> Result<StatusCode, ApiError> {
    let command = ApplicationCommand::DeleteApplication { now: app.clock.now() };
    execute(&app, &owned, command, Vec::new).await?;
    SecurityEvent::new("application_deleted").log();
    Ok(StatusCode::NO_CONTENT)
}

/// Replace the application's secret
///
/// The one before stops working. The answer holds the new one, this once.
#[utoipa::path(post, path = "/v1/portal/applications/{app_id}/secret/rotate", operation_id = "rotateAppSecret", tag = "Applications",
    params(("app_id" = String, Path, description = "`app_…`")),
    responses((status = 200, description = "The application with its new secret", body = ApplicationBody), NoBodyErrors, PortalErrors, ObjectErrors),
    security(("portal_token" = []), ("portal_cookie" = [])))]
pub async fn rotate_secret(
    State(app): State<App>,
    owned: OwnedApplication,
    _: NoBody,
) -> Result<Json<ApplicationBody>, ApiError> {
    let application = owned.application.id;
    let secret = generate_app_secret().expose_secret().to_owned();
    let command = ApplicationCommand::RotateAppSecret { now: app.clock.now() };
    let writes = || vec![Write::ApplicationSecret { application, secret: secret.clone() }];
    let state = execute(&app, &owned, command, writes).await?;
    SecurityEvent::new("app_secret_rotated").log();
    Ok(Json(ApplicationBody::new(application, &state, Some(secret))))
}

/// A command of the application's owner; this node sees what it changed at once.
async fn execute(
    app: &App,
    owned: &OwnedApplication,
    command: ApplicationCommand,
    writes: impl Fn() -> Vec<Write> + Send + Sync,
) -> Result<Application, ApiError> {
    let id = owned.application.id;
    let context = by(app, id, &owned.developer);
    let outcome = app.commands.execute::<Application>(id, command, &context, |_| writes()).await?;
    app.api_keys.clear();
    Ok(outcome.state)
}

/// What is recorded with a developer's command.
pub(super) fn by(app: &App, application: ApplicationId, developer: &CurrentDeveloper) -> Context {
    let user: UserId = developer.user.id;
    app.context(application, Actor::Developer(user), Some(user), &developer.request)
}
