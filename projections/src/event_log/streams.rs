//! Folding many streams at once, for whoever writes all rows of a table anew.

use cqrs_es::persist::SerializedEvent;
use devauth_aggregates::{RecordedEvent, UserId};
use serde_json::Value;
use sqlx::PgConnection;

use super::{DataKeys, parse, personal};
use crate::inline::{Inline, Stream};
use crate::sealing::Keyring;
use crate::{Error, secrets};

/// Where events are read, and the keys that open them: both on one connection, which may look at one snapshot all along.
pub(crate) struct Source<'a> {
    pub connection: &'a mut PgConnection,
    pub keyring: &'a Keyring,
}

/// A stream that was read to its end.
pub(crate) struct Folded<A: Inline> {
    id: String,
    parsed: A::Id,
    state: A,
    sequence: i64,
}

/// What one reading brought.
pub(crate) struct Batch<A: Inline> {
    /// The streams that are complete.
    pub streams: Vec<Folded<A>>,
    /// How many events were read.
    pub events: u64,
}

/// All streams of an aggregate in the order of their ids, each of them once.
pub(crate) struct Streams<A: Inline> {
    /// The last event that was read.
    after: (String, i64),
    /// Its stream, which may go on.
    open: Option<Folded<A>>,
    finished: bool,
}

type Row = (String, i64, String, String, String);

impl Source<'_> {
    /// The keys of these people, as far as they exist.
    pub async fn keys(&mut self, mut people: Vec<UserId>) -> Result<DataKeys, Error> {
        people.sort_unstable();
        people.dedup();
        secrets::data_keys::get(&mut *self.connection, self.keyring, &people).await
    }

    /// Folds these streams from their first events to their last.
    pub async fn fold<A>(&mut self, ids: &[String]) -> Result<Vec<Folded<A>>, Error>
    where
        A: Inline,
        A::Event: RecordedEvent,
    {
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT aggregate_id, sequence, event_type, event_version, payload::text FROM events
             WHERE aggregate_type = $1 AND aggregate_id = ANY($2) ORDER BY aggregate_id, sequence",
        )
        .bind(A::TYPE)
        .bind(ids)
        .fetch_all(&mut *self.connection)
        .await?;
        let (mut complete, mut open) = (Vec::new(), None);
        self.continue_with(rows, &mut open, &mut complete).await?;
        complete.extend(open);
        Ok(complete)
    }

    /// Applies events to the stream that is open; where another begins, it is complete.
    async fn continue_with<A>(
        &mut self,
        rows: Vec<Row>,
        open: &mut Option<Folded<A>>,
        complete: &mut Vec<Folded<A>>,
    ) -> Result<(), Error>
    where
        A: Inline,
        A::Event: RecordedEvent,
    {
        let events = rows.into_iter().map(event::<A>).collect::<Result<Vec<_>, _>>()?;
        let keys = self.keys(personal::people(&events)).await?;
        for event in events {
            if open.as_ref().is_none_or(|stream| stream.id != event.aggregate_id) {
                complete.extend(open.replace(Folded::new(&event.aggregate_id)?));
            }
            let stream = open.as_mut().expect("one was just begun if there was none");
            stream.sequence += 1;
            if i64::try_from(event.sequence) != Ok(stream.sequence) {
                let reason = format!("{} {} has no event {}", A::TYPE, stream.id, stream.sequence);
                return Err(Error::Corrupt(reason));
            }
            stream.state.apply(parse::<A::Event>(event, &keys)?);
        }
        Ok(())
    }
}

/// The metadata isn't read: no state depends on it.
fn event<A: Inline>((id, sequence, name, version, payload): Row) -> Result<SerializedEvent, Error> {
    let payload = serde_json::from_str(&payload)
        .map_err(|_not_json| Error::Corrupt(format!("{} {id} event {sequence}", A::TYPE)))?;
    let sequence = usize::try_from(sequence).unwrap_or(usize::MAX);
    Ok(SerializedEvent {
        aggregate_id: id,
        sequence,
        aggregate_type: A::TYPE.to_owned(),
        event_type: name,
        event_version: version,
        payload,
        metadata: Value::Null,
    })
}

impl<A: Inline> Folded<A> {
    fn new(id: &str) -> Result<Self, Error> {
        let parsed = id.parse().map_err(|_not_an_id| Error::Corrupt(format!("{} {id} is no id", A::TYPE)))?;
        Ok(Folded { id: id.to_owned(), parsed, state: A::default(), sequence: 0 })
    }

    /// As its rows are written from it.
    pub fn stream(&self) -> Stream<'_, A> {
        Stream { id: self.parsed, state: &self.state, sequence: self.sequence }
    }
}

impl<A> Streams<A>
where
    A: Inline,
    A::Event: RecordedEvent,
{
    /// From the beginning.
    pub fn new() -> Self {
        Streams { after: (String::new(), 0), open: None, finished: false }
    }

    /// Reads on by at most `limit` events; nothing after the last stream.
    pub async fn next(&mut self, source: &mut Source<'_>, limit: i64) -> Result<Option<Batch<A>>, Error> {
        if self.finished {
            return Ok(None);
        }
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT aggregate_id, sequence, event_type, event_version, payload::text FROM events
             WHERE aggregate_type = $1 AND (aggregate_id, sequence) > ($2, $3)
             ORDER BY aggregate_id, sequence LIMIT $4",
        )
        .bind(A::TYPE)
        .bind(&self.after.0)
        .bind(self.after.1)
        .bind(limit)
        .fetch_all(&mut *source.connection)
        .await?;
        let events = rows.len() as u64;
        let mut streams = Vec::new();
        match rows.last() {
            Some((id, sequence, ..)) => self.after = (id.clone(), *sequence),
            None => {
                self.finished = true;
                streams.extend(self.open.take());
            }
        }
        source.continue_with(rows, &mut self.open, &mut streams).await?;
        Ok(Some(Batch { streams, events }))
    }
}
