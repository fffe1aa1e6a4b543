//! The event log: loading a stream, appending to it. Here alone personal data is sealed and opened, and here alone is
//! postgres-es used (its loader and its row format; `docs/decisions/0003` says why not its commit).

mod append;
mod context;
mod hash;
pub(crate) mod personal;
pub(crate) mod streams;

use std::collections::HashMap;
use std::sync::Arc;

use cqrs_es::Aggregate;
use cqrs_es::persist::{PersistedEventRepository as _, PersistenceError, SerializedEvent};
use devauth_aggregates::{RecordedEvent, UserId};
use postgres_es::PostgresEventRepository;

pub use append::Append;
pub use context::{Actor, Context};
pub use hash::{EventIdentity, event_hash};

use crate::pool::Kept;
use crate::sealing::{Key256, Keyring, Sealed};
use crate::{Error, Pool, Tx, secrets};

/// Data keys by person. A person who isn't in it is forgotten.
pub type DataKeys = HashMap<UserId, Key256>;

/// The event log of one database.
#[derive(Clone)]
pub struct EventLog {
    pool: Pool,
    loader: Arc<PostgresEventRepository>,
    keyring: Arc<Keyring>,
    kept: Kept,
}

/// A stream, folded.
#[derive(Debug)]
pub struct Loaded<A> {
    /// The state after all events; the default state if there are none.
    pub state: A,
    /// Sequence of the last event, 0 for a stream that doesn't exist.
    pub sequence: i64,
    /// Keys of the persons whose data was opened.
    pub keys: DataKeys,
}

/// What the events of a stream have come to, as an inline row keeps it, and the key of the person they are about, as it is stored.
#[derive(Clone)]
pub struct StoredState<A> {
    /// The state after all events.
    pub state: A,
    /// Sequence of the last event.
    pub sequence: i64,
    /// The person and their key; none if they were erased.
    pub key: Option<(UserId, Sealed)>,
}

impl EventLog {
    /// The log in `pool`, with the keys that wrap data keys.
    #[must_use]
    pub fn new(pool: Pool, keyring: Arc<Keyring>) -> Self {
        let loader = Arc::new(PostgresEventRepository::new(pool.clone()));
        EventLog { kept: Kept::new(pool.clone()), pool, loader, keyring }
    }

    /// The pool that the log lives in.
    #[must_use]
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// Connections for commands that are one statement.
    #[must_use]
    pub fn kept(&self) -> &Kept {
        &self.kept
    }

    /// The keys that wrap data keys.
    #[must_use]
    pub fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    /// Loads and folds the stream `id`.
    ///
    /// # Errors
    /// Postgres is away, or a stored event can't be read or opened.
    pub async fn load<A>(&self, id: &str) -> Result<Loaded<A>, Error>
    where
        A: Aggregate,
        A::Event: RecordedEvent,
    {
        let rows = self.loader.get_events::<A>(id).await.map_err(loader_error)?;
        let keys = self.data_keys(&personal::people(&rows)).await?;
        fold(id, rows, keys)
    }

    /// Goes on from a state that another query brought along. If it is not the newest, what is appended after it conflicts.
    ///
    /// # Errors
    /// The key can't be unwrapped.
    pub fn resume<A>(&self, stored: StoredState<A>) -> Result<Loaded<A>, Error> {
        let StoredState { state, sequence, key } = stored;
        let unwrap = |(person, sealed)| secrets::data_keys::unwrap(&self.keyring, person, &sealed);
        let keys = key.map(unwrap).transpose()?.into_iter().collect();
        Ok(Loaded { state, sequence, keys })
    }

    /// Whether the first event of `command_id` is in the log, which means that the command was committed.
    ///
    /// # Errors
    /// Postgres is away.
    pub async fn is_recorded(&self, command_id: uuid::Uuid) -> Result<bool, Error> {
        Ok(sqlx::query_scalar("SELECT EXISTS (SELECT FROM events WHERE event_id = $1)")
            .bind(append::event_id(command_id, 0))
            .fetch_one(&self.pool)
            .await?)
    }

    /// The data keys of `people`, as far as they exist.
    ///
    /// # Errors
    /// Postgres is away, or a key can't be unwrapped.
    pub async fn data_keys(&self, people: &[UserId]) -> Result<DataKeys, Error> {
        secrets::data_keys::get(&self.pool, &self.keyring, people).await
    }

    /// Makes the data key of a new person, in the transaction of their first event.
    ///
    /// # Errors
    /// Postgres is away, or the person has a key.
    pub async fn store_data_key(&self, tx: &mut Tx<'_>, person: UserId, key: &Key256) -> Result<(), Error> {
        secrets::data_keys::insert(tx, &self.keyring, person, key).await
    }
}

fn fold<A>(id: &str, rows: Vec<SerializedEvent>, keys: DataKeys) -> Result<Loaded<A>, Error>
where
    A: Aggregate,
    A::Event: RecordedEvent,
{
    let mut loaded = Loaded { state: A::default(), sequence: 0, keys };
    for row in rows {
        loaded.sequence += 1;
        if i64::try_from(row.sequence) != Ok(loaded.sequence) {
            return Err(Error::Corrupt(format!("{} {id} has no event {}", A::TYPE, loaded.sequence)));
        }
        loaded.state.apply(parse::<A::Event>(row, &loaded.keys)?);
    }
    Ok(loaded)
}

fn parse<E: RecordedEvent>(row: SerializedEvent, keys: &DataKeys) -> Result<E, Error> {
    let place = personal::Place {
        aggregate_type: &row.aggregate_type,
        aggregate_id: &row.aggregate_id,
        sequence: row.sequence,
    };
    let payload = personal::open(row.payload, "payload", &place, keys)?;
    E::parse(&row.event_type, &row.event_version, payload).map_err(|error| {
        Error::Corrupt(format!("{} {} event {}: {error}", row.aggregate_type, row.aggregate_id, row.sequence))
    })
}

/// postgres-es boxes the errors of sqlx; unboxed they tell an absent database from a bug.
fn loader_error(error: PersistenceError) -> Error {
    match error {
        PersistenceError::OptimisticLockError => Error::Conflict,
        PersistenceError::ConnectionError(inner)
        | PersistenceError::DeserializationError(inner)
        | PersistenceError::UnknownError(inner) => match inner.downcast::<sqlx::Error>() {
            Ok(error) => Error::from(*error),
            Err(other) => Error::Corrupt(other.to_string()),
        },
    }
}
