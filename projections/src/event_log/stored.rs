//! A stream as part of another query's row: a look-up that leads to a command brings along what the command is decided on, so
//! that it need not be asked for again.

use cqrs_es::persist::SerializedEvent;
use devauth_aggregates::UserId;
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use crate::Error;
use crate::sealing::Sealed;

/// Columns of [`join`] that [`StoredStream::read`] reads.
pub(crate) const COLUMNS: &str =
    "e.sequences, e.event_types, e.event_versions, e.payloads, k.key_id, k.wrapped";

/// Joins a query with a whole stream (whose id the expression `aggregate_id` says), `e`, and with the data key of the person
/// that `user_id` says, `k`.
pub(crate) fn join(aggregate_type: &str, aggregate_id: &str, user_id: &str) -> String {
    format!(
        "LEFT JOIN LATERAL (
             SELECT array_agg(sequence ORDER BY sequence) AS sequences,
                    array_agg(event_type ORDER BY sequence) AS event_types,
                    array_agg(event_version ORDER BY sequence) AS event_versions,
                    array_agg(payload::text ORDER BY sequence) AS payloads
             FROM events WHERE aggregate_type = '{aggregate_type}' AND aggregate_id = {aggregate_id}) e ON true
         LEFT JOIN secrets.data_keys k ON k.user_id = {user_id}"
    )
}

/// A stream as it is stored, with the key of the person it is about.
pub struct StoredStream {
    pub(super) aggregate_id: String,
    pub(super) events: Vec<SerializedEvent>,
    pub(super) key: Option<(UserId, Sealed)>,
}

impl StoredStream {
    /// Reads it from a row of a query with [`join`].
    pub(crate) fn read(
        row: &PgRow,
        aggregate_type: &str,
        aggregate_id: String,
        person: UserId,
    ) -> Result<Self, Error> {
        let sequences: Vec<i64> = row.try_get::<Option<_>, _>("sequences")?.unwrap_or_default();
        let types: Vec<String> = row.try_get::<Option<_>, _>("event_types")?.unwrap_or_default();
        let versions: Vec<String> = row.try_get::<Option<_>, _>("event_versions")?.unwrap_or_default();
        let payloads: Vec<String> = row.try_get::<Option<_>, _>("payloads")?.unwrap_or_default();
        let rows = sequences.into_iter().zip(types).zip(versions).zip(payloads);
        let events = rows.map(|(((sequence, event_type), event_version), payload)| {
            let payload = serde_json::from_str(&payload).map_err(|error| {
                Error::Corrupt(format!("{aggregate_type} {aggregate_id} {sequence}: {error}"))
            })?;
            Ok(SerializedEvent {
                aggregate_id: aggregate_id.clone(),
                sequence: usize::try_from(sequence).unwrap_or(usize::MAX),
                aggregate_type: aggregate_type.to_owned(),
                event_type,
                event_version,
                payload,
                metadata: serde_json::Value::Null,
            })
        });
        let events = events.collect::<Result<_, Error>>()?;
        let key = match row.try_get::<Option<String>, _>("key_id")? {
            Some(key_id) => Some((person, Sealed { key_id, content: row.try_get("wrapped")? })),
            None => None,
        };
        Ok(StoredStream { aggregate_id, events, key })
    }
}
