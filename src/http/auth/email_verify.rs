//! `POST /v1/auth/email/verify/request`, `POST /v1/auth/email/verify/confirm`

use axum::extract::State;
use axum::http::StatusCode;
use devauth_aggregates::EmailAddress;
use utoipa::ToSchema;

use crate::app::App;
use crate::crypto::tokens::Purpose;
use crate::http::accounts::{self, mailed, verification};
use crate::http::body::{Body, Fields, Json};
use crate::http::docs::errors::{AppKeyErrors, BodyErrors};
use crate::http::error::ApiError;
use crate::http::even_time::even_time;
use crate::http::extract::ClientApp;
use crate::http::user::UserAnswer;

/// An address to which something is to be mailed.
#[derive(ToSchema)]
pub struct EmailRequest {
    /// The address.
    #[schema(value_type = String, format = "email", example = "ada@example.org")]
    pub email: EmailAddress,
}

impl Body for EmailRequest {
    fn read(fields: &mut Fields) -> Option<Self> {
        accounts::email(fields).map(|email| EmailRequest { email })
    }
}

/// A token from a mailed link.
#[derive(ToSchema)]
pub struct TokenRequest {
    /// The link's `token`.
    pub token: String,
}

impl Body for TokenRequest {
    fn read(fields: &mut Fields) -> Option<Self> {
        fields.opaque("token").map(|token| TokenRequest { token })
    }
}

/// Mail a new link to verify an address
///
/// The answer is the same, after the same time, for every address. The new link takes the place of the one before.
#[utoipa::path(post, path = "/v1/auth/email/verify/request", operation_id = "requestEmailVerification", tag = "E-mail and password", request_body = EmailRequest,
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
        Purpose::VerifyEmail,
    ))
    .await?;
    Ok(StatusCode::ACCEPTED)
}

/// Verify an address with the token of a mailed link
#[utoipa::path(post, path = "/v1/auth/email/verify/confirm", operation_id = "confirmEmailVerification", tag = "E-mail and password", request_body = TokenRequest,
    responses((status = 200, description = "The address is verified", body = UserAnswer),
              AppKeyErrors, BodyErrors, MailedTokenErrors),
    security(("app_id" = [], "api_key" = [])))]
pub async fn confirm(
    State(app): State<App>,
    client: ClientApp,
    Json(body): Json<TokenRequest>,
) -> Result<Json<UserAnswer>, ApiError> {
    let user = verification::confirm(&app, client.application().id, &client.request, &body.token).await?;
    Ok(Json(UserAnswer { user: user.into() }))
}

crate::error_set!(
    /// A token from a mail.
    pub MailedTokenErrors = TokenInvalid
);
