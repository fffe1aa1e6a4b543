//! Filling copies of a model's tables, by the code that fills the tables themselves. While one batch is written the next is
//! read and opened.

use std::collections::HashMap;

use cqrs_es::Aggregate as _;
use devauth_aggregates::{Application, RecordedEvent, Session, User};
use serde_json::Value;
use sqlx::{Connection as _, PgConnection};

use super::refusal::Refusal;
use crate::Error;
use crate::catalog::Model;
use crate::event_log::streams::{Folded, Source, Streams};
use crate::feed::{self, Opened, Recorded};
use crate::inline::{CleanedUp, Inline, InlineModel};
use crate::read_models::ReadModel;
use crate::subscription::ParkedStream;

/// Events that are read at once; what they lead to is written in one short transaction.
pub(super) const BATCH: i64 = 2_000;

/// Positions: those after `after` up to `to`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    pub after: i64,
    pub to: i64,
}

/// Told how many events are done.
pub(crate) type Advanced<'a> = dyn FnMut(u64) + Send + 'a;

/// Roughly how many events there are to read, up to `head`.
pub(crate) async fn estimate(source: &mut Source<'_>, model: Model, head: i64) -> Result<u64, Error> {
    let Model::Inline(model) = model else { return Ok(head.unsigned_abs()) };
    // As the planner sees it: counting takes as long as reading.
    let explain = format!(
        "EXPLAIN (FORMAT JSON) SELECT FROM events WHERE aggregate_type = '{}'",
        aggregate_type(model)
    );
    let plan: Value = sqlx::query_scalar(&explain).fetch_one(&mut *source.connection).await?;
    Ok(plan[0]["Plan"]["Plan Rows"].as_f64().unwrap_or_default() as u64)
}

/// The type of the streams that an inline model consists of.
pub(super) fn aggregate_type(model: InlineModel) -> &'static str {
    match model {
        InlineModel::Users => User::TYPE,
        InlineModel::Sessions => Session::TYPE,
        InlineModel::Applications => Application::TYPE,
    }
}

/// Folds all streams of an inline model's aggregate and writes their rows, but what clean-up has removed.
/// Answers how many events that were.
pub(crate) async fn fold(
    source: &mut Source<'_>,
    target: &mut PgConnection,
    model: InlineModel,
    cleaned: CleanedUp,
    advanced: &mut Advanced<'_>,
) -> Result<u64, Refusal> {
    match model {
        InlineModel::Users => fold_all::<User>(source, target, cleaned, advanced).await,
        InlineModel::Sessions => fold_all::<Session>(source, target, cleaned, advanced).await,
        InlineModel::Applications => fold_all::<Application>(source, target, cleaned, advanced).await,
    }
}

async fn fold_all<A>(
    source: &mut Source<'_>,
    target: &mut PgConnection,
    cleaned: CleanedUp,
    advanced: &mut Advanced<'_>,
) -> Result<u64, Refusal>
where
    A: Inline,
    A::Event: RecordedEvent,
{
    let mut streams = Streams::<A>::new();
    let mut done = 0;
    let mut batch = streams.next(source, BATCH).await?;
    while let Some(read) = batch {
        let (next, ()) =
            tokio::try_join!(streams.next(source, BATCH), write_streams(target, &read.streams, cleaned))?;
        done += read.events;
        advanced(done);
        batch = next;
    }
    Ok(done)
}

/// Writes the rows of these streams.
pub(super) async fn write_streams<A: Inline>(
    target: &mut PgConnection,
    streams: &[Folded<A>],
    cleaned: CleanedUp,
) -> Result<(), Error> {
    let streams: Vec<_> = streams.iter().map(Folded::stream).collect();
    let mut tx = target.begin().await?;
    A::write_all_kept(&mut tx, &streams, cleaned).await?;
    tx.commit().await?;
    Ok(())
}

/// Projects the events of `span`, without those that parked streams miss. Answers how many were read.
pub(crate) async fn follow(
    source: &mut Source<'_>,
    target: &mut PgConnection,
    model: ReadModel,
    Span { after, to }: Span,
    parked: &[ParkedStream],
    advanced: &mut Advanced<'_>,
) -> Result<u64, Refusal> {
    let parked: HashMap<(&str, &str), i64> = parked
        .iter()
        .map(|stream| ((&*stream.aggregate_type, &*stream.aggregate_id), stream.position))
        .collect();
    let mut done = 0;
    let mut batch = read(source, Span { after, to }, &parked).await?;
    while let Some((events, last)) = batch {
        let (next, ()) = tokio::try_join!(
            read(source, Span { after: last, to }, &parked),
            project(target, model, &events)
        )?;
        done = (last - after).unsigned_abs();
        advanced(done);
        batch = next;
    }
    Ok(done)
}

/// The first events of `span`, as many as one batch has, and the position of the last one that was read.
async fn read(
    source: &mut Source<'_>,
    Span { after, to }: Span,
    parked: &HashMap<(&str, &str), i64>,
) -> Result<Option<(Vec<Recorded>, i64)>, Refusal> {
    let limit = BATCH.min(to - after);
    if limit <= 0 {
        return Ok(None);
    }
    let stored = feed::after(source.connection, after, limit).await?;
    let Some(last) = stored.last().map(|event| event.position) else { return Ok(None) };
    let keys = source.keys(stored.iter().flat_map(feed::StoredEvent::people).collect()).await?;
    let mut events = Vec::with_capacity(stored.len());
    for event in stored {
        let first_missing = parked.get(&(&*event.aggregate_type, &*event.aggregate_id));
        if first_missing.is_some_and(|first| *first <= event.position) {
            continue;
        }
        let position = event.position;
        let understood = event.open(&keys).and_then(Opened::understand);
        events.push(understood.map_err(|error| Refusal::Event { position, error })?);
    }
    Ok(Some((events, last)))
}

async fn project(target: &mut PgConnection, model: ReadModel, events: &[Recorded]) -> Result<(), Refusal> {
    let mut tx = target.begin().await?;
    let position = events.first().map_or(0, |event| event.stored.position);
    model.apply(&mut tx, events).await.map_err(|error| match error {
        Error::Unavailable(_) | Error::Conflict => Refusal::Store(error),
        Error::AlreadyRecorded
        | Error::AddressTaken
        | Error::ReservationLost
        | Error::PersonErased
        | Error::HasLoggedIn
        | Error::Database(_)
        | Error::Corrupt(_)
        | Error::Sealing(_) => Refusal::Event { position, error },
    })?;
    tx.commit().await?;
    Ok(())
}
