//! `/v1/portal/applications/{app_id}/api-keys`

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use devauth_aggregates::{ApiKeyId, Application, ApplicationCommand, KeyType, Label};
use devauth_projections::Write;
use devauth_projections::api_keys::{self, ApiKeyRow};
use secrecy::ExposeSecret as _;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::applications::by;
use super::page::{Page, PageQuery, name_problem, one_of, parse_id};
use crate::app::App;
use crate::crypto::tokens::{ApiKey, ApiKeyKind};
use crate::http::body::{Body, Fields, Json, NoBody};
use crate::http::docs::errors::{
    BodyErrors, IdempotencyErrors, NoBodyErrors, ObjectErrors, PortalErrors, QueryErrors,
};
use crate::http::error::ApiError;
use crate::http::extract::OwnedApplication;
use crate::http::idempotency;
use crate::http::query::Query;
use crate::telemetry::SecurityEvent;

/// The most requests a minute that a key may be given.
const MOST_PER_MINUTE: i64 = 1_000_000;

/// An API key.
#[derive(Serialize, ToSchema)]
#[schema(as = ApiKey)]
pub struct ApiKeyBody {
    /// `key_…`
    #[schema(example = "key_01ja3vks5re0b8n1q2s4t6v8wx")]
    pub id: String,
    /// What its developer calls it.
    #[schema(example = "web server")]
    pub label: String,
    /// `secret` for servers, `publishable` for browsers and apps.
    #[serde(rename = "type")]
    #[schema(example = "secret", pattern = "^(secret|publishable)$")]
    pub key_type: &'static str,
    /// Its beginning, to tell keys apart.
    #[schema(example = "dvk_sk_3f9A2b")]
    pub prefix: String,
    /// Its own limit: the one that it was issued with, or the service's default of then; null (older keys): the service's of now.
    #[schema(required)]
    pub rate_limit_per_minute: Option<u32>,
    /// When it was issued.
    pub created_at: DateTime<Utc>,
    /// When it was used last, to the minute.
    #[schema(required)]
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    #[schema(required)]
    pub revoked_at: Option<DateTime<Utc>>,
    /// The key, shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub key: Option<String>,
}

fn type_name(key_type: KeyType) -> &'static str {
    match key_type {
        KeyType::Secret => "secret",
        KeyType::Publishable => "publishable",
    }
}

impl From<ApiKeyRow> for ApiKeyBody {
    fn from(row: ApiKeyRow) -> Self {
        ApiKeyBody {
            id: row.id.to_string(),
            label: row.label,
            key_type: type_name(row.key_type),
            prefix: row.prefix,
            rate_limit_per_minute: row.rate_limit_per_minute,
            created_at: row.created_at,
            last_used_at: row.last_used_at,
            revoked_at: row.revoked_at,
            key: None,
        }
    }
}

/// An API key to be.
#[derive(ToSchema)]
pub struct NewApiKey {
    /// What to call it.
    #[schema(value_type = String, min_length = 1, max_length = 100, example = "web server")]
    pub label: Label,
    /// `secret` (the default) for servers, `publishable` for browsers and apps.
    #[schema(rename = "type", value_type = String, required = false, default = "secret", pattern = "^(secret|publishable)$")]
    pub key_type: KeyType,
    /// Requests a minute; left out: the service's default of today, which the key then keeps.
    #[schema(value_type = u32, required = false, minimum = 1, maximum = 1_000_000)]
    pub rate_limit_per_minute: Option<u32>,
}

impl Body for NewApiKey {
    fn read(fields: &mut Fields) -> Option<Self> {
        let label = fields.parse("label", |text| Label::parse(text).map_err(name_problem));
        let key_type = fields.parse_optional("type", |text| {
            let types = [KeyType::Secret, KeyType::Publishable];
            one_of("secret or publishable", types.into_iter().find(|key_type| type_name(*key_type) == text))
        });
        let limit = fields.optional_integer("rate_limit_per_minute", 1..=MOST_PER_MINUTE);
        Some(NewApiKey {
            label: label?,
            key_type: key_type.unwrap_or(KeyType::Secret),
            rate_limit_per_minute: limit.and_then(|limit| u32::try_from(limit).ok()),
        })
    }
}

/// List an application's API keys, revoked ones included
#[utoipa::path(get, path = "/v1/portal/applications/{app_id}/api-keys", operation_id = "listApiKeys", tag = "API keys",
    params(("app_id" = String, Path, description = "`app_…`"), PageQuery),
    responses((status = 200, description = "The keys, oldest first", body = Page<ApiKeyBody>), PortalErrors, ObjectErrors, QueryErrors),
    security(("portal_token" = []), ("portal_cookie" = [])))]
