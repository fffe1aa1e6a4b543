//! `POST /v1/auth/login`

use axum::extract::State;
use devauth_aggregates::EmailAddress;
use devauth_projections::Write;
use utoipa::ToSchema;

use super::tokens::{Step, Tokens};
use crate::app::App;
use crate::http::accounts::login::{authenticate, note_unverified};
use crate::http::accounts::{self, session};
use crate::http::body::{Body, Fields, Json};
use crate::http::docs::errors::{AppKeyErrors, BodyErrors, HashingErrors, PasswordErrors};
use crate::http::error::{ApiError, ErrorCode};
use crate::http::extract::ClientApp;
use crate::telemetry::SecurityEvent;

/// Who wants to come in.
#[derive(ToSchema)]
pub struct LoginRequest {
    /// Their address.
    #[schema(value_type = String, format = "email", example = "ada@example.org")]
    pub email: EmailAddress,
    /// Their password.
    #[schema(format = "password")]
    pub password: String,
}

impl Body for LoginRequest {
    fn read(fields: &mut Fields) -> Option<Self> {
        let email = accounts::email(fields);
        let password = fields.opaque("password");
        Some(LoginRequest { email: email?, password: password? })
    }
}

/// Log a user in
///
/// An unknown address, a wrong password and a suspended user get the same answer after the same time. Five failures from one
/// client address lock the pair for 15 minutes.
#[utoipa::path(post, path = "/v1/auth/login", operation_id = "login", tag = "Users", request_body = LoginRequest,
    responses((status = 200, description = "A new session", body = Tokens),
              AppKeyErrors, BodyErrors, PasswordErrors, HashingErrors, UnverifiedErrors),
    security(("app_id" = [], "api_key" = [])))]
pub async fn login(
    State(app): State<App>,
    client: ClientApp,
    Json(body): Json<LoginRequest>,
) -> Result<Json<Tokens>, ApiError> {
    let application = client.application();
    let mut user = authenticate(&app, application, &client.request, &body.email, &body.password).await?;
    if application.settings.require_verified_email && !user.email_verified {
        note_unverified(&app, application, &client.request, &body.email, user.id);
        return Err(ErrorCode::EmailUnverified.into());
    }
    let lives = application
        .settings
        .session_lifetime
        .map_or(app.config.tokens.refresh_ttl, std::time::Duration::from_secs);
    let now = app.clock.now();
    let expires_at = now + lives;
    let session = session::start(&app, &user, &client.request, now, expires_at, |session, state| {
        let token = app.keys.refresh.issue(application.id.uuid(), session.uuid(), state.counter);
        vec![Write::RefreshToken { session, hash: token.sha256() }]
    })
    .await?;
    SecurityEvent::new("login").session(&session).log();
    user.last_login_at = Some(now);
    Tokens::issue(&app, application.id, user, &Step { session, counter: 0, expires_at }).map(Json)
}

crate::error_set!(
    /// The application asks for a verified address.
    pub UnverifiedErrors = EmailUnverified
);
