//! The log as its readers see it: events by position, with what is personal opened as far as its keys exist.

mod stored;
pub mod verification;

use chrono::{DateTime, Utc};
use devauth_aggregates::{ApplicationId, DomainEvent, UserId};
use serde_json::Value;
use sqlx::PgConnection;

pub use stored::StoredEvent;

use crate::Error;
use crate::event_log::{DataKeys, EventLog, personal};

/// An event, opened and understood.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// The event as stored.
    pub stored: StoredEvent,
    /// What happened.
    pub event: DomainEvent,
    /// Who did it, and from where.
    pub metadata: Metadata,
}

/// Who did it, from where, on which request. What is personal is absent if it wasn't recorded or was erased.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are named after what they hold")]
pub struct Metadata {
    pub actor_type: String,
    pub actor_id: Option<String>,
    pub request_id: Option<String>,
    pub client_address: Option<String>,
    pub user_agent: Option<String>,
}

/// An event with its payload and metadata opened and otherwise as they are.
#[derive(Debug, Clone)]
pub struct Opened {
    /// The event as stored.
    pub stored: StoredEvent,
    /// Its payload: `{"$personal": …}` where a datum was sealed, `{"$erased": true}` where its key is gone.
    pub payload: Value,
    /// Its metadata, likewise.
    pub metadata: Value,
}

/// At most `limit` events after `position`, in the order of the log.
///
/// # Errors
/// Postgres is away.
pub async fn after(
    connection: &mut PgConnection,
    position: i64,
    limit: i64,
) -> Result<Vec<StoredEvent>, Error> {
    stored::select(connection, "l.position > $1 ORDER BY l.position LIMIT $2", |query| {
        query.bind(position).bind(limit)
    })
    .await
}

/// At most `limit` events of one application after `position`.
///
/// # Errors
/// Postgres is away.
pub async fn of_application(
    connection: &mut PgConnection,
    application: ApplicationId,
    position: i64,
    limit: i64,
) -> Result<Vec<StoredEvent>, Error> {
    let condition = "l.application_id = $1 AND l.position > $2 ORDER BY l.position LIMIT $3";
    stored::select(connection, condition, |query| query.bind(application.uuid()).bind(position).bind(limit))
        .await
}

/// All events of one user: of their own stream and of their sessions.
///
/// # Errors
/// Postgres is away.
pub async fn of_user(
    connection: &mut PgConnection,
    application: ApplicationId,
    user: UserId,
) -> Result<Vec<StoredEvent>, Error> {
    let condition = "l.user_id = $1 AND l.application_id = $2";
    stored::select(connection, condition, |query| query.bind(user.uuid()).bind(application.uuid())).await
}

/// Position of the newest event, 0 for an empty log.
///
/// # Errors
/// Postgres is away.
pub async fn head(connection: &mut PgConnection) -> Result<i64, Error> {
    Ok(sqlx::query_scalar("SELECT position FROM log_head").fetch_one(connection).await?)
}

/// Position of an application's newest event up to `position`, 0 if there is none.
///
/// # Errors
/// Postgres is away.
pub async fn newest_of_application(
    connection: &mut PgConnection,
    application: ApplicationId,
    position: i64,
) -> Result<i64, Error> {
    let sql = "SELECT coalesce(max(position), 0) FROM event_log WHERE application_id = $1 AND position <= $2";
    Ok(sqlx::query_scalar(sql).bind(application.uuid()).bind(position).fetch_one(connection).await?)
}

/// The events of one stream whose positions lie in `first..=last`.
///
/// # Errors
/// Postgres is away.
pub async fn of_stream(
    connection: &mut PgConnection,
    aggregate_type: &str,
    aggregate_id: &str,
    first: i64,
    last: i64,
) -> Result<Vec<StoredEvent>, Error> {
    let condition = "l.aggregate_type = $1 AND l.aggregate_id = $2 AND l.position BETWEEN $3 AND $4";
    stored::select(connection, condition, |query| {
        query.bind(aggregate_type.to_owned()).bind(aggregate_id.to_owned()).bind(first).bind(last)
    })
    .await
}

/// Everyone whose data is in `events`.
pub(crate) fn people_of(events: &[StoredEvent]) -> Vec<UserId> {
    let mut people: Vec<UserId> = events.iter().flat_map(StoredEvent::people).collect();
    people.sort_unstable();
    people.dedup();
    people
}

impl EventLog {
    /// The keys that are there of everyone whose data is in `events`.
    ///
    /// # Errors
    /// Postgres is away, or a key can't be unwrapped.
    pub async fn keys_of(&self, events: &[StoredEvent]) -> Result<DataKeys, Error> {
        self.data_keys(&people_of(events)).await
    }

    /// Opens events with the keys that are there now.
    ///
    /// # Errors
    /// Postgres is away, or a sealed value was changed or moved.
    pub async fn open(&self, events: Vec<StoredEvent>) -> Result<Vec<Opened>, Error> {
        let keys = self.keys_of(&events).await?;
        events.into_iter().map(|event| event.open(&keys)).collect()
    }
}

impl Opened {
    /// Payload and metadata as they are shown: personal values as they are, erased ones as null.
    #[must_use]
    pub fn shown(&self) -> (Value, Value) {
        (personal::unmarked(&self.payload), personal::unmarked(&self.metadata))
    }

    /// The event, understood.
    ///
    /// # Errors
    /// [`Error::Corrupt`] for an event that this release doesn't know.
    pub fn understand(self) -> Result<Recorded, Error> {
        let Opened { stored, payload, metadata } = self;
        let event =
            DomainEvent::parse(&stored.aggregate_type, &stored.event_type, &stored.event_version, payload)
                .map_err(|error| Error::Corrupt(format!("event at position {}: {error}", stored.position)))?;
        Ok(Recorded { metadata: Metadata::read(&metadata), stored, event })
    }
}

impl Metadata {
    fn read(metadata: &Value) -> Self {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        Metadata {
            actor_type: text(&metadata["actor"]["type"]).unwrap_or_default(),
            actor_id: text(&metadata["actor"]["id"]),
            request_id: text(&metadata["request_id"]),
            client_address: text(&metadata["client_address"]["$personal"]),
            user_agent: text(&metadata["user_agent"]["$personal"]),
        }
    }
}

impl Recorded {
    /// Whose event it is.
    #[must_use]
    pub fn user(&self) -> Option<UserId> {
        self.stored.user_id.map(UserId::from_uuid)
    }

    /// When it happened.
    #[must_use]
    pub fn at(&self) -> DateTime<Utc> {
        self.event.at()
    }
}
