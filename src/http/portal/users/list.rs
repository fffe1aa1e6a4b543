//! `GET /v1/portal/applications/{app_id}/users`

use axum::extract::State;
use devauth_aggregates::UserId;
use devauth_projections::portal_users::{self, PortalUserRow, Start};
use devauth_projections::read_models::ReadModel;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::http::body::Json;
use crate::http::docs::errors::{ObjectErrors, PortalErrors, QueryErrors};
use crate::http::error::ApiError;
use crate::http::extract::OwnedApplication;
use crate::http::portal::freshness::{self, Behind};
use crate::http::portal::page::{Page, parse_cursor};
use crate::http::query::{Query, QueryFields, QueryParameters};
use crate::http::user::UserBody;

/// Which users are wanted.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct UserQuery {
    /// Which page, from 1. Pages shift while users sign up.
    #[param(minimum = 1, maximum = 1_000_000_000, default = 1, nullable = false)]
    pub page: Option<i64>,
    /// The most users to answer, 1 to 100.
    #[param(minimum = 1, maximum = 100, default = 50, required = false)]
    pub limit: i64,
    /// A part of the address; upper and lower case are the same.
    #[param(nullable = false)]
    pub search: Option<String>,
    /// `next_cursor` of an earlier answer, which wins over `page`: nobody comes twice and nobody is left out, whoever signs up meanwhile.
    #[param(value_type = Option<String>, nullable = false)]
    pub cursor: Option<UserId>,
}

impl QueryParameters for UserQuery {
    fn read(fields: &mut QueryFields) -> Option<Self> {
        let page = fields.page();
        let limit = fields.limit();
        let search = fields.optional_string("search");
        let cursor = fields.parse_optional("cursor", parse_cursor);
        Some(UserQuery { page, limit, search, cursor })
    }
}

/// A part of the users.
#[derive(Serialize, ToSchema)]
pub struct UserList {
    /// The users, newest first.
    pub data: Vec<UserBody>,
    /// Which page this is; null if a cursor was given.
    #[schema(required)]
    pub page: Option<i64>,
    /// The most users it could have.
    pub limit: i64,
    /// How many users there are, or how many the search finds.
    pub total: i64,
    /// For the users that follow; null if there are none.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

impl From<PortalUserRow> for UserBody {
    fn from(row: PortalUserRow) -> Self {
        UserBody {
            id: row.id.to_string(),
            app_id: row.application_id.to_string(),
            email: row.email,
            email_verified: row.email_verified,
            status: row.status,
            metadata: row.metadata,
            created_at: row.created_at,
            updated_at: row.updated_at,
            last_login_at: row.last_login_at,
        }
    }
}

/// List and search the application's users
#[utoipa::path(get, path = "/v1/portal/applications/{app_id}/users", operation_id = "listUsers", tag = "Application users",
    params(("app_id" = String, Path, description = "`app_…`"), UserQuery),
    responses((status = 200, description = "The users, newest first", body = UserList,
               headers(("x-devauth-behind" = String, description = "`true` if what happened last is not in it yet; else absent"))),
              PortalErrors, ObjectErrors, QueryErrors),
    security(("portal_token" = []), ("portal_cookie" = [])))]
pub async fn list(
    State(app): State<App>,
    owned: OwnedApplication,
    Query(query): Query<UserQuery>,
) -> Result<(Behind, Json<UserList>), ApiError> {
    let UserQuery { page, limit, search, cursor } = query;
    let (page, start) = match cursor {
        Some(user) => (None, Start::After(user)),
        None => {
            let page = page.unwrap_or(1);
            (Some(page), Start::Skip((page - 1) * limit))
        }
    };
    let (application, search) = (owned.application.id, search.as_deref());
    let (behind, (rows, total)) =
        freshness::read(&app, application, &[ReadModel::PortalUsers], |mut connection| async move {
            let rows = portal_users::list(&mut connection, application, search, start, limit + 1).await?;
            Ok((rows, portal_users::count(&mut connection, application, search).await?))
        })
        .await?;
    let Page { data, next_cursor } = Page::new(rows, limit, |row| row.id.to_string(), UserBody::from);
    Ok((behind, Json(UserList { data, page, limit, total, next_cursor })))
}
