//! Whether an event is what its hash says, and if not, what about it was changed.

use cqrs_es::Aggregate as _;
use devauth_aggregates::{
    Application, ApplicationEvent, EventFormat, RecordedEvent as _, Session, SessionEvent, User, UserEvent,
};
use serde_json::Value;

use crate::feed::StoredEvent;

/// In words, what is wrong with an event's content. `None`: it is what its hash says.
#[must_use]
pub fn changed(event: &StoredEvent) -> Option<String> {
    if fits(event) {
        return None;
    }
    Some(guess(event).unwrap_or_else(|| {
        "its payload, its metadata, an id or its hash was changed: together they don't give its hash"
            .to_owned()
    }))
}

fn fits(event: &StoredEvent) -> bool {
    event.computed_hash().as_slice() == event.event_hash
}

/// A hash says that something was changed and not what. For what can only have been one of a few values, trying finds out.
fn guess(event: &StoredEvent) -> Option<String> {
    if let Some(recorded_at) = time_in(&event.payload) {
        let was = StoredEvent { recorded_at, ..event.clone() };
        if fits(&was) {
            return Some(format!("its recorded_at was changed; it was {}", recorded_at.to_rfc3339()));
        }
    }
    for format in formats(&event.aggregate_type) {
        let was = StoredEvent { event_type: format.name.to_owned(), ..event.clone() };
        if fits(&was) {
            return Some(format!("its type was changed; it was {}", format.name));
        }
        let was = StoredEvent { event_version: format.version.to_owned(), ..event.clone() };
        if fits(&was) {
            return Some(format!("its version was changed; it was {}", format.version));
        }
    }
    None
}

fn time_in(payload: &str) -> Option<chrono::DateTime<chrono::Utc>> {
    serde_json::from_str::<Value>(payload).ok()?["at"].as_str()?.parse().ok()
}

fn formats(aggregate_type: &str) -> &'static [EventFormat] {
    match aggregate_type {
        User::TYPE => UserEvent::FORMATS,
        Session::TYPE => SessionEvent::FORMATS,
        Application::TYPE => ApplicationEvent::FORMATS,
        _ => &[],
    }
}
