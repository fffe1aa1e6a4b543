//! Proving that an address is one's own.

use devauth_aggregates::{ApplicationId, EmailAddress, User, UserCommand};
use devauth_projections::applications::ApplicationRow;
use devauth_projections::event_log::Actor;
use devauth_projections::secrets::one_time_tokens::OneTimeToken;
use devauth_projections::users::{self, UserRow};

use super::mailed::{self, Mailed};
use crate::app::App;
use crate::crypto::tokens::Purpose;
use crate::http::context::{RequestContext, record_user};
use crate::http::error::{ApiError, ErrorCode};
use crate::telemetry::SecurityEvent;

/// Mails a new link, if there is such a user and their address isn't verified; nobody learns which.
///
/// # Errors
/// Postgres is away.
pub async fn request(
    app: &App,
    application: &ApplicationRow,
    request: &RequestContext,
    email: &EmailAddress,
) -> Result<(), ApiError> {
    let address = app.keys.address(application.id, email);
    let Some((user, _)) = users::for_login(&app.pool, application.id, &address).await? else { return Ok(()) };
    if user.email_verified || !user.is_active() {
        return Ok(());
    }
    let now = app.clock.now();
    let mailed = Mailed::new(app, Purpose::VerifyEmail, now);
    let (token_id, expires_at) = (mailed.token_id, mailed.expires_at);
    let command = UserCommand::RequestEmailVerification { token_id, expires_at, now };
    let context = app.context(application.id, Actor::Anonymous, Some(user.id), request);
    let writes = |_: &User| mailed.writes(app, application.id, user.id, now).into();
    app.commands.execute::<User>(user.id, command, &context, writes).await?;
    app.job_written.notify_one();
    Ok(())
}

/// Uses a mailed token of `application`.
///
/// # Errors
/// `token_invalid`, or Postgres is away.
pub async fn confirm(
    app: &App,
    application: ApplicationId,
    request: &RequestContext,
    token: &str,
) -> Result<UserRow, ApiError> {
    let found = mailed::find(app, Purpose::VerifyEmail, token).await?;
    if found.application_id != application {
        return Err(ErrorCode::TokenInvalid.into());
    }
    let OneTimeToken { token_id, user_id, .. } = found;
    let context = app.context(application, Actor::User(user_id), Some(user_id), request);
    let command = UserCommand::VerifyEmail { token_id, now: app.clock.now() };
    app.commands
        .execute::<User>(user_id, command, &context, |_| Vec::new())
        .await
        .map_err(not_found_is_invalid)?;
    record_user(user_id);
    SecurityEvent::new("email_verified").log();
    Ok(users::get(&app.pool, application, user_id).await?.ok_or(ErrorCode::TokenInvalid)?)
}

/// A user who was erased has no tokens.
pub(super) fn not_found_is_invalid(
    error: crate::commands::CommandError<devauth_aggregates::UserError>,
) -> ApiError {
    let error = ApiError::from(error);
    if error.code() == ErrorCode::NotFound { ErrorCode::TokenInvalid.into() } else { error }
}
