//! How an export is written: JSON lines, one form only, so that the same events are the same bytes.
//!
//! The first line is a [`Header`], then comes a line for each event ([`EventLine`]), and the last is a [`Footer`]. Payload and
//! metadata are strings, because their hash covers exact bytes that no JSON tool would keep. The format: `docs/auditing.md`.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::digest::{hex, unhex};
use crate::feed::{Opened, StoredEvent};

/// The name of this format.
pub const FORMAT: &str = "devauth-events-1";

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// [`FORMAT`].
    pub format: String,
    /// The application as it is known outside.
    pub app_id: String,
    /// The UUID inside, which the hashes cover.
    pub application_id: Uuid,
    /// Events after this position are in the file.
    pub after: i64,
    /// Whether personal data was opened, as far as its keys existed.
    pub opened: bool,
}

/// An event: everything that its hash covers, and its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are named after the columns they come from")]
pub struct EventLine {
    pub position: i64,
    /// Position of the application's event before this one; 0 if there is none.
    pub previous: i64,
    pub event_id: Uuid,
    pub application_id: Uuid,
    pub aggregate_type: String,
    pub aggregate_id: String,
    pub sequence: i64,
    #[serde(rename = "type")]
    pub event_type: String,
    pub version: String,
    /// UTC, to the microsecond.
    pub recorded_at: String,
    /// The exact bytes that the hash covers.
    pub payload: String,
    /// The exact bytes that the hash covers.
    pub metadata: String,
    /// In hexadecimal.
    pub event_hash: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened: Option<OpenedDocuments>,
}

/// Payload and metadata with what is personal in clear: `{"$personal": …}`, or `{"$erased": true}` where its key is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "named after the documents")]
pub struct OpenedDocuments {
    pub payload: String,
    pub metadata: String,
}

/// The last line: what a file that is all there ends with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Footer {
    /// Every event of the application up to this position is in the file.
    pub head: i64,
    /// Position of the last event in the file, or of the last one before it.
    pub last: i64,
    /// How many events are in the file.
    pub count: u64,
    /// [`super::Digest`] of the events in the file.
    pub digest: String,
    /// SHA-256 of all bytes of the file before this value.
    pub sha256: String,
}

impl Header {
    /// Of an export of this application.
    #[must_use]
    pub fn new(application: devauth_aggregates::ApplicationId, after: i64, opened: bool) -> Self {
        Header {
            format: FORMAT.to_owned(),
            app_id: application.to_string(),
            application_id: application.uuid(),
            after,
            opened,
        }
    }
}

impl EventLine {
    /// The line of an event as stored.
    #[must_use]
    pub fn sealed(event: &StoredEvent, previous: i64) -> Self {
        EventLine {
            position: event.position,
            previous,
            event_id: event.event_id,
            application_id: event.application_id,
            aggregate_type: event.aggregate_type.clone(),
            aggregate_id: event.aggregate_id.clone(),
            sequence: event.sequence,
            event_type: event.event_type.clone(),
            version: event.event_version.clone(),
            recorded_at: written(event.recorded_at),
            payload: event.payload.clone(),
            metadata: event.metadata.clone(),
            event_hash: hex(&event.event_hash),
            opened: None,
        }
    }

    /// The same with what is personal in clear.
    #[must_use]
    pub fn opened(event: &Opened, previous: i64) -> Self {
        let documents =
            OpenedDocuments { payload: event.payload.to_string(), metadata: event.metadata.to_string() };
        EventLine { opened: Some(documents), ..EventLine::sealed(&event.stored, previous) }
    }

    /// The event that it tells of. `None` if its time or its hash is none, or is written in another form.
    #[must_use]
    pub fn event(&self) -> Option<StoredEvent> {
        let recorded_at: DateTime<Utc> = self.recorded_at.parse().ok()?;
        if written(recorded_at) != self.recorded_at {
            return None;
        }
        Some(StoredEvent {
            position: self.position,
            application_id: self.application_id,
            user_id: None,
            aggregate_type: self.aggregate_type.clone(),
            aggregate_id: self.aggregate_id.clone(),
            sequence: self.sequence,
            event_type: self.event_type.clone(),
            event_version: self.version.clone(),
            payload: self.payload.clone(),
            metadata: self.metadata.clone(),
            event_id: self.event_id,
            recorded_at,
            event_hash: unhex(&self.event_hash)?,
        })
    }
}

/// The one form of a time.
fn written(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// Writes a line, with its end.
#[must_use]
pub fn write(line: &impl Serialize) -> String {
    let text = serde_json::to_string(line).expect("lines are plain structs of text and numbers");
    format!("{text}\n")
}

/// Reads a line that was written so. `None` if it wasn't: what other forms of JSON mean the same are other bytes.
#[must_use]
pub fn read<T: Serialize + DeserializeOwned>(text: &[u8]) -> Option<T> {
    let line: T = serde_json::from_slice(text).ok()?;
    (write(&line).as_bytes() == text).then_some(line)
}
