//! A session: begins with a login, lives by refreshes, ends at its time or before.
//!
//! Refresh tokens are a chain of counters: the session knows the current one, so reuse of an older one is exact and no
//! token is stored. That a session also dies with its user's generation is the user's rule ([`crate::User::keeps_alive`]).

mod command;
mod error;
mod event;

pub use command::SessionCommand;
pub use error::SessionError;
pub use event::{EndReason, SessionEvent};

use chrono::{DateTime, Duration, Utc};
use cqrs_es::{Aggregate, event_sink::EventSink};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{ApplicationId, Personal, UserId};

/// The state of a session: the fold of its events, and the row of the read model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Whether there is such a session; if not, the other fields mean nothing. Look here first.
    pub started: bool,
    /// The application it is good for.
    pub app_id: ApplicationId,
    /// Whose session.
    pub user_id: UserId,
    /// The user's `session_generation` when it started.
    pub generation: u32,
    /// The counter of the refresh token that is valid now; starts at 0.
    pub counter: u32,
    /// When that token was given out.
    pub rotated_at: DateTime<Utc>,
    /// From where the login came.
    pub client_address: Personal<Option<String>>,
    /// With what the login came.
    pub user_agent: Personal<Option<String>>,
    /// When it started.
    pub created_at: DateTime<Utc>,
    /// When it started or was last refreshed.
    pub last_used_at: DateTime<Utc>,
    /// The first moment at which it is over by itself; a refresh does not move it.
    pub expires_at: DateTime<Utc>,
    /// Why and when it ended before its time.
    pub ended: Option<(EndReason, DateTime<Utc>)>,
}

impl Default for Session {
    fn default() -> Self {
        Self {
            started: false,
            app_id: ApplicationId::from_uuid(Uuid::nil()),
            user_id: UserId::from_uuid(Uuid::nil()),
            generation: 0,
            counter: 0,
            rotated_at: DateTime::UNIX_EPOCH,
            client_address: Personal::Erased,
            user_agent: Personal::Erased,
            created_at: DateTime::UNIX_EPOCH,
            last_used_at: DateTime::UNIX_EPOCH,
            expires_at: DateTime::UNIX_EPOCH,
            ended: None,
        }
    }
}

impl Session {
    /// What a command leads to in this state: events to append (none when there is nothing to do), or a refusal.
    ///
    /// A refresh with an old token is not refused: it gives [`SessionEvent::SessionEnded`], which must be stored. The
    /// caller sees it in the state's `ended`.
    ///
    /// # Errors
    /// [`SessionError`] says what is the case.
    pub fn decide(&self, command: SessionCommand) -> Result<Vec<SessionEvent>, SessionError> {
        match command {
            SessionCommand::StartSession {
                app_id,
                user_id,
                generation,
                client_address,
                user_agent,
                expires_at,
                now: at,
            } => {
                if self.started {
                    return Err(SessionError::AlreadyStarted);
                }
                let (client_address, user_agent) = (client_address.into(), user_agent.into());
                Ok(vec![SessionEvent::SessionStarted {
                    app_id,
                    user_id,
                    generation,
                    client_address,
                    user_agent,
                    expires_at,
                    at,
                }])
            }
            SessionCommand::RefreshSession { counter, grace, now } => {
                self.decide_refresh(counter, grace, now)
            }
            SessionCommand::EndSession { reason, now: at } => {
                if !self.started {
                    return Err(SessionError::NotFound);
                }
                if self.is_over(at) {
                    return Ok(Vec::new());
                }
                Ok(vec![SessionEvent::SessionEnded { reason, at }])
            }
        }
    }

    /// Whether it has ended or expired.
    pub fn is_over(&self, now: DateTime<Utc>) -> bool {
        self.ended.is_some() || now >= self.expires_at
    }

    fn decide_refresh(
        &self,
        shown: u32,
        grace: Duration,
        now: DateTime<Utc>,
    ) -> Result<Vec<SessionEvent>, SessionError> {
        if !self.started {
            return Err(SessionError::NotFound);
        }
        if self.is_over(now) {
            return Err(SessionError::Ended);
        }
        if shown > self.counter {
            return Err(SessionError::Invalid);
        }
        if shown == self.counter {
            // A chain that has used up its counters can't go on; it takes centuries to get there.
            let counter = self.counter.checked_add(1).ok_or(SessionError::Ended)?;
            return Ok(vec![SessionEvent::SessionRefreshed { counter, at: now }]);
        }
        // Tabs and retries that shared a token converge on its successor.
        let just_rotated_out = self.counter - shown == 1 && now - self.rotated_at <= grace;
        if just_rotated_out {
            return Ok(Vec::new());
        }
        Ok(vec![SessionEvent::SessionEnded { reason: EndReason::RefreshTokenReused, at: now }])
    }
}

impl Aggregate for Session {
    const TYPE: &'static str = "Session";
    type Command = SessionCommand;
    type Event = SessionEvent;
    type Error = SessionError;
    type Services = ();

    async fn handle(
        &mut self,
        command: SessionCommand,
        _: &(),
        sink: &EventSink<Self>,
    ) -> Result<(), SessionError> {
        for event in self.decide(command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: SessionEvent) {
        match event {
            SessionEvent::SessionStarted {
                app_id,
                user_id,
                generation,
                client_address,
                user_agent,
                expires_at,
                at,
            } => {
                *self = Self {
                    started: true,
                    app_id,
                    user_id,
                    generation,
                    counter: 0,
                    rotated_at: at,
                    client_address,
                    user_agent,
                    created_at: at,
                    last_used_at: at,
                    expires_at,
                    ended: None,
                };
            }
            SessionEvent::SessionRefreshed { counter, at } => {
                self.counter = counter;
                self.rotated_at = at;
                self.last_used_at = at;
            }
            SessionEvent::SessionEnded { reason, at } => self.ended = Some((reason, at)),
        }
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
