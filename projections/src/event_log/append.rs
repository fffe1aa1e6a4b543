//! Appending the events of one command, in the caller's transaction.

use cqrs_es::Aggregate;
use devauth_aggregates::{RecordedEvent, UserId};
use serde_json::Value;
use sqlx::postgres::PgArguments;
use sqlx::{Arguments as _, QueryBuilder};
use uuid::Uuid;

use super::personal::{Place, seal};
use super::{Context, DataKeys, EventIdentity, event_hash};
use crate::part::Part;
use crate::pool::Kept;
use crate::{Error, Tx};

/// The events of one command, ready to be appended to one stream.
pub struct Append<'a, A: Aggregate> {
    /// The stream.
    pub aggregate_id: &'a str,
    /// Sequence of the last event that the decision was made on.
    pub after: i64,
    /// What was decided, in order.
    pub events: &'a [A::Event],
    /// Whose personal data the events themselves hold.
    pub person: Option<UserId>,
    /// Who did it, and why.
    pub context: &'a Context,
    /// Keys of `person` and of the context's person.
    pub keys: &'a DataKeys,
}

const INSERT: &str = "INSERT INTO events (aggregate_type, aggregate_id, application_id, user_id, epoch, sequence, event_type,
                         event_version, payload, metadata, event_id, recorded_at, event_hash)
     SELECT $1, $2, $3, $4, (SELECT epoch FROM cluster_state), e.sequence, e.event_type, e.event_version,
            e.payload::json, e.metadata::json, e.event_id, e.recorded_at, e.event_hash
     FROM unnest($5::bigint[], $6::text[], $7::text[], $8::text[], $9::text[], $10::uuid[], $11::timestamptz[],
                 $12::bytea[])
          AS e (sequence, event_type, event_version, payload, metadata, event_id, recorded_at, event_hash)
     WHERE cardinality($13::uuid[]) = (SELECT count(*) FROM (
         SELECT FROM secrets.data_keys WHERE user_id = ANY($13) FOR KEY SHARE) AS held)";

#[derive(Default)]
struct Columns {
    sequences: Vec<i64>,
    types: Vec<String>,
    versions: Vec<String>,
    payloads: Vec<String>,
    metadata: Vec<String>,
    event_ids: Vec<Uuid>,
    recorded_at: Vec<chrono::DateTime<chrono::Utc>>,
    hashes: Vec<Vec<u8>>,
}

