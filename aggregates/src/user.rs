//! A user of one application: registered, verified, suspended, erased, and which of their sessions may live.
//!
//! Knows no password: that one is right, or new, is found out elsewhere and recorded here as a fact.

mod command;
mod error;
mod event;

pub use command::UserCommand;
pub use error::UserError;
pub use event::UserEvent;

use chrono::{DateTime, TimeDelta, Utc};
use cqrs_es::{Aggregate, event_sink::EventSink};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{ApplicationId, Personal, SessionId, TokenId};

/// Whether there is such a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum UserLifecycle {
    /// Not yet; the other fields of the state mean nothing.
    Unregistered,
    /// Yes.
    Registered,
    /// Not any more.
    Erased,
}

/// Whether a registered user may come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserStatus {
    /// Yes.
    Active,
    /// No, until restored.
    Suspended,
}

/// How long an address stays with somebody who never proved that it is theirs, after their last verification token ran out.
pub const SIGNUP_KEPT: TimeDelta = TimeDelta::days(7);

/// The one-time token that is valid now, if not expired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingToken {
    /// Which request it came from.
    pub token_id: TokenId,
    /// The first moment at which it is no longer valid.
    pub expires_at: DateTime<Utc>,
}

impl PendingToken {
    fn accepts(&self, token_id: TokenId, now: DateTime<Utc>) -> bool {
        self.token_id == token_id && now < self.expires_at
    }
}

/// The state of a user: the fold of their events, and the row of the read model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct User {
    /// Whether there is such a person. Look here first.
    pub lifecycle: UserLifecycle,
    /// Whose user.
    pub app_id: ApplicationId,
    /// The address as typed.
    pub email: Personal<String>,
    /// What the application keeps about the user.
    pub metadata: Personal<Map<String, Value>>,
    /// Whether the address was shown to be theirs.
    pub email_verified: bool,
    /// Whether they may come in.
    pub status: UserStatus,
    /// The verification token that is valid now.
    pub pending_verification: Option<PendingToken>,
    /// The reset token that is valid now.
    pub pending_reset: Option<PendingToken>,
    /// Sessions started under an earlier generation are over, but for `kept_session`.
    pub session_generation: u32,
    /// The session that changed the password and went on.
    pub kept_session: Option<SessionId>,
    /// The end of the latest lock by guessing, also when it has passed.
    pub login_locked_until: Option<DateTime<Utc>>,
    /// Their latest password reset, which opened every lock that was reached until then.
    pub password_reset_at: Option<DateTime<Utc>>,
    /// When they signed up.
    pub created_at: DateTime<Utc>,
    /// When something about them last changed; a lock, which others can cause, is no such change.
    pub updated_at: DateTime<Utc>,
}

impl Default for User {
    fn default() -> Self {
        Self {
            lifecycle: UserLifecycle::Unregistered,
            app_id: ApplicationId::from_uuid(Uuid::nil()),
            email: Personal::Erased,
            metadata: Personal::Erased,
            email_verified: false,
            status: UserStatus::Active,
            pending_verification: None,
            pending_reset: None,
            session_generation: 0,
            kept_session: None,
            login_locked_until: None,
            password_reset_at: None,
            created_at: DateTime::UNIX_EPOCH,
            updated_at: DateTime::UNIX_EPOCH,
        }
    }
}

impl User {
    /// What a command leads to in this state: events to append (none when there is nothing to do), or a refusal.
    ///
    /// # Errors
    /// [`UserError`] says what is the case.
    pub fn decide(&self, command: UserCommand) -> Result<Vec<UserEvent>, UserError> {
        self.refuse_unless_there(&command)?;
        match command {
            UserCommand::RegisterUser { app_id, email, metadata, verification, now: at } => {
                let email = Personal::Clear(email.as_str().to_owned());
                let registered =
                    UserEvent::UserRegistered { app_id, email, metadata: Personal::Clear(metadata), at };
                let requested = verification.map(|(token_id, expires_at)| {
                    UserEvent::EmailVerificationRequested { token_id, expires_at, at }
                });
                Ok([Some(registered), requested].into_iter().flatten().collect())
            }
            UserCommand::RequestEmailVerification { token_id, expires_at, now: at } => {
                let needed = !self.email_verified && !is_pending(self.pending_verification, token_id);
                Ok(when(needed, UserEvent::EmailVerificationRequested { token_id, expires_at, at }))
            }
            UserCommand::VerifyEmail { token_id, now: at } => {
                accept(self.pending_verification, token_id, at)?;
                Ok(vec![UserEvent::EmailVerified { token_id, at }])
            }
            UserCommand::RequestPasswordReset { token_id, expires_at, now: at } => {
                let needed = !self.is_suspended() && !is_pending(self.pending_reset, token_id);
                Ok(when(needed, UserEvent::PasswordResetRequested { token_id, expires_at, at }))
            }
            UserCommand::ResetPassword { token_id, now: at } => {
                // Refused as a wrong token is: who holds the link must not learn that the user is suspended.
                if self.is_suspended() {
                    return Err(UserError::TokenInvalid);
                }
                accept(self.pending_reset, token_id, at)?;
                Ok(vec![UserEvent::PasswordReset { token_id, at }])
            }
            UserCommand::ChangePassword { generation, kept_session, now: at } => {
                if self.is_suspended() {
                    return Err(UserError::Suspended);
                }
                if generation != self.session_generation {
                    return Err(UserError::SessionsEnded);
                }
                Ok(vec![UserEvent::PasswordChanged { kept_session, at }])
            }
            UserCommand::ChangeMetadata { metadata, now: at } => {
                let metadata = Personal::Clear(metadata);
                Ok(when(metadata != self.metadata, UserEvent::MetadataChanged { metadata, at }))
            }
            UserCommand::LockLogin { reached, until, now: at } => {
                if self.password_reset_at.is_some_and(|reset| reached <= reset) {
                    return Err(UserError::ResetSince);
                }
                let locked = self.login_locked_until.is_some_and(|earlier| at < earlier);
                Ok(when(!locked && at < until, UserEvent::LoginLocked { until, at }))
            }
            // Not "twice is nothing": sessions may have started since, and the user does not know them.
            UserCommand::RevokeSessions { now: at } => Ok(vec![UserEvent::SessionsRevoked { at }]),
            UserCommand::SuspendUser { now: at } => {
                Ok(when(!self.is_suspended(), UserEvent::UserSuspended { at }))
            }
            UserCommand::RestoreUser { now: at } => {
                Ok(when(self.is_suspended(), UserEvent::UserRestored { at }))
            }
            UserCommand::EraseUser { now: at } => Ok(vec![UserEvent::UserErased { at }]),
            UserCommand::ExpireSignup { now: at } => {
                Ok(when(self.signup_is_over(at), UserEvent::UserErased { at }))
            }
        }
    }

