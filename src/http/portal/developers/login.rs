//! `POST /v1/portal/developers/login`

use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse as _, Response};
use devauth_aggregates::{EmailAddress, SessionId, UserId, developer_id};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Developer, DeveloperAnswer, portal};
use crate::app::App;
use crate::crypto::jwt::PortalClaims;
use crate::http::accounts::login::authenticate;
use crate::http::accounts::{self, session};
use crate::http::body::{Body, Fields, Json};
use crate::http::context::RequestContext;
use crate::http::docs::errors::{BodyErrors, HashingErrors, PageErrors, PasswordErrors};
use crate::http::error::{ApiError, ErrorCode};
use crate::http::extract::{cookie_name, own_origin};
use crate::telemetry::SecurityEvent;

/// How long a developer stays logged in, in seconds.
const LIVES: i64 = 30 * 60;

/// Who wants to come in.
#[derive(ToSchema)]
pub struct DeveloperLogin {
    /// Their address.
    #[schema(value_type = String, format = "email", example = "grace@example.org")]
    pub email: EmailAddress,
    /// Their password.
    #[schema(format = "password")]
    pub password: String,
    /// Whether to set the token as a cookie instead of answering it: for the portal's own pages.
    #[schema(value_type = bool, required = false, default = false)]
    pub cookie: bool,
}

impl Body for DeveloperLogin {
    fn read(fields: &mut Fields) -> Option<Self> {
        let email = accounts::email(fields);
        let password = fields.opaque("password");
        let cookie = fields.optional_boolean("cookie").unwrap_or(false);
        Some(DeveloperLogin { email: email?, password: password?, cookie })
    }
}

/// A developer who is logged in.
#[derive(Serialize, ToSchema)]
pub struct PortalTokens {
    /// To be sent as `Authorization: Bearer …`; absent if it was set as a cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub access_token: Option<String>,
    /// Always `Bearer`.
    #[schema(example = "Bearer")]
    pub token_type: &'static str,
    /// Seconds until it ends.
    #[schema(example = 1800)]
    pub expires_in: i64,
    /// The developer.
    pub developer: Developer,
}

/// Log in as a developer
#[utoipa::path(post, path = "/v1/portal/developers/login", operation_id = "loginDeveloper", tag = "Developers", request_body = DeveloperLogin,
    responses((status = 200, description = "The developer is logged in", body = PortalTokens),
              PageErrors, BodyErrors, PasswordErrors, HashingErrors))]
pub async fn login(
    State(app): State<App>,
    request: RequestContext,
    headers: HeaderMap,
    Json(body): Json<DeveloperLogin>,
) -> Result<Response, ApiError> {
    if body.cookie {
        require_own_page(&app, &headers)?;
    }
    let mut user = authenticate(&app, &portal(), &request, &body.email, &body.password).await?;
    let now = app.clock.now();
    let expires_at = now + chrono::Duration::seconds(LIVES);
    let session = session::start(&app, &user, &request, now, expires_at, |_, _| Vec::new()).await?;
    SecurityEvent::new("login").session(&session).log();
    user.last_login_at = Some(now);
    let token = token(&app, user.id, session);
    let DeveloperAnswer { developer } = user.into();
    let mut answer = PortalTokens { access_token: None, token_type: "Bearer", expires_in: LIVES, developer };
    if !body.cookie {
        answer.access_token = Some(token);
        return Ok(Json(answer).into_response());
    }
    let cookie = set_cookie(&app.config.public_url, &token, LIVES);
    Ok(([(SET_COOKIE, cookie)], Json(answer)).into_response())
}

/// A page elsewhere must not log its visitors in as somebody of its choice.
fn require_own_page(app: &App, headers: &HeaderMap) -> Result<(), ApiError> {
    let own = own_origin(&app.config.public_url);
    let foreign = headers.get("origin").is_some_and(|origin| origin.as_bytes() != own.as_bytes());
    if foreign { Err(ErrorCode::OriginNotAllowed.into()) } else { Ok(()) }
}

fn token(app: &App, user: UserId, session: SessionId) -> String {
    let now = app.clock.now().timestamp();
    app.keys.portal.sign(&PortalClaims {
        iss: app.config.public_url.clone(),
        sub: developer_id(user).to_string(),
        sid: session.to_string(),
        jti: app.new_id().to_string(),
        iat: now,
        exp: now + LIVES,
    })
}

/// The cookie that carries a portal token; a lifetime of 0 takes it away.
pub(super) fn set_cookie(public_url: &str, token: &str, lives: i64) -> HeaderValue {
    let secure = if public_url.starts_with("https://") { "; Secure" } else { "" };
    let name = cookie_name(public_url);
    let text = format!("{name}={token}; Path=/; Max-Age={lives}; HttpOnly; SameSite=Strict{secure}");
    HeaderValue::try_from(text).expect("a token is base64url and dots")
}