pub async fn list(
    State(app): State<App>,
    owned: OwnedApplication,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<ApiKeyBody>>, ApiError> {
    let rows = api_keys::list(&app.pool, owned.application.id, page.after()?, page.limit + 1).await?;
    Ok(Json(Page::new(rows, page.limit, |row| row.id.to_string(), ApiKeyBody::from)))
}

/// Issue an API key
///
/// The answer holds the key, this once.
#[utoipa::path(post, path = "/v1/portal/applications/{app_id}/api-keys", operation_id = "issueApiKey", tag = "API keys", request_body = NewApiKey,
    params(("app_id" = String, Path, description = "`app_…`"), ("Idempotency-Key" = Option<String>, Header, nullable = false, min_length = 16, max_length = 64, pattern = "^[ -~]*$", description = "16 to 64 printable ASCII characters; a repeated request with the same key gets the same answer for 24 hours")),
    responses((status = 201, description = "The key", body = ApiKeyBody), PortalErrors, ObjectErrors, BodyErrors, IdempotencyErrors, TooManyErrors),
    security(("portal_token" = []), ("portal_cookie" = [])))]
pub async fn issue(
    State(app): State<App>,
    owned: OwnedApplication,
    headers: HeaderMap,
    Json(body): Json<NewApiKey>,
) -> Result<Response, ApiError> {
    let application = owned.application.id;
    let content = json!([body.label.as_str(), type_name(body.key_type), body.rate_limit_per_minute]);
    // What the service's default becomes later is for later keys.
    let rate_limit_per_minute = Some(body.rate_limit_per_minute.unwrap_or(app.config.rates.per_minute));
    let scope = format!("{application} issue key by {}", owned.developer.user.id);
    idempotency::once(&app, &headers, scope, &content, async |key| {
        let issued = ApiKey::generate(match body.key_type {
            KeyType::Secret => ApiKeyKind::Secret,
            KeyType::Publishable => ApiKeyKind::Publishable,
        });
        let (id, now) = (ApiKeyId::from_uuid(app.new_id()), app.clock.now());
        let answer = || ApiKeyBody {
            id: id.to_string(),
            label: body.label.as_str().to_owned(),
            key_type: type_name(body.key_type),
            prefix: issued.prefix.clone(),
            rate_limit_per_minute,
            created_at: now,
            last_used_at: None,
            revoked_at: None,
            key: Some(issued.text.expose_secret().to_owned()),
        };
        let command = ApplicationCommand::IssueApiKey {
            key_id: id,
            label: body.label.clone(),
            key_type: body.key_type,
            prefix: issued.prefix.clone(),
            rate_limit_per_minute,
            now,
        };
        let writes = |_: &Application| {
            let stored = serde_json::to_vec(&answer()).ok().zip(key.clone());
            let stored = stored.map(|(body, key)| Write::Answer { key, status: 201, body, about: None });
            [Write::ApiKey { key: id, hash: issued.hash }].into_iter().chain(stored).collect()
        };
        let context = by(&app, application, &owned.developer);
        app.commands.execute::<Application>(application, command, &context, writes).await?;
        SecurityEvent::new("api_key_created").key(&id).log();
        Ok((StatusCode::CREATED, Json(answer())).into_response())
    })
    .await
}

/// Revoke an API key
///
/// It stops working on every node within a second.
#[utoipa::path(delete, path = "/v1/portal/applications/{app_id}/api-keys/{key_id}", operation_id = "revokeApiKey", tag = "API keys",
    params(("app_id" = String, Path, description = "`app_…`"), ("key_id" = String, Path, description = "`key_…`")),
    responses((status = 204, description = "The key is revoked"), NoBodyErrors, PortalErrors, ObjectErrors),
    security(("portal_token" = []), ("portal_cookie" = [])))]
pub async fn revoke(
    State(app): State<App>,
    owned: OwnedApplication,
    path: Path<(String, String)>,
    _: NoBody,
) -> Result<StatusCode, ApiError> {
    let key_id: ApiKeyId = parse_id(&path.1)?;
    let application = owned.application.id;
    let command = ApplicationCommand::RevokeApiKey { key_id, now: app.clock.now() };
    let context = by(&app, application, &owned.developer);
    app.commands.execute::<Application>(application, command, &context, |_| Vec::new()).await?;
    app.api_keys.clear();
    SecurityEvent::new("api_key_revoked").key(&key_id).log();
    Ok(StatusCode::NO_CONTENT)
}

crate::error_set!(
    /// The application has as many keys as it may have.
    pub TooManyErrors = Conflict
);
