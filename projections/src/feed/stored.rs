//! An event exactly as it is stored, with its place in the log.

use chrono::{DateTime, Utc};
use devauth_aggregates::UserId;
use serde_json::Value;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{PgConnection, Postgres, Row as _};
use uuid::Uuid;

use super::Opened;
use crate::Error;
use crate::event_log::{DataKeys, EventIdentity, event_hash, personal};

/// An event as stored: what is personal is sealed.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the fields are named after the columns they come from")]
pub struct StoredEvent {
    pub position: i64,
    pub application_id: Uuid,
    pub user_id: Option<Uuid>,
    pub aggregate_type: String,
    pub aggregate_id: String,
    pub sequence: i64,
    pub event_type: String,
    pub event_version: String,
    /// The exact bytes that the hash covers.
    pub payload: String,
    /// The exact bytes that the hash covers.
    pub metadata: String,
    pub event_id: Uuid,
    pub recorded_at: DateTime<Utc>,
    pub event_hash: Vec<u8>,
}

type BoundQuery<'q> = Query<'q, Postgres, PgArguments>;

/// Events whose places in the log, `event_log l`, meet a condition, in the order of the log.
///
/// Each is looked up by its key, whatever the planner knows of the tables: joined freely, tables that nobody has analysed yet are
/// read from their beginnings, each time that the log has grown.
pub(super) async fn select<'q>(
    connection: &mut PgConnection,
    condition: &str,
    bind: impl for<'a> FnOnce(BoundQuery<'a>) -> BoundQuery<'a>,
) -> Result<Vec<StoredEvent>, Error> {
    let sql = format!(
        "SELECT l.position, e.application_id, e.user_id, e.aggregate_type, e.aggregate_id, e.sequence, e.event_type,
                e.event_version, e.payload::text, e.metadata::text, e.event_id, e.recorded_at, e.event_hash
         FROM (SELECT * FROM event_log l WHERE {condition}) l
             CROSS JOIN LATERAL (SELECT * FROM events e WHERE e.aggregate_type = l.aggregate_type
                 AND e.aggregate_id = l.aggregate_id AND e.sequence = l.sequence OFFSET 0) e
         ORDER BY l.position"
    );
    let rows = bind(sqlx::query(&sql)).fetch_all(connection).await?;
    Ok(rows.iter().map(StoredEvent::read).collect::<Result<_, _>>()?)
}

impl StoredEvent {
    pub(super) fn read(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(StoredEvent {
            position: row.try_get("position")?,
            application_id: row.try_get("application_id")?,
            user_id: row.try_get("user_id")?,
            aggregate_type: row.try_get("aggregate_type")?,
            aggregate_id: row.try_get("aggregate_id")?,
            sequence: row.try_get("sequence")?,
            event_type: row.try_get("event_type")?,
            event_version: row.try_get("event_version")?,
            payload: row.try_get("payload")?,
            metadata: row.try_get("metadata")?,
            event_id: row.try_get("event_id")?,
            recorded_at: row.try_get("recorded_at")?,
            event_hash: row.try_get("event_hash")?,
        })
    }

    /// The hash that it should carry.
    #[must_use]
    pub fn computed_hash(&self) -> [u8; 32] {
        let identity = EventIdentity {
            event_id: self.event_id,
            application_id: self.application_id,
            aggregate_type: &self.aggregate_type,
            aggregate_id: &self.aggregate_id,
            sequence: self.sequence,
            event_type: &self.event_type,
            event_version: &self.event_version,
            recorded_at: self.recorded_at.timestamp_micros(),
        };
        event_hash(&identity, &self.payload, &self.metadata)
    }

    /// Everyone whose sealed data is in it.
    pub(crate) fn people(&self) -> Vec<UserId> {
        let documents = [&self.payload, &self.metadata];
        documents
            .iter()
            .filter_map(|document| serde_json::from_str::<Value>(document).ok())
            .flat_map(|document| personal::people_in(&document))
            .collect()
    }

    /// Whose client the metadata describes; `None` if it describes none.
    pub(crate) fn client(&self) -> Option<UserId> {
        let metadata = serde_json::from_str::<Value>(&self.metadata).ok()?;
        personal::people_in(&metadata).first().copied()
    }

    /// Opens it with these keys.
    ///
    /// # Errors
    /// A sealed value was changed or moved.
    pub fn open(self, keys: &DataKeys) -> Result<Opened, Error> {
        let place = personal::Place {
            aggregate_type: &self.aggregate_type,
            aggregate_id: &self.aggregate_id,
            sequence: usize::try_from(self.sequence).unwrap_or(usize::MAX),
        };
        let parse = |document: &str| {
            serde_json::from_str::<Value>(document)
                .map_err(|_not_json| Error::Corrupt(format!("event at position {}", self.position)))
        };
        let payload = personal::open(parse(&self.payload)?, "payload", &place, keys)?;
        let metadata = personal::open(parse(&self.metadata)?, "metadata", &place, keys)?;
        Ok(Opened { payload, metadata, stored: self })
    }
}