    /// Whether a session of this user, started under `generation`, may still live as far as the user is concerned.
    pub fn keeps_alive(&self, session: SessionId, generation: u32) -> bool {
        self.lifecycle == UserLifecycle::Registered
            && !self.is_suspended()
            && (generation == self.session_generation || self.kept_session == Some(session))
    }

    fn refuse_unless_there(&self, command: &UserCommand) -> Result<(), UserError> {
        let registering = matches!(command, UserCommand::RegisterUser { .. });
        match self.lifecycle {
            UserLifecycle::Unregistered if registering => Ok(()),
            UserLifecycle::Registered if registering => Err(UserError::AlreadyRegistered),
            UserLifecycle::Registered => Ok(()),
            UserLifecycle::Unregistered | UserLifecycle::Erased => Err(UserError::NotFound),
        }
    }

    fn signup_is_over(&self, now: DateTime<Utc>) -> bool {
        let last_chance = self.pending_verification.map_or(self.created_at, |token| token.expires_at);
        !self.email_verified && last_chance + SIGNUP_KEPT <= now
    }

    fn is_suspended(&self) -> bool {
        self.status == UserStatus::Suspended
    }

    fn end_sessions_but(&mut self, kept: Option<SessionId>) {
        // Saturating: four thousand million changes of a password do not happen, and a fold must not panic.
        self.session_generation = self.session_generation.saturating_add(1);
        self.kept_session = kept;
    }
}

fn when(needed: bool, event: UserEvent) -> Vec<UserEvent> {
    if needed { vec![event] } else { Vec::new() }
}

fn is_pending(pending: Option<PendingToken>, token_id: TokenId) -> bool {
    pending.is_some_and(|pending| pending.token_id == token_id)
}

fn accept(pending: Option<PendingToken>, token_id: TokenId, now: DateTime<Utc>) -> Result<(), UserError> {
    let accepted = pending.is_some_and(|pending| pending.accepts(token_id, now));
    if accepted { Ok(()) } else { Err(UserError::TokenInvalid) }
}

impl Aggregate for User {
    const TYPE: &'static str = "User";
    type Command = UserCommand;
    type Event = UserEvent;
    type Error = UserError;
    type Services = ();

    async fn handle(
        &mut self,
        command: UserCommand,
        _: &(),
        sink: &EventSink<Self>,
    ) -> Result<(), UserError> {
        for event in self.decide(command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: UserEvent) {
        use crate::RecordedEvent;
        let at = event.at();
        match event {
            UserEvent::UserRegistered { app_id, email, metadata, at } => {
                let lifecycle = UserLifecycle::Registered;
                *self = Self { lifecycle, app_id, email, metadata, created_at: at, ..Self::default() };
            }
            UserEvent::EmailVerificationRequested { token_id, expires_at, .. } => {
                self.pending_verification = Some(PendingToken { token_id, expires_at });
            }
            UserEvent::EmailVerified { .. } => {
                self.email_verified = true;
                self.pending_verification = None;
            }
            UserEvent::PasswordResetRequested { token_id, expires_at, .. } => {
                self.pending_reset = Some(PendingToken { token_id, expires_at });
            }
            UserEvent::PasswordReset { .. } => {
                self.end_sessions_but(None);
                self.pending_reset = None;
                // A completed reset opens a locked login again.
                self.login_locked_until = None;
                self.password_reset_at = Some(at);
            }
            UserEvent::PasswordChanged { kept_session, .. } => {
                self.end_sessions_but(kept_session);
                self.pending_reset = None;
            }
            UserEvent::MetadataChanged { metadata, .. } => self.metadata = metadata,
            UserEvent::LoginLocked { until, .. } => {
                self.login_locked_until = Some(until);
                return;
            }
            UserEvent::SessionsRevoked { .. } => self.end_sessions_but(None),
            UserEvent::UserSuspended { .. } => {
                self.end_sessions_but(None);
                self.status = UserStatus::Suspended;
            }
            UserEvent::UserRestored { .. } => self.status = UserStatus::Active,
            UserEvent::UserErased { .. } => {
                self.end_sessions_but(None);
                self.lifecycle = UserLifecycle::Erased;
                self.email = Personal::Erased;
                self.metadata = Personal::Erased;
                self.pending_verification = None;
                self.pending_reset = None;
                self.login_locked_until = None;
            }
        }
        self.updated_at = at;
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
