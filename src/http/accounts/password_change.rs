//! A new password for somebody who knows theirs.

use devauth_aggregates::{EmailAddress, SessionId, User, UserCommand};
use devauth_projections::Write;
use devauth_projections::applications::ApplicationRow;
use devauth_projections::event_log::Actor;
use devauth_projections::users::UserRow;

use super::login::authenticate;
use super::mailed::notice;
use super::new_password;
use super::session::gone_is_logged_out;
use crate::app::App;
use crate::http::body::{Body, Fields};
use crate::http::context::RequestContext;
use crate::http::error::{ApiError, ErrorCode};
use crate::mailer::message::MailKind;
use crate::telemetry::SecurityEvent;

/// The body of a password change.
#[derive(utoipa::ToSchema)]
pub struct PasswordChange {
    /// The password as it is now.
    #[schema(format = "password")]
    pub current_password: String,
    /// The new one.
    #[schema(format = "password", min_length = 8, max_length = 256)]
    pub password: String,
}

impl Body for PasswordChange {
    fn read(fields: &mut Fields) -> Option<Self> {
        let current_password = fields.opaque("current_password");
        let password = fields.opaque("password");
        Some(PasswordChange { current_password: current_password?, password: password? })
    }
}

/// Replaces the password of a user who gives the current one; every session of theirs but `kept` ends.
///
/// # Errors
/// As [`authenticate`], and `validation_failed`.
pub async fn change(
    app: &App,
    application: &ApplicationRow,
    request: &RequestContext,
    (user, kept): (&UserRow, Option<SessionId>),
    change: PasswordChange,
) -> Result<(), ApiError> {
    let email = EmailAddress::parse(&user.email).map_err(|_unusable| ErrorCode::InvalidToken)?;
    let password = new_password(application, &change.password, email.as_str())?;
    let proven = authenticate(app, application, request, &email, &change.current_password).await?;
    let hash = app.passwords.hash(&password).await?;

    let now = app.clock.now();
    let user = proven.id;
    let context = app.context(application.id, Actor::User(user), Some(user), request);
    let command =
        UserCommand::ChangePassword { generation: proven.session_generation, kept_session: kept, now };
    let notice_id = app.new_id();
    let writes = |_: &User| {
        vec![
            Write::Password { user, hash: hash.expose().to_owned() },
            Write::Job(notice(notice_id, MailKind::PasswordChanged, application.id, user, now)),
        ]
    };
    app.commands.execute::<User>(user, command, &context, writes).await.map_err(gone_is_logged_out)?;
    app.job_written.notify_one();
    SecurityEvent::new("password_changed").log();
    Ok(())
}
