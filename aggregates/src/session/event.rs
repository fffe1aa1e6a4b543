//! What can happen to a session.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::recorded::recorded_events;
use crate::{ApplicationId, Personal, UserId};

/// Why a session ended before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// Its user logged out.
    Logout,
    /// Its user or a developer ended it from elsewhere.
    Revoked,
    /// An old refresh token was shown again, so somebody has a copy (RFC 9700 section 4.14).
    RefreshTokenReused,
}

/// An event of a session. `at` is when it happened. Stored for ever: see `tests/event_format.rs` before changing anything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are named after what they are")]
pub enum SessionEvent {
    /// Began with a login.
    SessionStarted {
        app_id: ApplicationId,
        user_id: UserId,
        generation: u32,
        client_address: Personal<Option<String>>,
        user_agent: Personal<Option<String>>,
        expires_at: DateTime<Utc>,
        at: DateTime<Utc>,
    },
    /// A refresh token was used; `counter` is that of its successor.
    SessionRefreshed { counter: u32, at: DateTime<Utc> },
    /// Ended before its time.
    SessionEnded { reason: EndReason, at: DateTime<Utc> },
}

recorded_events!(SessionEvent {
    SessionStarted "1.0",
    SessionRefreshed "1.0",
    SessionEnded "1.0",
});
