//! `GET /v1/portal/developers/me`

use super::DeveloperAnswer;
use crate::http::body::Json;
use crate::http::docs::errors::PortalErrors;
use crate::http::extract::CurrentDeveloper;

/// Show the developer who is logged in
#[utoipa::path(get, path = "/v1/portal/developers/me", operation_id = "getDeveloper", tag = "Developers",
    responses((status = 200, description = "The developer", body = DeveloperAnswer), PortalErrors),
    security(("portal_token" = []), ("portal_cookie" = [])))]
pub async fn me(current: CurrentDeveloper) -> Json<DeveloperAnswer> {
    Json(current.user.into())
}