impl<A> Append<'_, A>
where
    A: Aggregate,
    A::Event: RecordedEvent,
{
    /// Inserts the events in one round trip. Takes no lock that another stream's writer would wait for, and sends no NOTIFY
    /// (both cost nine tenths of the throughput).
    ///
    /// Data keys that seal something are held (`FOR KEY SHARE`) until the commit: who erases a person at the same time waits
    /// and then deletes what this transaction wrote, or was first and this one is refused.
    ///
    /// # Errors
    /// [`Error::Conflict`] if another writer was first, [`Error::AlreadyRecorded`] if an earlier try of this command was
    /// committed, [`Error::PersonErased`] if a person whose data is in the events is not there any more, or Postgres is away.
    pub async fn insert(&self, tx: &mut Tx<'_>) -> Result<(), Error> {
        let inserted = sqlx::query_with(INSERT, self.arguments()?).execute(&mut **tx).await?;
        if inserted.rows_affected() == 0 { Err(Error::PersonErased) } else { Ok(()) }
    }

    /// Inserts the events and all `parts` by one statement that is a transaction of its own.
    ///
    /// The parts wait for the events to be in: a try that meets another of the same stream fails at the events, where it reads
    /// as a conflict, and a person who was erased keeps everything out.
    ///
    /// # Errors
    /// As [`Append::insert`].
    pub async fn insert_with(&self, parts: Vec<Part>, connections: &Kept) -> Result<(), Error> {
        let start = format!("WITH appended AS ({INSERT} RETURNING sequence)");
        let mut statement = QueryBuilder::with_arguments(start, self.arguments()?);
        let condition = format!(
            " FROM (SELECT count(*) FROM appended) AS all_appended (events) WHERE all_appended.events = {}",
            self.events.len()
        );
        for (number, part) in parts.into_iter().enumerate() {
            statement.push(format!(", part_{number} AS ("));
            part.add_to(&mut statement, &condition);
            statement.push(")");
        }
        statement.push(" SELECT sequence FROM appended");
        // All rows, not the first: a statement whose rows are not all asked for is not finished.
        let mut connection = connections.take().await?;
        let appended = statement.build().fetch_all(&mut *connection).await.map_err(Error::from);
        if !matches!(appended, Err(Error::Unavailable(_))) {
            connection.keep();
        }
        if appended?.is_empty() { Err(Error::PersonErased) } else { Ok(()) }
    }

    fn arguments(&self) -> Result<PgArguments, Error> {
        let columns = self.columns()?;
        let mut arguments = PgArguments::default();
        let add = || -> Result<(), sqlx::error::BoxDynError> {
            arguments.add(A::TYPE)?;
            arguments.add(self.aggregate_id)?;
            arguments.add(self.context.application_id.uuid())?;
            arguments.add(self.person.map(|person| person.uuid()))?;
            arguments.add(columns.sequences)?;
            arguments.add(columns.types)?;
            arguments.add(columns.versions)?;
            arguments.add(columns.payloads)?;
            arguments.add(columns.metadata)?;
            arguments.add(columns.event_ids)?;
            arguments.add(columns.recorded_at)?;
            arguments.add(columns.hashes)?;
            arguments.add(self.sealed_for())
        };
        add().map_err(|error| Error::Database(sqlx::Error::Encode(error)))?;
        Ok(arguments)
    }

    /// Those whose keys seal something here, but for a person who begins with these events and whose key comes after them.
    fn sealed_for(&self) -> Vec<Uuid> {
        let begins = |person: &UserId| self.after == 0 && person.to_string() == self.aggregate_id;
        let mut people: Vec<Uuid> = [self.person, self.context.person]
            .into_iter()
            .flatten()
            .filter(|person| self.keys.contains_key(person) && !begins(person))
            .map(|person| person.uuid())
            .collect();
        people.sort_unstable();
        people.dedup();
        people
    }

    fn columns(&self) -> Result<Columns, Error> {
        let mut columns = Columns::default();
        for (index, event) in self.events.iter().enumerate() {
            let sequence = self.after + 1 + i64::try_from(index).unwrap_or(i64::MAX);
            let place = Place {
                aggregate_type: A::TYPE,
                aggregate_id: self.aggregate_id,
                sequence: usize::try_from(sequence).unwrap_or(usize::MAX),
            };
            let payload = self.sealed(event.payload(), "payload", &place, self.person)?;
            let metadata = self.sealed(self.context.metadata(), "metadata", &place, self.context.person)?;
            let identity = EventIdentity {
                event_id: event_id(self.context.command_id, index),
                application_id: self.context.application_id.uuid(),
                aggregate_type: A::TYPE,
                aggregate_id: self.aggregate_id,
                sequence,
                event_type: event.name(),
                event_version: event.version(),
                recorded_at: event.at().timestamp_micros(),
            };
            columns.hashes.push(event_hash(&identity, &payload, &metadata).to_vec());
            columns.sequences.push(sequence);
            columns.types.push(identity.event_type.to_owned());
            columns.versions.push(identity.event_version.to_owned());
            columns.event_ids.push(identity.event_id);
            columns.recorded_at.push(event.at());
            columns.payloads.push(payload);
            columns.metadata.push(metadata);
        }
        Ok(columns)
    }

    fn sealed(
        &self,
        document: Value,
        field: &str,
        place: &Place<'_>,
        person: Option<UserId>,
    ) -> Result<String, Error> {
        let person = person.map(|person| (person, self.keys.get(&person)));
        Ok(seal(document, field, place, person)?.to_string())
    }
}

/// Ids of a command's events derive from the command's id, so that repeating it can't record it twice.
pub(super) fn event_id(command_id: Uuid, index: usize) -> Uuid {
    Uuid::new_v5(&command_id, &(index as u64).to_be_bytes())
}
