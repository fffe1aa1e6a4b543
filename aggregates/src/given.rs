//! What the tests of the aggregates start from: a time, ids, a state out of events, a command handled.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use chrono::{DateTime, Utc};
use cqrs_es::{Aggregate, event_sink::EventSink};
use type_safe_id::{StaticType, TypeSafeId};
use uuid::Uuid;

use crate::RecordedEvent;

/// So many seconds into the story.
pub fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + seconds, 123_456_000).unwrap()
}

pub fn id<T: StaticType>(number: u128) -> TypeSafeId<T> {
    TypeSafeId::from_uuid(Uuid::from_u128(number))
}

pub fn fold<A: Aggregate>(events: impl IntoIterator<Item = A::Event>) -> A {
    let mut state = A::default();
    events.into_iter().for_each(|event| state.apply(event));
    state
}

/// Handles a command as the framework does. Polls once: deciding never waits.
pub fn handle<A: Aggregate<Services = ()>>(
    state: &mut A,
    command: A::Command,
) -> Result<Vec<A::Event>, A::Error> {
    let sink = EventSink::default();
    ready(state.handle(command, &(), &sink))?;
    Ok(ready(sink.collect()))
}

fn ready<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("a pure rule waited for something"),
    }
}

/// Checks that an event comes back from what the log stores of it.
pub fn assert_round_trip<E: RecordedEvent + PartialEq + std::fmt::Debug>(event: &E) {
    let stored = serde_json::to_string(&event.payload()).unwrap();
    let payload = serde_json::from_str(&stored).unwrap();
    assert_eq!(E::parse(event.name(), event.version(), payload).as_ref(), Ok(event));
}

/// Checks that a state can be stored as the framework asks, and comes back.
pub fn assert_state_round_trip<A: Aggregate + PartialEq + std::fmt::Debug>(state: &A) {
    let stored = serde_json::to_string(state).unwrap();
    assert_eq!(&serde_json::from_str::<A>(&stored).unwrap(), state);
}
