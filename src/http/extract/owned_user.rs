//! The user that a developer's request is about.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use devauth_aggregates::UserId;
use devauth_projections::users::{self, UserRow};

use super::{CurrentDeveloper, OwnedApplication};
use crate::app::App;
use crate::http::error::{ApiError, ErrorCode};

/// A user of an application of the developer who calls; another application's is not there.
pub struct OwnedUser {
    /// The developer.
    pub developer: CurrentDeveloper,
    /// The user.
    pub user: UserRow,
}

/// Path parameters of routes below a user.
#[derive(serde::Deserialize)]
struct UserPath {
    id: String,
}

impl FromRequestParts<App> for OwnedUser {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let owned = OwnedApplication::from_request_parts(parts, app).await?;
        let Path(path) = Path::<UserPath>::from_request_parts(parts, app)
            .await
            .map_err(|_malformed| ErrorCode::NotFound)?;
        let id: UserId = path.id.parse().map_err(|_not_an_id| ErrorCode::NotFound)?;
        let user = users::get(&app.pool, owned.application.id, id).await?.ok_or(ErrorCode::NotFound)?;
        Ok(OwnedUser { developer: owned.developer, user })
    }
}
