//! `POST /v1/portal/developers/email/verify/request`, `POST /v1/portal/developers/email/verify/confirm`

use axum::extract::State;
use axum::http::StatusCode;

use super::{DeveloperAnswer, portal};
use crate::app::App;
use crate::crypto::tokens::Purpose;
use crate::http::accounts::{mailed, verification};
use crate::http::auth::email_verify::{EmailRequest, MailedTokenErrors, TokenRequest};
use crate::http::body::Json;
use crate::http::context::RequestContext;
use crate::http::docs::errors::{BodyErrors, PageErrors};
use crate::http::error::ApiError;
use crate::http::even_time::even_time;

/// Mail a developer a new link to verify their address
#[utoipa::path(post, path = "/v1/portal/developers/email/verify/request", operation_id = "requestDeveloperEmailVerification", tag = "Developers", request_body = EmailRequest,
    responses((status = 202, description = "If there is such a developer, a mail is on its way"), PageErrors, BodyErrors))]
pub async fn request(
    State(app): State<App>,
    request: RequestContext,
    Json(body): Json<EmailRequest>,
) -> Result<StatusCode, ApiError> {
    even_time(mailed::request(&app, &portal(), &request, &body.email, Purpose::VerifyEmail)).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Verify a developer's address with the token of a mailed link
#[utoipa::path(post, path = "/v1/portal/developers/email/verify/confirm", operation_id = "confirmDeveloperEmailVerification", tag = "Developers", request_body = TokenRequest,
    responses((status = 200, description = "The address is verified", body = DeveloperAnswer), PageErrors, BodyErrors, MailedTokenErrors))]
pub async fn confirm(
    State(app): State<App>,
    request: RequestContext,
    Json(body): Json<TokenRequest>,
) -> Result<Json<DeveloperAnswer>, ApiError> {
    Ok(Json(verification::confirm(&app, portal().id, &request, &body.token).await?.into()))
}
