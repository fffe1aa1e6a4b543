//! `POST /v1/auth/password/reset/request`, `POST /v1/auth/password/reset/confirm`

use axum::extract::State;
use axum::http::StatusCode;
use utoipa::ToSchema;

use super::email_verify::{EmailRequest, MailedTokenErrors};
use crate::app::App;
use crate::crypto::tokens::Purpose;
use crate::http::accounts::{mailed, password_reset};
use crate::http::body::{Body, Fields, Json};
use crate::http::docs::errors::{AppKeyErrors, BodyErrors, HashingErrors};
use crate::http::error::ApiError;
use crate::http::even_time::even_time;
use crate::http::extract::ClientApp;
use crate::http::user::UserAnswer;

/// A token from a mailed link, and the password it is to set.
#[derive(ToSchema)]
pub struct ResetRequest {
    /// The link's `token`.
    pub token: String,
    /// The new password.
    #[schema(format = "password", min_length = 8, max_length = 256)]
    pub password: String,
}

impl Body for ResetRequest {
    fn read(fields: &mut Fields) -> Option<Self> {
        let token = fields.opaque("token");
        let password = fields.opaque("password");
        Some(ResetRequest { token: token?, password: password? })
    }
}

/// Mail a link to choose a new password
///
/// The answer is the same, after the same time, for every address. The new link takes the place of the one before.
#[utoipa::path(post, path = "/v1/auth/password/reset/request", operation_id = "requestPasswordReset", tag = "E-mail and password", request_body = EmailRequest,
    responses((status = 202, description = "If there is such a user, a mail is on its way"), AppKeyErrors, BodyErrors),
    security(("app_id" = [], "api_key" = [])))]
pub async fn request(
    State(app): State<App>,
    client: ClientApp,
    Json(body): Json<EmailRequest>,
) -> Result<StatusCode, ApiError> {
    even_time(mailed::request(
        &app,
        client.application(),
        &client.request,
        &body.email,
        Purpose::ResetPassword,
    ))
    .await?;
    Ok(StatusCode::ACCEPTED)
}

/// Set a new password with the token of a mailed link
///
/// Ends every session of the user, who gets a notice by mail. A password that is refused leaves the token unused.
#[utoipa::path(post, path = "/v1/auth/password/reset/confirm", operation_id = "confirmPasswordReset", tag = "E-mail and password", request_body = ResetRequest,
    responses((status = 200, description = "The password is set", body = UserAnswer),
              AppKeyErrors, BodyErrors, HashingErrors, MailedTokenErrors),
    security(("app_id" = [], "api_key" = [])))]
pub async fn confirm(
    State(app): State<App>,
    client: ClientApp,
    Json(body): Json<ResetRequest>,
) -> Result<Json<UserAnswer>, ApiError> {
    let (application, request) = (client.application(), &client.request);
    let user = password_reset::confirm(&app, application, request, &body.token, &body.password).await?;
    Ok(Json(UserAnswer { user: user.into() }))
}
