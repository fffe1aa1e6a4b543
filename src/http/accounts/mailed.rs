//! A mailed one-time token: its row, the job that mails it, and finding it again.

use chrono::{DateTime, Utc};
use devauth_aggregates::{ApplicationId, EmailAddress, TokenId, User, UserCommand, UserId};
use devauth_projections::applications::ApplicationRow;
use devauth_projections::event_log::Actor;
use devauth_projections::jobs::NewJob;
use devauth_projections::secrets::one_time_tokens::{self, OneTimeToken};
use devauth_projections::{Write, users};
use secrecy::ExposeSecret as _;

use super::person::Person;
use crate::app::App;
use crate::crypto::tokens::{Purpose, hash_one_time_token, sha256_of};
use crate::http::context::RequestContext;
use crate::http::error::{ApiError, ErrorCode};
use crate::limits::Bucket;
use crate::mailer::message::MailKind;
use crate::telemetry::{SecurityEvent, traces};

/// How long a notice is tried.
const NOTICE_LIVES: chrono::Duration = chrono::Duration::hours(24);

/// How many links of one purpose a person is mailed in [`ENOUGH_FOR`]: whoever knows an address could fill its mailbox.
const ENOUGH_MAILS: u32 = 10;
/// The time in which they are counted.
const ENOUGH_FOR: std::time::Duration = std::time::Duration::from_secs(60 * 60);

/// A token that is about to be mailed.
#[derive(Clone, Copy)]
pub struct Mailed {
    /// Names the request for it.
    pub token_id: TokenId,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
    purpose: Purpose,
}

/// The purpose's name in the database.
fn stored(purpose: Purpose) -> &'static str {
    mail_of(purpose).name()
}

fn mail_of(purpose: Purpose) -> MailKind {
    match purpose {
        Purpose::VerifyEmail => MailKind::VerifyEmail,
        Purpose::ResetPassword => MailKind::ResetPassword,
    }
}

impl Mailed {
    /// A new token of this purpose.
    pub fn new(app: &App, purpose: Purpose, now: DateTime<Utc>) -> Self {
        let lives = match purpose {
            Purpose::VerifyEmail => app.config.tokens.verify_ttl,
            Purpose::ResetPassword => app.config.tokens.reset_ttl,
        };
        Mailed { token_id: TokenId::from_uuid(app.new_id()), expires_at: now + lives, purpose }
    }

    /// Its row and the job that mails it.
    pub fn writes(
        &self,
        app: &App,
        application: ApplicationId,
        user: UserId,
        now: DateTime<Utc>,
    ) -> [Write; 2] {
        let text = app.keys.one_time.derive(self.purpose, self.token_id.uuid());
        let token = OneTimeToken { token_id: self.token_id, application_id: application, user_id: user };
        [
            Write::OneTimeToken {
                token,
                hash: sha256_of(text.expose_secret()),
                purpose: stored(self.purpose),
                expires_at: self.expires_at,
            },
            Write::Job(NewJob {
                id: app.new_id(),
                kind: mail_of(self.purpose).name(),
                application_id: application,
                user_id: user,
                token_id: Some(self.token_id),
                give_up_at: self.expires_at,
                now,
                traceparent: traces::traceparent(),
            }),
        ]
    }
}

/// Mails a link of this purpose, if there is a user who could use it: an active one, and to verify an address, one whose
/// address isn't verified yet. Nobody learns whether there is, nor that somebody had enough mails for now.
///
/// # Errors
/// Postgres is away.
pub async fn request(
    app: &App,
    application: &ApplicationRow,
    request: &RequestContext,
    email: &EmailAddress,
    purpose: Purpose,
) -> Result<(), ApiError> {
    let address = app.keys.address(application.id, email);
    let found = users::for_login(&app.pool, application.id, &address).await?;
    let Some((user, _)) = found.filter(|(user, _)| user.is_active()) else { return Ok(()) };
    let person = Person::of(application.id, user.id);
    let now = app.clock.now();
    let bucket = Bucket {
        key: format!("mail:{}:{}", stored(purpose), user.id),
        limit: ENOUGH_MAILS,
        window: ENOUGH_FOR,
    };
    if !app.limiter.admit(&bucket, now).await.allowed {
        SecurityEvent::new("mails_withheld").user(&person).log();
        return Ok(());
    }
    let mailed = Mailed::new(app, purpose, now);
    let (token_id, expires_at) = (mailed.token_id, mailed.expires_at);
    let command = match purpose {
        Purpose::VerifyEmail => UserCommand::RequestEmailVerification { token_id, expires_at, now },
        Purpose::ResetPassword => UserCommand::RequestPasswordReset { token_id, expires_at, now },
    };
    let context = app.context(application.id, Actor::Anonymous, Some(user.id), request);
    let writes = |_: &User| mailed.writes(app, application.id, user.id, now).into();
    let changed = match app.commands.execute::<User>(user.id, command, &context, writes).await {
        Ok(outcome) => outcome.changed,
        Err(error) if error.user_is_gone() => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    app.job_written.notify_one();
    if changed {
        let event = match purpose {
            Purpose::VerifyEmail => SecurityEvent::new("email_verify_request"),
            Purpose::ResetPassword => SecurityEvent::new("password_reset_request"),
        };
        event.user(&person).log();
    }
    Ok(())
}

/// A mail without a token that tells a user of something.
pub fn notice(
    id: uuid::Uuid,
    kind: MailKind,
    application: ApplicationId,
    user: UserId,
    now: DateTime<Utc>,
) -> NewJob {
    NewJob {
        id,
        kind: kind.name(),
        application_id: application,
        user_id: user,
        token_id: None,
        give_up_at: now + NOTICE_LIVES,
        now,
        traceparent: traces::traceparent(),
    }
}

/// The request that a presented token answers. One answer for every token that is no good.
///
/// # Errors
/// `token_invalid`, or Postgres is away.
pub async fn find(app: &App, purpose: Purpose, text: &str) -> Result<OneTimeToken, ApiError> {
    let hash = hash_one_time_token(text).ok_or(ErrorCode::TokenInvalid)?;
    let found = one_time_tokens::find(&app.pool, &hash, stored(purpose)).await?;
    Ok(found.ok_or(ErrorCode::TokenInvalid)?)
}
