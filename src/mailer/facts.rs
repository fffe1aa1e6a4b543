//! From a job, which holds ids, to what its mail says. Looked up when the mail is sent and not before: an address or a
//! link is never stored with a job, and what was overtaken meanwhile is not mailed.

use chrono::{DateTime, Utc};
use devauth_aggregates::{EmailAddress, User, UserCommand};
use devauth_projections::applications;
use devauth_projections::jobs::Job;
use secrecy::ExposeSecret as _;

use super::message::{MailFacts, MailKind};
use crate::app::App;
use crate::crypto::tokens::Purpose;

/// What a look at a job's user and application shows.
#[derive(Debug)]
pub enum Finding {
    /// There is a mail to send.
    Mail(MailFacts),
    /// The user is gone, or a newer mail, a verified address or a deleted application has overtaken this one.
    NotWanted,
    /// Written by a newer version of this program, whose nodes know what it means.
    UnknownKind,
}

/// Looks up what the mail of a job says at `now`.
///
/// # Errors
/// Postgres is away, or what it holds can't be read.
pub async fn find(app: &App, job: &Job, now: DateTime<Utc>) -> Result<Finding, devauth_projections::Error> {
    let Some(kind) = MailKind::parse(&job.kind) else { return Ok(Finding::UnknownKind) };
    let user = app.commands.log().load::<User>(&job.user_id.to_string()).await?.state;
    let address = user.email.as_ref().and_then(|email| EmailAddress::parse(email).ok());
    let (Some(address), true) = (address, is_wanted(kind, job, &user, now)) else {
        return Ok(Finding::NotWanted);
    };
    let Some((application_name, base)) = sender(app, job).await? else { return Ok(Finding::NotWanted) };
    Ok(Finding::Mail(MailFacts {
        kind,
        application_name,
        to: address.mailbox().to_owned(),
        link: link(app, kind, job, &base),
        expires_at: job.token_id.map(|_| job.give_up_at),
        requested_at: job.created_at,
    }))
}

/// Whether a token would be accepted if it came back at once. A notice is wanted as long as there is somebody to tell.
fn is_wanted(kind: MailKind, job: &Job, user: &User, now: DateTime<Utc>) -> bool {
    let accepted = |command: UserCommand| user.decide(command).is_ok();
    match (kind, job.token_id) {
        (MailKind::VerifyEmail, Some(token_id)) => accepted(UserCommand::VerifyEmail { token_id, now }),
        (MailKind::ResetPassword, Some(token_id)) => accepted(UserCommand::ResetPassword { token_id, now }),
        (MailKind::VerifyEmail | MailKind::ResetPassword, None) => false,
        (MailKind::PasswordChanged | MailKind::SignupAttempted, _) => true,
    }
}

/// Name and base of links of the application the mail comes from, unless it was deleted.
async fn sender(app: &App, job: &Job) -> Result<Option<(String, String)>, devauth_projections::Error> {
    let application = applications::for_service(&app.pool, job.application_id).await?;
    let base = |app_url: Option<String>| app_url.unwrap_or_else(|| app.config.public_url.clone());
    Ok(application.map(|found| (found.name, base(found.settings.app_url))))
}

fn link(app: &App, kind: MailKind, job: &Job, base: &str) -> Option<String> {
    let purpose = match kind {
        MailKind::VerifyEmail => Purpose::VerifyEmail,
        MailKind::ResetPassword => Purpose::ResetPassword,
        MailKind::PasswordChanged | MailKind::SignupAttempted => return None,
    };
    let token = app.keys.one_time.derive(purpose, job.token_id?.uuid());
    // A token is made of characters that need no escaping in a query.
    Some(format!("{}/{}?token={}", base.trim_end_matches('/'), kind.page()?, token.expose_secret()))
}
