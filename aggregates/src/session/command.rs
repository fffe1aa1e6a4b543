//! What can be asked of a session.

use std::fmt;

use chrono::{DateTime, Duration, Utc};

use super::EndReason;
use crate::{ApplicationId, UserId};

/// A command to a session. `now` is the time of the decision and of the events it gives. `Debug` prints only the name.
#[derive(Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are named after what they are")]
pub enum SessionCommand {
    /// Begin, after a login; `generation` is the user's `session_generation` at that moment.
    StartSession {
        app_id: ApplicationId,
        user_id: UserId,
        generation: u32,
        client_address: Option<String>,
        user_agent: Option<String>,
        expires_at: DateTime<Utc>,
        now: DateTime<Utc>,
    },
    /// Step on in the chain of refresh tokens. `counter` is that of the token shown; the one rotated out last is
    /// answered again within `grace`, any other old one ends the session.
    RefreshSession { counter: u32, grace: Duration, now: DateTime<Utc> },
    /// End. Nothing happens if it is over already.
    EndSession { reason: EndReason, now: DateTime<Utc> },
}

impl SessionCommand {
    /// The command's name, for logs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::StartSession { .. } => "StartSession",
            Self::RefreshSession { .. } => "RefreshSession",
            Self::EndSession { .. } => "EndSession",
        }
    }
}

/// Where a person comes from is personal, so no field is printed.
impl fmt::Debug for SessionCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
