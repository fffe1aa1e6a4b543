//! Proving that an address is one's own.

use devauth_aggregates::{ApplicationId, User, UserCommand, UserError};
use devauth_projections::event_log::Actor;
use devauth_projections::secrets::one_time_tokens::OneTimeToken;
use devauth_projections::users::{self, UserRow};

use super::mailed;
use super::person::Person;
use crate::app::App;
use crate::commands::CommandError;
use crate::crypto::tokens::Purpose;
use crate::http::context::{RequestContext, record_user};
use crate::http::error::{ApiError, ErrorCode};
use crate::telemetry::SecurityEvent;

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
        .map_err(gone_is_invalid)?;
    record_user(Person::of(application, user_id));
    SecurityEvent::new("email_verified").log();
    Ok(users::get(&app.pool, application, user_id).await?.ok_or(ErrorCode::TokenInvalid)?)
}

/// A user who was erased has no tokens.
pub(super) fn gone_is_invalid(error: CommandError<UserError>) -> ApiError {
    if error.user_is_gone() { ErrorCode::TokenInvalid.into() } else { error.into() }
}
