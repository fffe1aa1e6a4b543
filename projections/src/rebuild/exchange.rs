//! The one short step: copies take the place of the tables, and nobody's write is lost.
//!
//! The lock on the table is the barrier. Whoever has appended events of the aggregate and not committed yet has either written
//! its row, and holds the table: then we wait for its end and find its events committed. Or it has not, and will wait for us:
//! Postgres looks a table up by its name again after it waited for a lock, also for a statement that was prepared long ago and
//! in the middle of a transaction, so the row goes into the table that we leave behind. Everybody else's events are committed
//! and drained under the lock, with a position or without. See `docs/decisions/0015-a-lock-on-the-table-is-the-barrier.md`.

use std::time::Duration;

use sqlx::{Connection as _, Executor as _, PgConnection};

use super::build::{self, Span};
use super::catch_up::{self, CaughtUp, add, touched_since};
use super::refusal::{Refusal, is_lock_timeout};
use super::{Progress, Report, Stage, check_version, schema, shadow};
use crate::catalog::Model;
use crate::event_log::EventLog;
use crate::event_log::streams::Source;
use crate::inline::InlineModel;
use crate::read_models::ReadModel;
use crate::{Error, Tx, crash_point};

/// How often the exchange is tried: for about two minutes.
const TRIES: u32 = 100;
/// How long to leave the writers alone between two tries.
const PAUSE: Duration = Duration::from_secs(1);
/// More than so many events are not drained while writers wait.
const DRAIN: i64 = 2_000;
/// The lock is waited for less long than Postgres waits before it looks for a deadlock, so that in one it is us who gives up.
/// And should this process stand still, the server ends the transaction that everybody waits for.
const LIMITS: &str = "SET LOCAL lock_timeout = '300ms'; SET LOCAL statement_timeout = '5s';
     SET LOCAL idle_in_transaction_session_timeout = '5s'; SET LOCAL synchronous_commit = on";

/// Tries until a moment is found. Answers how often it had to.
pub(super) async fn when_possible(
    log: &EventLog,
    source: &mut Source<'_>,
    target: &mut PgConnection,
    model: Model,
    caught_up: &mut CaughtUp,
    report: &mut Report<'_>,
) -> Result<u32, Refusal> {
    for tried in 1..=TRIES {
        let events = caught_up.events;
        let progress = move |stage| Progress { stage, done: events, total: events };
        report(progress(Stage::CatchingUp));
        catch_up::catch_up(log, source, target, model, caught_up).await?;
        crash_point::reached("rebuild_caught_up");
        report(progress(Stage::Exchanging));
        match exchange(source, target, model, *caught_up, &mut |stage| report(progress(stage))).await {
            Ok(true) => return Ok(tried),
            Ok(false) => {}
            Err(refusal) if is_lock_timeout(&refusal) => tokio::time::sleep(PAUSE).await,
            Err(refusal) => return Err(refusal),
        }
    }
    Err(Refusal::Crowded(TRIES))
}

/// Answers whether it was done: it isn't if too much happened since the copies were brought up to date.
async fn exchange(
    source: &mut Source<'_>,
    target: &mut PgConnection,
    model: Model,
    caught_up: CaughtUp,
    reached: &mut (dyn FnMut(Stage) + Send),
) -> Result<bool, Refusal> {
    let mut tx = target.begin().await?;
    tx.execute(LIMITS).await?;
    let drained = match model {
        Model::Async(model) => drain_log(source, &mut tx, model, caught_up, reached).await?,
        Model::Inline(model) => drain_streams(source, &mut tx, model, caught_up, reached).await?,
    };
    if !drained {
        return Ok(false);
    }
    crash_point::reached("rebuild_drained");
    check_version(&mut tx).await?;
    shadow::compare(&mut tx, &schema(model), model.tables()).await?;
    swap(&mut tx, model).await?;
    reached(Stage::Exchanged);
    crash_point::reached("rebuild_before_commit");
    tx.commit().await?;
    crash_point::reached("rebuild_after_commit");
    Ok(true)
}

/// From here on nobody writes these tables; whoever has begun to is waited for. Readers go on.
async fn lock(tx: &mut Tx<'_>, tables: &[&str]) -> Result<(), Error> {
    tx.execute(&*format!("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE", in_public(tables))).await?;
    Ok(())
}

/// The rest for a model that follows the log: up to where the live one is, which stays there meanwhile.
async fn drain_log(
    source: &mut Source<'_>,
    tx: &mut Tx<'_>,
    model: ReadModel,
    caught_up: CaughtUp,
    reached: &mut (dyn FnMut(Stage) + Send),
) -> Result<bool, Refusal> {
    let live: i64 =
        sqlx::query_scalar("SELECT checkpoint FROM public.projections WHERE name = $1 FOR UPDATE")
            .bind(model.name())
            .fetch_one(&mut **tx)
            .await?;
    lock(tx, model.tables()).await?;
    reached(Stage::Locked);
    if live - caught_up.position > DRAIN {
        return Ok(false);
    }
    let position = live.max(caught_up.position);
    let span = Span { after: caught_up.position, to: position };
    build::follow(source, tx, model, span, &[], &mut |_done| {}).await?;
    // Their row went with them, before any projection learns of it.
    let people = touched_since(source, "User", position).await?.people;
    let erased = catch_up::erased(source, people).await?;
    model.forget(tx, &erased).await?;
    sqlx::query(
        "UPDATE public.projections SET checkpoint = $2, state = 'running', error = NULL, updated_at = clock_timestamp()
         WHERE name = $1",
    )
    .bind(model.name())
    .bind(position)
    .execute(&mut **tx)
    .await?;
    sqlx::query("DELETE FROM public.parked_streams WHERE projection = $1")
        .bind(model.name())
        .execute(&mut **tx)
        .await?;
    Ok(true)
}

/// The rest for a model that is written with the events: everything that is committed.
async fn drain_streams(
    source: &mut Source<'_>,
    tx: &mut Tx<'_>,
    model: InlineModel,
    caught_up: CaughtUp,
    reached: &mut (dyn FnMut(Stage) + Send),
) -> Result<bool, Refusal> {
    lock(tx, model.tables()).await?;
    reached(Stage::Locked);
    let touched = touched_since(source, build::aggregate_type(model), caught_up.position).await?;
    if i64::try_from(touched.streams.len()).unwrap_or(i64::MAX) > DRAIN {
        return Ok(false);
    }
    // A clean-up that came in between is followed without a lock.
    if model.cleaned_up(source.connection).await? != caught_up.cleaned {
        return Ok(false);
    }
    add(source, tx, model, touched, caught_up.cleaned).await?;
    Ok(true)
}

/// Only for this do readers wait, too. What depends on a table, such as a view of somebody's own, makes it fail: it would go on
/// showing the old rows.
async fn swap(tx: &mut Tx<'_>, model: Model) -> Result<(), Error> {
    let schema = schema(model);
    let tables = in_public(model.tables());
    tx.execute(&*format!("LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE; DROP TABLE {tables}")).await?;
    for table in model.tables() {
        tx.execute(&*format!("ALTER TABLE {schema}.{table} SET SCHEMA public")).await?;
    }
    tx.execute(&*format!("DROP SCHEMA {schema}")).await?;
    Ok(())
}

fn in_public(tables: &[&str]) -> String {
    tables.iter().map(|table| format!("public.{table}")).collect::<Vec<_>>().join(", ")
}
