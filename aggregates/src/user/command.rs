//! What can be asked of a user.

use std::fmt;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use crate::{ApplicationId, EmailAddress, SessionId, TokenId};

/// A command to a user. `now` is the time of the decision and of the events it gives. `Debug` prints only the name.
#[derive(Clone, PartialEq)]
#[expect(missing_docs, reason = "the fields are named after what they are")]
pub enum UserCommand {
    /// Sign up; `verification` asks for a verification mail along with it (token's id, end of its validity).
    RegisterUser {
        app_id: ApplicationId,
        email: EmailAddress,
        metadata: Map<String, Value>,
        verification: Option<(TokenId, DateTime<Utc>)>,
        now: DateTime<Utc>,
    },
    /// Make a new verification token the valid one. Nothing happens if the address is verified.
    RequestEmailVerification { token_id: TokenId, expires_at: DateTime<Utc>, now: DateTime<Utc> },
    /// Use the verification token.
    VerifyEmail { token_id: TokenId, now: DateTime<Utc> },
    /// Make a new reset token the valid one. Nothing happens if the user is suspended, who could not use it.
    RequestPasswordReset { token_id: TokenId, expires_at: DateTime<Utc>, now: DateTime<Utc> },
    /// Use the reset token: a new password is set, every session ends.
    ResetPassword { token_id: TokenId, now: DateTime<Utc> },
    /// Set a new password, knowing the old one: every session but `kept_session` ends.
    ///
    /// `generation` is the user's `session_generation` when the old password was checked: if every session was ended since
    /// (a reset, for one), whoever knew the old password has no say any more.
    ChangePassword { generation: u32, kept_session: Option<SessionId>, now: DateTime<Utc> },
    /// Keep this about the user from now on, instead of what is kept. Nothing happens if it is the same.
    ChangeMetadata { metadata: Map<String, Value>, now: DateTime<Utc> },
    /// Record that guessing locked a login until a time; the failure that `reached` the lock may be some time ago. Nothing happens
    /// while an earlier lock holds.
    LockLogin { reached: DateTime<Utc>, until: DateTime<Utc>, now: DateTime<Utc> },
    /// End every session.
    RevokeSessions { now: DateTime<Utc> },
    /// Keep the user out until restored; every session ends.
    SuspendUser { now: DateTime<Utc> },
    /// Let a suspended user in again.
    RestoreUser { now: DateTime<Utc> },
    /// Erase the person. There is no way back.
    EraseUser { now: DateTime<Utc> },
    /// Erase a person who signed up and never proved that the address is theirs, once [`SIGNUP_KEPT`] has passed since they
    /// last could. Nothing happens before. Logins are not among a user's events: whoever executes this has to spare those who
    /// have logged in.
    ///
    /// [`SIGNUP_KEPT`]: super::SIGNUP_KEPT
    ExpireSignup { now: DateTime<Utc> },
}

impl UserCommand {
    /// The command's name, for logs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::RegisterUser { .. } => "RegisterUser",
            Self::RequestEmailVerification { .. } => "RequestEmailVerification",
            Self::VerifyEmail { .. } => "VerifyEmail",
            Self::RequestPasswordReset { .. } => "RequestPasswordReset",
            Self::ResetPassword { .. } => "ResetPassword",
            Self::ChangePassword { .. } => "ChangePassword",
            Self::ChangeMetadata { .. } => "ChangeMetadata",
            Self::LockLogin { .. } => "LockLogin",
            Self::RevokeSessions { .. } => "RevokeSessions",
            Self::SuspendUser { .. } => "SuspendUser",
            Self::RestoreUser { .. } => "RestoreUser",
            Self::EraseUser { .. } => "EraseUser",
            Self::ExpireSignup { .. } => "ExpireSignup",
        }
    }
}

/// `metadata` is personal, so no field is printed.
impl fmt::Debug for UserCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
