//! Signing up: one user an address, whatever happens at the same time.

use devauth_aggregates::{EmailAddress, SignupMode, User, UserCommand, UserId};
use devauth_projections::Write;
use devauth_projections::applications::ApplicationRow;
use devauth_projections::event_log::Actor;
use devauth_projections::{jobs, users};
use serde_json::{Map, Value};

use super::mailed::{Mailed, notice};
use super::new_password;
use super::person::Person;
use crate::app::App;
use crate::commands::CommandError;
use crate::crypto::tokens::Purpose;
use crate::http::context::{RequestContext, record_user};
use crate::http::error::{ApiError, ErrorCode};
use crate::mailer::message::MailKind;
use crate::telemetry::SecurityEvent;

/// How long after a notice to the owner of a taken address there is no second one.
const ONE_NOTICE_IN: i64 = 60 * 60;

/// What somebody signs up with.
pub struct Signup {
    /// Their address.
    pub email: EmailAddress,
    /// The password they want.
    pub password: String,
    /// What the application keeps with them.
    pub metadata: Map<String, Value>,
}

/// What became of it.
pub enum SignedUp {
    /// There is a new user.
    User(UserId, Box<User>),
    /// The application doesn't tell whether there is a new user or the address was taken.
    Undisclosed,
}

/// Signs a user up and mails them a link to verify their address. `answer` is what is to be kept of the new user for a
/// repeated request, in the same transaction.
///
/// # Errors
/// `validation_failed`, `email_taken`, `busy`, or Postgres is away.
pub async fn sign_up(
    app: &App,
    application: &ApplicationRow,
    request: &RequestContext,
    signup: Signup,
    answer: impl Fn(UserId, &User) -> Option<Write> + Send + Sync,
) -> Result<SignedUp, ApiError> {
    let password = new_password(application, &signup.password, signup.email.as_str())?;
    // Hashed before the claim is tried, so that a taken address costs the same.
    let hash = app.passwords.hash(&password).await?;

    let now = app.clock.now();
    let user = UserId::from_uuid(app.new_id());
    let address = app.keys.address(application.id, &signup.email);
    let mailed = Mailed::new(app, Purpose::VerifyEmail, now);
    let command = UserCommand::RegisterUser {
        app_id: application.id,
        email: signup.email,
        metadata: signup.metadata,
        verification: Some((mailed.token_id, mailed.expires_at)),
        now,
    };
    let context = app.context(application.id, Actor::User(user), Some(user), request);
    let writes = |state: &User| {
        let claim = Write::Claim { application: application.id, address, user };
        let password = Write::Password { user, hash: hash.expose().to_owned() };
        let mail = mailed.writes(app, application.id, user, now);
        [claim, password].into_iter().chain(mail).chain(answer(user, state)).collect()
    };
    let strict = application.settings.signup_mode == SignupMode::Strict;
    match app.commands.execute::<User>(user, command, &context, writes).await {
        Ok(outcome) => {
            app.job_written.notify_one();
            record_user(Person::of(application.id, user));
            SecurityEvent::new("signup").log();
            if strict { Ok(SignedUp::Undisclosed) } else { Ok(SignedUp::User(user, Box::new(outcome.state))) }
        }
        Err(CommandError::AddressTaken) if strict => {
            tell_owner(app, application, &address).await?;
            Ok(SignedUp::Undisclosed)
        }
        Err(CommandError::AddressTaken) => Err(ErrorCode::EmailTaken.into()),
        Err(error) => Err(error.into()),
    }
}

/// Tells the owner of a taken address that somebody tried it, at most once an hour: the job's id derives from the hour.
async fn tell_owner(app: &App, application: &ApplicationRow, address: &[u8]) -> Result<(), ApiError> {
    let Some((owner, _)) = users::for_login(&app.pool, application.id, address).await? else { return Ok(()) };
    let now = app.clock.now();
    let hour = (now.timestamp() / ONE_NOTICE_IN).to_be_bytes();
    let id = uuid::Uuid::new_v5(&owner.id.uuid(), &hour);
    let job = notice(id, MailKind::SignupAttempted, application.id, owner.id, now);
    jobs::insert_alone(&app.pool, &job).await?;
    app.job_written.notify_one();
    Ok(())
}
