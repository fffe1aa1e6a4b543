//! `GET /v1/portal/applications/{app_id}/audit-logs`

mod cursor;

use axum::extract::State;
use chrono::{DateTime, Utc};
use devauth_aggregates::{ApplicationId, UserId};
use devauth_projections::audit_log::{self, Action, Entry, Filter};
use devauth_projections::read_models::ReadModel;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::freshness::{self, Behind};
use super::page::{Page, PageQuery, one_of};
use crate::app::App;
use crate::http::body::{FieldProblem, Json};
use crate::http::docs::errors::{ObjectErrors, PortalErrors, QueryErrors};
use crate::http::error::ApiError;
use crate::http::extract::OwnedApplication;
use crate::http::query::{Query, QueryFields, QueryParameters};
use cursor::Cursor;

/// Which entries are wanted.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    /// Only what is called so, such as `login_failed`.
    #[param(value_type = String, required = false, example = "login_failed")]
    pub action: Option<Action>,
    /// Only what happened to this user: `usr_…`. A user whom the application doesn't have has no entries.
    #[param(value_type = String, required = false)]
    pub user_id: Option<UserId>,
    /// Only what happened then or later (RFC 3339).
    #[param(required = false, nullable = false)]
    pub from: Option<DateTime<Utc>>,
    /// Only what happened before (RFC 3339).
    #[param(required = false, nullable = false)]
    pub to: Option<DateTime<Utc>>,
    /// The most entries to answer, 1 to 100.
    #[param(minimum = 1, maximum = 100, default = 50, required = false)]
    pub limit: i64,
    /// `next_cursor` of the page before.
    #[param(nullable = false)]
    pub cursor: Option<String>,
}

impl QueryParameters for AuditQuery {
    fn read(fields: &mut QueryFields) -> Option<Self> {
        let action =
            fields.parse_optional("action", |text| one_of("an action of the audit log", Action::named(text)));
        let user_id = fields.parse_optional("user_id", |text| {
            text.parse().map_err(|_not_an_id| FieldProblem::new("invalid_id", "must be the id of a user"))
        });
        let from = fields.optional_time("from");
        let to = fields.optional_time("to");
        let PageQuery { limit, cursor } = PageQuery::read(fields)?;
        Some(AuditQuery { action, user_id, from, to, limit, cursor })
    }
}

/// Who did it.
#[derive(Serialize, ToSchema)]
pub struct AuditActor {
    /// `user`, `developer`, `service`, or `anonymous` for somebody who proved nothing.
    #[serde(rename = "type")]
    #[schema(example = "user", pattern = "^(user|developer|anonymous|service)$")]
    pub kind: String,
    /// `usr_…` or `dev_…`; null for the others.
    #[schema(required, example = "usr_01ja3vks5re0b8n1q2s4t6v8wx")]
    pub id: Option<String>,
}

/// Something that happened in an application.
#[derive(Serialize, ToSchema)]
pub struct AuditEntry {
    /// `aud_…`
    #[schema(example = "aud_01ja3vks5re0b8n1q2s4t6v8wx")]
    pub id: String,
    /// What happened.
    #[schema(example = "login")]
    pub action: String,
    /// When.
    pub occurred_at: DateTime<Utc>,
    /// Who did it.
    #[schema(inline = false)]
    pub actor: AuditActor,
    /// `app_…`
    #[schema(example = "app_01ja3vks5re0b8n1q2s4t6v8wx")]
    pub app_id: String,
    /// To whom it happened: `usr_…`; null for what happens to the application itself, and where nobody has the address.
    #[schema(required, example = "usr_01ja3vks5re0b8n1q2s4t6v8wx")]
    pub user_id: Option<String>,
    /// Where the request came from; null once that person is erased.
    #[schema(required, example = "192.0.2.7")]
    pub client_address: Option<String>,
    /// What the client calls itself; null once that person is erased.
    #[schema(required, example = "Mozilla/5.0")]
    pub user_agent: Option<String>,
    /// The request.
    #[schema(required, example = "01932d5e-8a3b-7c1d-9f4e-2b6a7c8d9e0f")]
    pub request_id: Option<String>,
    /// Why, for what failed: `unknown_address`, `wrong_password`, `suspended`, `email_unverified`, `account_locked` or `account_protected`.
    #[schema(required, example = "wrong_password")]
    pub reason: Option<String>,
    /// Further ones of the same quarter of an hour that have no entry of their own; absent if there are none. Somebody who
    /// guesses fills twenty entries for an address in that time and no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = i64, required = false, minimum = 1)]
    pub suppressed: Option<i64>,
}

impl AuditEntry {
    fn new(application: ApplicationId, entry: Entry) -> Self {
        AuditEntry {
            id: entry.id.to_string(),
            action: entry.action,
            occurred_at: entry.occurred_at,
            actor: AuditActor { kind: entry.actor_type, id: entry.actor_id },
            app_id: application.to_string(),
            user_id: entry.user.map(|user| user.to_string()),
            client_address: entry.client_address,
            user_agent: entry.user_agent,
            request_id: entry.request_id,
            reason: entry.reason,
            suppressed: Some(entry.suppressed).filter(|suppressed| *suppressed > 0),
        }
    }
}

/// Read an application's audit log
///
/// Newest first: what its users and developers did, and which logins failed and why.
#[utoipa::path(get, path = "/v1/portal/applications/{app_id}/audit-logs", operation_id = "listAuditLogs", tag = "Audit",
    params(("app_id" = String, Path, description = "`app_…`"), AuditQuery),
    responses((status = 200, description = "The entries, newest first", body = Page<AuditEntry>,
               headers(("x-devauth-behind" = String, description = "`true` if what happened last is not in it yet; else absent"))),
              PortalErrors, QueryErrors, ObjectErrors),
    security(("portal_token" = []), ("portal_cookie" = [])))]
pub async fn list(
    State(app): State<App>,
    owned: OwnedApplication,
    Query(query): Query<AuditQuery>,
) -> Result<(Behind, Json<Page<AuditEntry>>), ApiError> {
    let application = owned.application.id;
    let AuditQuery { action, user_id: user, from, to, limit, cursor } = query;
    let after = PageQuery { limit, cursor }.after::<Cursor>()?.map(|cursor| cursor.0);
    let filter = &Filter { action, user, from, to, after };
    app.login_failures.settled(freshness::patience(&app)).await;
    let (behind, entries) =
        freshness::read(&app, application, &[ReadModel::AuditLog], |mut connection| async move {
            audit_log::list(&mut connection, application, filter, limit + 1).await
        })
        .await?;
    let place = |entry: &Entry| Cursor(entry.place()).to_string();
    let page = Page::new(entries, limit, place, |entry| AuditEntry::new(application, entry));
    Ok((behind, Json(page)))
}
