//! Travelling in time: what had happened to a user by a moment, and who they were then.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use cqrs_es::Aggregate as _;
use devauth_aggregates::{DomainEvent, SessionEvent, User, UserLifecycle};

use crate::feed::{Recorded, StoredEvent};

/// A user as they were.
#[derive(Debug, Clone, PartialEq)]
pub struct PastUser {
    /// The fold of their events.
    pub user: User,
    /// Their last login by then.
    pub last_login_at: Option<DateTime<Utc>>,
}

/// The events of `events`, which are in the order of the log, that had happened by `moment`.
///
/// Nodes differ by moments in what time it is, so an event may carry an earlier time than the one before it in its stream. It
/// had not happened before that one: of each stream a beginning is left.
#[must_use]
pub fn until(events: Vec<StoredEvent>, moment: DateTime<Utc>) -> Vec<StoredEvent> {
    let mut later: HashSet<(String, String)> = HashSet::new();
    let mut happened = Vec::with_capacity(events.len());
    for event in events {
        let stream = (event.aggregate_type.clone(), event.aggregate_id.clone());
        if event.recorded_at > moment || later.contains(&stream) {
            later.insert(stream);
        } else {
            happened.push(event);
        }
    }
    happened
}

/// Who the user of these events (their own and their sessions') was after the last of them: nobody before they signed up and
/// after they were erased.
#[must_use]
pub fn state(events: &[Recorded]) -> Option<PastUser> {
    let mut past = PastUser { user: User::default(), last_login_at: None };
    for recorded in events {
        match &recorded.event {
            DomainEvent::User(event) => past.user.apply(event.clone()),
            DomainEvent::Session(SessionEvent::SessionStarted { at, .. }) => {
                past.last_login_at = past.last_login_at.max(Some(*at));
            }
            DomainEvent::Session(
                SessionEvent::SessionRefreshed { .. } | SessionEvent::SessionEnded { .. },
            )
            | DomainEvent::Application(_) => {}
        }
    }
    match past.user.lifecycle {
        UserLifecycle::Registered => Some(past),
        UserLifecycle::Unregistered | UserLifecycle::Erased => None,
    }
}
