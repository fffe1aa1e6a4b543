//! `POST /v1/portal/developers/password/{reset/request,reset/confirm,change}`

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::response::IntoResponse;

use super::login::set_cookie;
use super::{DeveloperAnswer, portal};
use crate::app::App;
use crate::crypto::tokens::Purpose;
use crate::http::accounts::password_change::{self, PasswordChange};
use crate::http::accounts::{mailed, password_reset};
use crate::http::auth::email_verify::{EmailRequest, MailedTokenErrors};
use crate::http::auth::password_reset::ResetRequest;
use crate::http::body::Json;
use crate::http::context::RequestContext;
use crate::http::docs::errors::{BodyErrors, HashingErrors, PageErrors, PasswordErrors, PortalErrors};
use crate::http::error::ApiError;
use crate::http::even_time::even_time;
use crate::http::extract::CurrentDeveloper;

/// Mail a developer a link to choose a new password
#[utoipa::path(post, path = "/v1/portal/developers/password/reset/request", operation_id = "requestDeveloperPasswordReset", tag = "Developers", request_body = EmailRequest,
    responses((status = 202, description = "If there is such a developer, a mail is on its way"), PageErrors, BodyErrors))]
pub async fn reset_request(
    State(app): State<App>,
    request: RequestContext,
    Json(body): Json<EmailRequest>,
) -> Result<StatusCode, ApiError> {
    even_time(mailed::request(&app, &portal(), &request, &body.email, Purpose::ResetPassword)).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Set a developer's new password with the token of a mailed link
#[utoipa::path(post, path = "/v1/portal/developers/password/reset/confirm", operation_id = "confirmDeveloperPasswordReset", tag = "Developers", request_body = ResetRequest,
    responses((status = 200, description = "The password is set", body = DeveloperAnswer),
              PageErrors, BodyErrors, HashingErrors, MailedTokenErrors))]
pub async fn reset_confirm(
    State(app): State<App>,
    request: RequestContext,
    Json(body): Json<ResetRequest>,
) -> Result<Json<DeveloperAnswer>, ApiError> {
    let user = password_reset::confirm(&app, &portal(), &request, &body.token, &body.password).await?;
    Ok(Json(user.into()))
}

/// Change a developer's password, knowing the current one
///
/// Ends every session of the developer, this one too: log in again with the new password.
#[utoipa::path(post, path = "/v1/portal/developers/password/change", operation_id = "changeDeveloperPassword", tag = "Developers", request_body = PasswordChange,
    responses((status = 204, description = "The password is changed"),
              PortalErrors, BodyErrors, PasswordErrors, HashingErrors),
    security(("portal_token" = []), ("portal_cookie" = [])))]
pub async fn change(
    State(app): State<App>,
    current: CurrentDeveloper,
    Json(body): Json<PasswordChange>,
) -> Result<impl IntoResponse, ApiError> {
    let CurrentDeveloper { request, user, .. } = current;
    password_change::change(&app, &portal(), &request, (&user, None), body).await?;
    let no_cookie = set_cookie(&app.config.public_url, "", 0);
    Ok((StatusCode::NO_CONTENT, [(SET_COOKIE, no_cookie)]))
}
