//! `GET /v1/auth/me`

use crate::http::body::Json;
use crate::http::docs::errors::{AppKeyErrors, TokenErrors};
use crate::http::extract::CurrentUser;
use crate::http::user::UserAnswer;

/// Show the user whose access token this is
#[utoipa::path(get, path = "/v1/auth/me", operation_id = "getMe", tag = "Users",
    responses((status = 200, description = "The user", body = UserAnswer), AppKeyErrors, TokenErrors),
    security(("app_id" = [], "api_key" = [], "access_token" = [])))]
pub async fn me(current: CurrentUser) -> Json<UserAnswer> {
    Json(UserAnswer { user: current.user.into() })
}
