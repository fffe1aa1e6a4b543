//! `POST /v1/auth/password/change`

use axum::extract::State;
use axum::http::StatusCode;

use crate::app::App;
use crate::http::accounts::password_change::{self, PasswordChange};
use crate::http::body::Json;
use crate::http::docs::errors::{AppKeyErrors, BodyErrors, HashingErrors, PasswordErrors, TokenErrors};
use crate::http::error::ApiError;
use crate::http::extract::CurrentUser;

/// Change the password, knowing the current one
///
/// Ends the user's other sessions; the user gets a notice by mail.
#[utoipa::path(post, path = "/v1/auth/password/change", operation_id = "changePassword", tag = "E-mail and password", request_body = PasswordChange,
    responses((status = 204, description = "The password is changed"),
              AppKeyErrors, TokenErrors, BodyErrors, PasswordErrors, HashingErrors),
    security(("app_id" = [], "api_key" = [], "access_token" = [])))]
pub async fn change(
    State(app): State<App>,
    current: CurrentUser,
    Json(body): Json<PasswordChange>,
) -> Result<StatusCode, ApiError> {
    let CurrentUser { client, session, user } = current;
    let kept = Some(session.id);
    password_change::change(&app, client.application(), &client.request, (&user, kept), body).await?;
    Ok(StatusCode::NO_CONTENT)
}
