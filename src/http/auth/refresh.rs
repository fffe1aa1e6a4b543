//! `POST /v1/auth/refresh`

use axum::extract::State;
use devauth_aggregates::{Session, SessionCommand, SessionId};
use devauth_projections::Write;
use devauth_projections::event_log::Actor;
use devauth_projections::sessions::{Refreshable, Which};
use subtle::ConstantTimeEq as _;
use tracing::Instrument as _;
use utoipa::ToSchema;

use super::tokens::{Step, Tokens};
use crate::app::App;
use crate::crypto::tokens::sha256_of;
use crate::http::body::{Body, Fields, Json};
use crate::http::context::record_user;
use crate::http::docs::errors::{AppKeyErrors, BodyErrors, TokenErrors};
use crate::http::error::{ApiError, ErrorCode};
use crate::http::extract::ClientApp;
use crate::telemetry::{SecurityEvent, traces};

/// A refresh token to be used.
#[derive(ToSchema)]
pub struct RefreshRequest {
    /// The newest one that the session got.
    pub refresh_token: String,
}

impl Body for RefreshRequest {
    fn read(fields: &mut Fields) -> Option<Self> {
        fields.opaque("refresh_token").map(|refresh_token| RefreshRequest { refresh_token })
    }
}

/// Get new tokens for a refresh token
///
/// Each refresh token is good for one refresh. Shown again within ten seconds it answers the same, so that tabs and retries
/// converge; later, or an older one, ends the session: somebody else has it.
#[utoipa::path(post, path = "/v1/auth/refresh", operation_id = "refresh", tag = "Users", request_body = RefreshRequest,
    responses((status = 200, description = "New tokens", body = Tokens), AppKeyErrors, BodyErrors, TokenErrors, ReuseErrors),
    security(("app_id" = [], "api_key" = [])))]
pub async fn refresh(
    State(app): State<App>,
    client: ClientApp,
    Json(body): Json<RefreshRequest>,
) -> Result<Json<Tokens>, ApiError> {
    let application = client.application().id;
    let (session, counter) =
        app.keys.refresh.parse(application.uuid(), &body.refresh_token).ok_or(ErrorCode::InvalidToken)?;
    let session = SessionId::from_uuid(session);
    let which = Which { application, session, now: app.clock.now() };
    let found = app.refreshable_sessions.ask(which).instrument(traces::look_up("session")).await?;
    let Refreshable { user, hash, stored } = found.ok_or(ErrorCode::InvalidToken)?;
    record_user(user.id);
    if counter == stored.state.counter && !bool::from(sha256_of(&body.refresh_token).ct_eq(&hash[..])) {
        return Err(ErrorCode::InvalidToken.into());
    }

    let grace = chrono::Duration::from_std(app.config.tokens.refresh_grace).unwrap_or_default();
    let command = SessionCommand::RefreshSession { counter, grace, now: app.clock.now() };
    let context = app.context(application, Actor::User(user.id), Some(user.id), &client.request);
    let issue = |counter| app.keys.refresh.issue(application.uuid(), session.uuid(), counter);
    let writes = |state: &Session| match state.ended {
        None => vec![Write::RefreshToken { session, hash: issue(state.counter).sha256() }],
        Some(_) => Vec::new(),
    };
    let loaded = app.commands.log().resume(stored)?;
    let state = app.commands.execute_on(loaded, session, command, &context, writes).await?.state;
    if state.ended.is_some() {
        SecurityEvent::new("refresh_reused").session(&session).log();
        return Err(ErrorCode::RefreshTokenReused.into());
    }
    SecurityEvent::new("refresh").session(&session).log();
    let step = Step { session, counter: state.counter, expires_at: state.expires_at };
    Tokens::issue(&app, application, user, &step).map(Json)
}

crate::error_set!(
    /// The token was used before.
    pub ReuseErrors = RefreshTokenReused
);
