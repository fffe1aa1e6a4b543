//! A new password for somebody who forgot theirs.

use devauth_aggregates::{ApplicationId, EmailAddress, User, UserCommand};
use devauth_projections::applications::ApplicationRow;
use devauth_projections::event_log::Actor;
use devauth_projections::users::{self, UserRow};
use devauth_projections::{Write, crash_point};

use super::login::forget_failures;
use super::mailed::{self, notice};
use super::verification::gone_is_invalid;
use super::{Account, new_password};
use crate::app::App;
use crate::crypto::tokens::Purpose;
use crate::http::context::{RequestContext, record_user};
use crate::http::error::{ApiError, ErrorCode};
use crate::mailer::message::MailKind;
use crate::telemetry::SecurityEvent;

/// Uses a mailed token of `application`: the password is replaced and every session ends.
///
/// A password that is not acceptable leaves the token unused.
///
/// # Errors
/// `token_invalid`, `validation_failed`, `busy`, or Postgres is away.
pub async fn confirm(
    app: &App,
    application: &ApplicationRow,
    request: &RequestContext,
    token: &str,
    password: &str,
) -> Result<UserRow, ApiError> {
    let found = mailed::find(app, Purpose::ResetPassword, token).await?;
    if found.application_id != application.id {
        return Err(ErrorCode::TokenInvalid.into());
    }
    let (user, token_id) = (found.user_id, found.token_id);
    let email = owner_of(app, user, token_id).await?;
    let password = new_password(application, password, email.as_str())?;
    let hash = app.passwords.hash(&password).await?;

    let now = app.clock.now();
    let context = app.context(application.id, Actor::User(user), Some(user), request);
    let command = UserCommand::ResetPassword { token_id, now };
    let notice_id = app.new_id();
    let address = app.keys.address(application.id, &email);
    let writes = |_: &User| {
        vec![
            Write::Unlock { application: application.id, address },
            Write::Password { user, hash: hash.expose().to_owned() },
            Write::Job(notice(notice_id, MailKind::PasswordChanged, application.id, user, now)),
        ]
    };
    let account = Account { application: application.id, address };
    // Before it, too: else, if the node dies after the commit, failures from before the reset lead to locks after it. Locks that
    // hold until then are in Postgres.
    forget_failures(app, &account).await;
    app.commands.execute::<User>(user, command, &context, writes).await.map_err(gone_is_invalid)?;
    app.job_written.notify_one();
    crash_point::reached("reset_committed");
    forget_failures(app, &account).await;
    record_user(user);
    SecurityEvent::new("password_reset_confirm").log();
    find(app, application.id, user).await
}

/// The address of the token's owner, if the token would be accepted now; asked before a hash is spent on it.
async fn owner_of(
    app: &App,
    user: devauth_aggregates::UserId,
    token_id: devauth_aggregates::TokenId,
) -> Result<EmailAddress, ApiError> {
    let state = app.commands.log().load::<User>(&user.to_string()).await?.state;
    let command = UserCommand::ResetPassword { token_id, now: app.clock.now() };
    if state.decide(command).is_err() {
        return Err(ErrorCode::TokenInvalid.into());
    }
    let email = state.email.as_ref().and_then(|email| EmailAddress::parse(email).ok());
    Ok(email.ok_or(ErrorCode::TokenInvalid)?)
}

async fn find(
    app: &App,
    application: ApplicationId,
    user: devauth_aggregates::UserId,
) -> Result<UserRow, ApiError> {
    Ok(users::get(&app.pool, application, user).await?.ok_or(ErrorCode::TokenInvalid)?)
}
