//! Whether an event is the next of its stream: streams have no holes and begin with their first event.

use std::fmt;

/// What is wrong with an event as the next of its stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The events `from` to `to` are missing before it.
    Missing {
        /// The first missing sequence.
        from: i64,
        /// The last missing sequence.
        to: i64,
    },
    /// The event of this sequence was there already.
    Twice,
    /// A later event of the stream stands before it.
    Late {
        /// Its sequence.
        after: i64,
    },
    /// It is the stream's first, and not one that a stream of this type begins with.
    NoBeginning,
    /// It begins a stream that has begun.
    SecondBeginning,
}

/// What is wrong with an event whose stream's last event so far was `previous`, in the order of the stream.
///
/// With `earlier_unknown` a stream may begin anywhere: what lies before is not looked at.
#[must_use]
pub fn next(
    aggregate_type: &str,
    event_type: &str,
    sequence: i64,
    previous: Option<i64>,
    earlier_unknown: bool,
) -> Option<Trouble> {
    let last = previous.unwrap_or(if earlier_unknown { sequence - 1 } else { 0 });
    if sequence > last + 1 {
        return Some(Trouble::Missing { from: last + 1, to: sequence - 1 });
    }
    if sequence == last {
        return Some(Trouble::Twice);
    }
    if sequence < last {
        return Some(Trouble::Late { after: last });
    }
    match (beginning(aggregate_type)? == event_type, sequence == 1) {
        (true, true) | (false, false) => None,
        (false, true) => Some(Trouble::NoBeginning),
        (true, false) => Some(Trouble::SecondBeginning),
    }
}

/// The event that a stream of this type begins with; stored names are for ever. Nothing for a type of a newer release.
fn beginning(aggregate_type: &str) -> Option<&'static str> {
    match aggregate_type {
        "User" => Some("UserRegistered"),
        "Session" => Some("SessionStarted"),
        "Application" => Some("ApplicationCreated"),
        _ => None,
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::Missing { from, to } if from == to => {
                write!(f, "event {from} of its stream is missing before it")
            }
            Trouble::Missing { from, to } => {
                write!(f, "events {from} to {to} of its stream are missing before it")
            }
            Trouble::Twice => f.write_str("it is there twice"),
            Trouble::Late { after } => write!(f, "it stands behind event {after} of its stream"),
            Trouble::NoBeginning => f.write_str("no stream of its type begins with such an event"),
            Trouble::SecondBeginning => f.write_str("its stream has begun already"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(event_type: &str, sequence: i64, previous: Option<i64>) -> Option<Trouble> {
        next("User", event_type, sequence, previous, false)
    }

    #[test]
    fn the_next_event_is_one_more_and_the_first_begins() {
        assert_eq!(user("UserRegistered", 1, None), None);
        assert_eq!(user("EmailVerified", 2, Some(1)), None);
        assert_eq!(user("EmailVerified", 1, None), Some(Trouble::NoBeginning));
        assert_eq!(user("UserRegistered", 2, Some(1)), Some(Trouble::SecondBeginning));
        assert_eq!(next("Robot", "Built", 1, None, false), None, "a newer release knows");
    }

    #[test]
    fn holes_repetitions_and_late_events_are_told() {
        assert_eq!(user("EmailVerified", 2, None), Some(Trouble::Missing { from: 1, to: 1 }));
        assert_eq!(user("EmailVerified", 6, Some(3)), Some(Trouble::Missing { from: 4, to: 5 }));
        assert_eq!(user("EmailVerified", 3, Some(3)), Some(Trouble::Twice));
        assert_eq!(user("EmailVerified", 2, Some(3)), Some(Trouble::Late { after: 3 }));
    }

    #[test]
    fn where_the_beginning_is_not_looked_at_a_stream_may_begin_anywhere() {
        assert_eq!(next("User", "EmailVerified", 7, None, true), None);
        assert_eq!(
            next("User", "EmailVerified", 9, Some(7), true),
            Some(Trouble::Missing { from: 8, to: 8 })
        );
    }
}
