//! Starting and ending sessions.

use chrono::{DateTime, Utc};
use devauth_aggregates::{
    ApplicationId, EndReason, Session, SessionCommand, SessionError, SessionId, UserError,
};
use devauth_projections::event_log::{Actor, Context};
use devauth_projections::users::UserRow;
use devauth_projections::{Error, Write};

use crate::app::App;
use crate::commands::CommandError;
use crate::http::context::RequestContext;
use crate::http::error::{ApiError, ErrorCode};

/// Starts a session for a user who proved who they are; `writes` is what belongs to it besides its events.
///
/// The session carries the user's generation as it was read together with the password's hash: if all sessions were ended
/// meanwhile, this one is over too.
///
/// # Errors
/// `invalid_credentials` if the user was erased since, or Postgres is away.
pub async fn start(
    app: &App,
    user: &UserRow,
    request: &RequestContext,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    writes: impl Fn(SessionId, &Session) -> Vec<Write> + Send + Sync,
) -> Result<SessionId, ApiError> {
    let session = SessionId::from_uuid(app.new_id());
    let command = SessionCommand::StartSession {
        app_id: user.application_id,
        user_id: user.id,
        generation: user.session_generation,
        client_address: Some(request.client_address.to_string()),
        user_agent: request.user_agent.clone(),
        expires_at,
        now,
    };
    let context = app.context(user.application_id, Actor::User(user.id), Some(user.id), request);
    match app.commands.execute::<Session>(session, command, &context, |state| writes(session, state)).await {
        Ok(_) => Ok(session),
        Err(CommandError::Store(Error::PersonErased)) => Err(ErrorCode::InvalidCredentials.into()),
        Err(error) => Err(error.into()),
    }
}

/// Ends a session; one that ended or expired already stays as it is, and one of somebody who was erased is over.
///
/// # Errors
/// Postgres is away.
pub async fn end(
    app: &App,
    application: ApplicationId,
    session: SessionId,
    user: Option<devauth_aggregates::UserId>,
    reason: EndReason,
    request: &RequestContext,
) -> Result<bool, ApiError> {
    let actor = user.map_or(Actor::Anonymous, Actor::User);
    end_as(app, session, reason, &app.context(application, actor, user, request)).await
}

/// [`end`], by whoever `context` names.
///
/// # Errors
/// Postgres is away.
pub async fn end_as(
    app: &App,
    session: SessionId,
    reason: EndReason,
    context: &Context,
) -> Result<bool, ApiError> {
    let command = SessionCommand::EndSession { reason, now: app.clock.now() };
    match app.commands.execute::<Session>(session, command, context, |_| Vec::new()).await {
        Ok(outcome) => Ok(outcome.changed),
        Err(
            CommandError::Refused(SessionError::NotFound | SessionError::Ended)
            | CommandError::Store(Error::PersonErased),
        ) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Somebody who was erased has no session any more.
pub fn gone_is_logged_out(error: CommandError<UserError>) -> ApiError {
    if error.user_is_gone() { ErrorCode::InvalidToken.into() } else { error.into() }
}
