//! What can happen to a user.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::recorded::recorded_events;
use crate::{ApplicationId, Personal, SessionId, TokenId};

/// An event of a user. `at` is when it happened. Stored for ever: see `tests/event_format.rs` before changing anything.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are named after what they are")]
pub enum UserEvent {
    /// Signed up.
    UserRegistered {
        app_id: ApplicationId,
        email: Personal<String>,
        metadata: Personal<Map<String, Value>>,
        at: DateTime<Utc>,
    },
    /// A verification token was asked for; it replaces the one before.
    EmailVerificationRequested { token_id: TokenId, expires_at: DateTime<Utc>, at: DateTime<Utc> },
    /// The verification token was used.
    EmailVerified { token_id: TokenId, at: DateTime<Utc> },
    /// A reset token was asked for; it replaces the one before.
    PasswordResetRequested { token_id: TokenId, expires_at: DateTime<Utc>, at: DateTime<Utc> },
    /// The reset token was used and a new password set.
    PasswordReset { token_id: TokenId, at: DateTime<Utc> },
    /// A new password was set by who knew the old one; `kept_session` went on.
    PasswordChanged { kept_session: Option<SessionId>, at: DateTime<Utc> },
    /// What the application keeps about the user was replaced.
    MetadataChanged { metadata: Personal<Map<String, Value>>, at: DateTime<Utc> },
    /// Guessing reached the limit and locked a login.
    LoginLocked { until: DateTime<Utc>, at: DateTime<Utc> },
    /// Every session was ended.
    SessionsRevoked { at: DateTime<Utc> },
    /// Kept out by a developer.
    UserSuspended { at: DateTime<Utc> },
    /// Let in again by a developer.
    UserRestored { at: DateTime<Utc> },
    /// The person was erased.
    UserErased { at: DateTime<Utc> },
}

recorded_events!(UserEvent {
    UserRegistered "1.0",
    EmailVerificationRequested "1.0",
    EmailVerified "1.0",
    PasswordResetRequested "1.0",
    PasswordReset "1.0",
    PasswordChanged "1.0",
    MetadataChanged "1.0",
    LoginLocked "1.0",
    SessionsRevoked "1.0",
    UserSuspended "1.0",
    UserRestored "1.0",
    UserErased "1.0",
});
