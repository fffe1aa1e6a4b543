//! What an export says of one user: their events, and the state that these lead to.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use cqrs_es::Aggregate as _;
use devauth_aggregates::{DomainEvent, Session, SessionEvent, User, UserId, UserLifecycle};
use devauth_projections::event_log::DataKeys;
use devauth_projections::feed::{Opened, Recorded, StoredEvent};
use devauth_projections::proof::line::EventLine;
use serde_json::Value;

/// A user's events, in order.
pub(super) struct Person {
    user: UserId,
    id: String,
    sessions: HashSet<String>,
    events: Vec<(EventLine, StoredEvent)>,
}

/// A user as they were.
#[derive(Debug)]
pub(super) struct Moment {
    /// The fold of their own events; unregistered before the first.
    pub(super) state: User,
    pub(super) last_login_at: Option<DateTime<Utc>>,
    pub(super) personal: Knowledge,
    /// What had happened.
    pub(super) events: Vec<(EventLine, Recorded)>,
}

/// What can be known of personal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Knowledge {
    /// It is there.
    Opened,
    /// It is sealed in this export.
    Sealed,
    /// Nobody knows it any more.
    Erased,
}

/// Why a state can't be rebuilt.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReplayError {
    #[error("it begins after the first event of the user; an export without --after has all of them")]
    BeginsLater,
    #[error("the event at position {0} can't be read: {1}")]
    Unreadable(i64, String),
}

impl Person {
    pub(super) fn new(user: UserId) -> Self {
        Person { user, id: user.to_string(), sessions: HashSet::new(), events: Vec::new() }
    }

    /// Takes the next event of the export; keeps it if it is of this user or of a session of theirs.
    pub(super) fn take(&mut self, line: EventLine, event: StoredEvent) {
        let is_theirs = match event.aggregate_type.as_str() {
            User::TYPE => event.aggregate_id == self.id,
            Session::TYPE if self.sessions.contains(&event.aggregate_id) => true,
            Session::TYPE => self.begins_session(&event) && self.sessions.insert(event.aggregate_id.clone()),
            _ => false,
        };
        if is_theirs {
            self.events.push((line, event));
        }
    }

    /// Whether the export knows them.
    pub(super) fn is_known(&self) -> bool {
        self.events.iter().any(|(_, event)| event.aggregate_type == User::TYPE)
    }

    /// Their state after everything that had happened at `at` (otherwise after everything).
    pub(super) fn at(self, at: Option<DateTime<Utc>>) -> Result<Moment, ReplayError> {
        let user = self.user;
        if self
            .events
            .iter()
            .find(|(_, event)| event.aggregate_id == self.id)
            .map(|(_, event)| event.sequence)
            != Some(1)
        {
            return Err(ReplayError::BeginsLater);
        }
        let mut moment = Moment {
            state: User::default(),
            last_login_at: None,
            personal: Knowledge::Erased,
            events: Vec::new(),
        };
        for (line, event) in self.events {
            let sealed = line.opened.is_none();
            let position = event.position;
            let recorded = understand(&line, event)
                .map_err(|error| ReplayError::Unreadable(position, error.to_string()))?;
            if at.is_none_or(|at| recorded.at() <= at) {
                moment.apply(user, line, recorded, sealed);
            }
        }
        if moment.state.lifecycle == UserLifecycle::Erased {
            moment.personal = Knowledge::Erased;
        }
        Ok(moment)
    }

    fn begins_session(&self, event: &StoredEvent) -> bool {
        // Looked for in the text first, because most sessions are somebody else's.
        event.event_type == "SessionStarted"
            && event.payload.contains(&self.id)
            && serde_json::from_str::<Value>(&event.payload)
                .is_ok_and(|payload| payload["user_id"] == *self.id)
    }
}

impl Moment {
    fn apply(&mut self, user: UserId, line: EventLine, recorded: Recorded, sealed: bool) {
        match &recorded.event {
            DomainEvent::User(event) => {
                self.state.apply(event.clone());
                if recorded.stored.sequence == 1 {
                    self.personal = match (sealed, self.state.email.as_ref()) {
                        (true, _) => Knowledge::Sealed,
                        (false, Some(_)) => Knowledge::Opened,
                        (false, None) => Knowledge::Erased,
                    };
                }
            }
            DomainEvent::Session(SessionEvent::SessionStarted { user_id, at, .. }) if *user_id == user => {
                self.last_login_at = self.last_login_at.max(Some(*at));
            }
            DomainEvent::Session(_) | DomainEvent::Application(_) => {}
        }
        self.events.push((line, recorded));
    }
}

/// The event, with what is personal as far as the export has it in clear; the rest reads as erased.
fn understand(line: &EventLine, event: StoredEvent) -> Result<Recorded, devauth_projections::Error> {
    let document = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
    match &line.opened {
        None => event.open(&DataKeys::new())?.understand(),
        Some(opened) => {
            let (payload, metadata) = (document(&opened.payload), document(&opened.metadata));
            Opened { payload, metadata, stored: event }.understand()
        }
    }
}
