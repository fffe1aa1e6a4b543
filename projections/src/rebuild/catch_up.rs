//! Adding to copies what was appended since they were filled.

use devauth_aggregates::{Application, RecordedEvent, Session, User, UserId};
use sqlx::PgConnection;

use super::build::{self, Span, aggregate_type};
use super::refusal::Refusal;
use crate::catalog::Model;
use crate::event_log::EventLog;
use crate::event_log::streams::Source;
use crate::inline::{CleanedUp, Inline, InlineModel};
use crate::{Error, clean_up, feed, secrets, sequencer};

/// How far the copies have come.
#[derive(Debug, Clone, Copy)]
pub(super) struct CaughtUp {
    /// They have every event up to this position.
    pub position: i64,
    /// They lack what clean-up has removed, as far as this.
    pub cleaned: CleanedUp,
    /// Events that were read.
    pub events: u64,
}

/// What happened since a position: which streams of an aggregate went on, and whose own streams did.
#[derive(Default)]
pub(super) struct Touched {
    pub streams: Vec<String>,
    pub people: Vec<UserId>,
}

/// Events that are looked at in one go.
const STEP: i64 = 2_000;

/// So near to the end of the log the rest can be drained while writers wait.
const NEAR: i64 = 200;

/// Adds what was appended meanwhile, until little is left.
pub(super) async fn catch_up(
    log: &EventLog,
    source: &mut Source<'_>,
    target: &mut PgConnection,
    model: Model,
    caught_up: &mut CaughtUp,
) -> Result<(), Refusal> {
    if let Model::Inline(model) = model {
        follow_clean_up(log, source, target, model, caught_up).await?;
    }
    loop {
        // The service may not be running; what has no position would all have to be drained under the lock.
        while sequencer::tick(log.kept(), STEP).await? >= STEP.unsigned_abs() {}
        let head = feed::head(source.connection).await?;
        let near = head - caught_up.position <= NEAR;
        while caught_up.position < head {
            let to = head.min(caught_up.position + STEP);
            add_span(source, target, model, caught_up, to).await?;
        }
        if near {
            return Ok(());
        }
    }
}

async fn follow_clean_up(
    log: &EventLog,
    source: &mut Source<'_>,
    target: &mut PgConnection,
    model: InlineModel,
    caught_up: &mut CaughtUp,
) -> Result<(), Error> {
    let cleaned = model.cleaned_up(source.connection).await?;
    if let CleanedUp(Some(until)) = cleaned {
        clean_up::finish_sessions(log.pool(), until).await?;
    }
    if cleaned != caught_up.cleaned {
        model.clean_up(target, cleaned).await?;
        caught_up.cleaned = cleaned;
    }
    Ok(())
}

async fn add_span(
    source: &mut Source<'_>,
    target: &mut PgConnection,
    model: Model,
    caught_up: &mut CaughtUp,
    to: i64,
) -> Result<(), Refusal> {
    let after = caught_up.position;
    match model {
        Model::Async(model) => {
            build::follow(source, target, model, Span { after, to }, &[], &mut |_done| {}).await?;
        }
        Model::Inline(model) => {
            let touched = touched(source, aggregate_type(model), Span { after, to }).await?;
            add(source, target, model, touched, caught_up.cleaned).await?;
        }
    }
    caught_up.events += (to - after).unsigned_abs();
    caught_up.position = to;
    Ok(())
}

/// What the events of `span` are about.
async fn touched(
    source: &mut Source<'_>,
    aggregate_type: &str,
    Span { after, to }: Span,
) -> Result<Touched, Error> {
    let rows = sqlx::query_as(
        "SELECT DISTINCT aggregate_type, aggregate_id, user_id FROM event_log
         WHERE position > $1 AND position <= $2 AND aggregate_type IN ($3, 'User')",
    )
    .bind(after)
    .bind(to)
    .bind(aggregate_type)
    .fetch_all(&mut *source.connection)
    .await?;
    Ok(Touched::of(rows, aggregate_type))
}

/// What every event after position `after` is about that is committed by now, be it numbered or not. One statement, because
/// what gets its position between two would be in neither.
pub(super) async fn touched_since(
    source: &mut Source<'_>,
    aggregate_type: &str,
    after: i64,
) -> Result<Touched, Error> {
    let rows = sqlx::query_as(
        "SELECT aggregate_type, aggregate_id, user_id FROM event_log
         WHERE position > $1 AND aggregate_type IN ($2, 'User')
         UNION
         SELECT aggregate_type, aggregate_id, user_id FROM events e
         WHERE (e.epoch, e.tx_id, e.insertion)
               > ((SELECT epoch FROM log_head), (SELECT tx_id FROM log_head), (SELECT insertion FROM log_head))
           AND aggregate_type IN ($2, 'User')",
    )
    .bind(after)
    .bind(aggregate_type)
    .fetch_all(&mut *source.connection)
    .await?;
    Ok(Touched::of(rows, aggregate_type))
}

impl Touched {
    fn of(rows: Vec<(String, String, Option<uuid::Uuid>)>, aggregate_type: &str) -> Self {
        let mut touched = Touched::default();
        for (of_type, id, user) in rows {
            if of_type == "User" {
                touched.people.extend(user.map(UserId::from_uuid));
            }
            if of_type == aggregate_type {
                touched.streams.push(id);
            }
        }
        touched
    }
}

/// Folds the streams that went on, as they are now, and removes what is left of people who were erased.
pub(super) async fn add(
    source: &mut Source<'_>,
    target: &mut PgConnection,
    model: InlineModel,
    touched: Touched,
    cleaned: CleanedUp,
) -> Result<(), Error> {
    match model {
        InlineModel::Users => add_streams::<User>(source, target, &touched.streams, cleaned).await,
        InlineModel::Sessions => add_streams::<Session>(source, target, &touched.streams, cleaned).await,
        InlineModel::Applications => {
            add_streams::<Application>(source, target, &touched.streams, cleaned).await
        }
    }?;
    let erased = erased(source, touched.people).await?;
    if erased.is_empty() { Ok(()) } else { model.forget(target, &erased).await }
}

/// Streams that are folded at once.
const STREAMS: usize = 500;

async fn add_streams<A>(
    source: &mut Source<'_>,
    target: &mut PgConnection,
    ids: &[String],
    cleaned: CleanedUp,
) -> Result<(), Error>
where
    A: Inline,
    A::Event: RecordedEvent,
{
    for ids in ids.chunks(STREAMS) {
        let streams = source.fold::<A>(ids).await?;
        build::write_streams(target, &streams, cleaned).await?;
    }
    Ok(())
}

/// Those of `people` who have no data key any more.
pub(super) async fn erased(source: &mut Source<'_>, people: Vec<UserId>) -> Result<Vec<UserId>, Error> {
    if people.is_empty() {
        return Ok(people);
    }
    secrets::data_keys::missing(&mut *source.connection, &people).await
}
