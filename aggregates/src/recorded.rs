//! What the event log needs to know of an event: its stored name and version, its payload, and the way back.
//!
//! Stored names are the names of the variants, versions are `major.minor`; both are for ever. The payload is the inner
//! object without serde's tag, so that the tag is no part of the stored format.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::{ApplicationEvent, SessionEvent, UserEvent};

/// An event as the log records it.
pub trait RecordedEvent: Sized {
    /// Every event of this kind at its current version.
    const FORMATS: &'static [EventFormat];

    /// The stored name.
    fn name(&self) -> &'static str;

    /// The version this code writes, `major.minor`.
    fn version(&self) -> &'static str;

    /// The event's fields as a JSON object, without a tag. Never holds a secret.
    fn payload(&self) -> Value;

    /// When it happened.
    fn at(&self) -> DateTime<Utc>;

    /// The event back from what was stored (opened and brought to the current version by its reader).
    ///
    /// # Errors
    /// [`UnknownEvent`] for a name, a version or a payload that this code does not know. The payload is not quoted.
    fn parse(name: &str, version: &str, payload: Value) -> Result<Self, UnknownEvent>;
}

/// The stored name of an event and the version this code writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventFormat {
    /// The stored name.
    pub name: &'static str,
    /// `major.minor`.
    pub version: &'static str,
}

/// A stored event that this code can't read: written by a newer release, or damaged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnknownEvent {
    /// No aggregate of this type.
    #[error("no aggregate has the stored type {0:?}")]
    AggregateType(String),
    /// No event of this name.
    #[error("no event has the stored name {0:?}")]
    Name(String),
    /// The event is known, this version of it isn't.
    #[error("event {name} has the stored version {version:?}, which this release does not read")]
    Version {
        /// The stored name.
        name: &'static str,
        /// The stored version.
        version: String,
    },
    /// Name and version are known, but the payload does not have their form. What it holds is not said: it may be personal.
    #[error("the stored payload of event {name} does not have the form of its version")]
    Payload {
        /// The stored name.
        name: &'static str,
    },
}

/// An event of any aggregate.
#[derive(Clone, Debug, PartialEq)]
pub enum DomainEvent {
    /// Of a user.
    User(UserEvent),
    /// Of a session.
    Session(SessionEvent),
    /// Of an application.
    Application(ApplicationEvent),
}

impl DomainEvent {
    /// The event back from what was stored, told apart by the aggregate's type (`User`, `Session`, `Application`).
    ///
    /// # Errors
    /// [`UnknownEvent`], as [`RecordedEvent::parse`], and for an unknown aggregate type.
    pub fn parse(
        aggregate_type: &str,
        name: &str,
        version: &str,
        payload: Value,
    ) -> Result<Self, UnknownEvent> {
        use cqrs_es::Aggregate;
        match aggregate_type {
            crate::User::TYPE => UserEvent::parse(name, version, payload).map(Self::User),
            crate::Session::TYPE => SessionEvent::parse(name, version, payload).map(Self::Session),
            crate::Application::TYPE => {
                ApplicationEvent::parse(name, version, payload).map(Self::Application)
            }
            other => Err(UnknownEvent::AggregateType(other.to_owned())),
        }
    }

    /// The stored name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::User(event) => event.name(),
            Self::Session(event) => event.name(),
            Self::Application(event) => event.name(),
        }
    }

    /// When it happened.
    pub fn at(&self) -> DateTime<Utc> {
        match self {
            Self::User(event) => event.at(),
            Self::Session(event) => event.at(),
            Self::Application(event) => event.at(),
        }
    }
}

/// The fields of a serialized event, out of serde's `{"Variant": {…}}`.
pub(crate) fn without_tag<E: serde::Serialize>(event: &E) -> Value {
    let tagged = serde_json::to_value(event).expect("an event is plain data with strings as keys");
    match tagged {
        Value::Object(object) => object.into_iter().next().expect("the tag is there").1,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            unreachable!("every variant of an event has fields, so serde writes an object")
        }
    }
}

/// Checks name and version against what this code writes, then puts serde's tag back and reads the event.
pub(crate) fn from_payload<E: RecordedEvent + serde::de::DeserializeOwned>(
    name: &str,
    version: &str,
    payload: Value,
) -> Result<E, UnknownEvent> {
    let Some(known) = E::FORMATS.iter().find(|format| format.name == name) else {
        return Err(UnknownEvent::Name(name.to_owned()));
    };
    if known.version != version {
        return Err(UnknownEvent::Version { name: known.name, version: version.to_owned() });
    }
    let tagged = Value::Object([(name.to_owned(), payload)].into_iter().collect());
    // serde's message may quote a value, so it goes no further.
    serde_json::from_value(tagged).map_err(|_| UnknownEvent::Payload { name: known.name })
}

/// Gives an event enum its stored names and versions: one line per variant, and the compiler asks for each.
macro_rules! recorded_events {
    ($event:ty { $($variant:ident $version:literal,)* }) => {
        impl $crate::recorded::RecordedEvent for $event {
            const FORMATS: &'static [$crate::recorded::EventFormat] = &[
                $($crate::recorded::EventFormat { name: stringify!($variant), version: $version },)*
            ];

            fn name(&self) -> &'static str {
                match self { $(Self::$variant { .. } => stringify!($variant),)* }
            }

            fn version(&self) -> &'static str {
                match self { $(Self::$variant { .. } => $version,)* }
            }

            fn payload(&self) -> serde_json::Value {
                $crate::recorded::without_tag(self)
            }

            fn at(&self) -> chrono::DateTime<chrono::Utc> {
                match self { $(Self::$variant { at, .. } => *at,)* }
            }

            fn parse(
                name: &str,
                version: &str,
                payload: serde_json::Value,
            ) -> Result<Self, $crate::recorded::UnknownEvent> {
                $crate::recorded::from_payload(name, version, payload)
            }
        }

        impl cqrs_es::DomainEvent for $event {
            fn event_type(&self) -> String {
                $crate::recorded::RecordedEvent::name(self).to_owned()
            }

            fn event_version(&self) -> String {
                $crate::recorded::RecordedEvent::version(self).to_owned()
            }
        }
    };
}
pub(crate) use recorded_events;
