//! Building a read model anew from the log, beside the one that serves, and exchanging them in one short step.
//!
//! | stage | what is there | if it is cut off |
//! |---|---|---|
//! | preparing, building | empty, then growing copies of the tables in a schema of their own | the schema is left over, nobody reads it; the next rebuild drops it |
//! | catching up | copies that are nearly as new as the tables | the same |
//! | exchanging | one transaction: lock, drain, put the copies in the place of the tables | rolled back: the same |
//! | done | the copies are the tables, the old ones are gone | |
//!
//! Why the exchange loses nothing although writers go on: `docs/decisions/0015-a-lock-on-the-table-is-the-barrier.md`. Until it
//! is committed no writer and no reader knows of it, and no transaction is open for longer than a batch takes, because one that
//! has written something holds up the sequencer.

pub(crate) mod build;
mod catch_up;
mod exchange;
pub(crate) mod refusal;
pub(crate) mod shadow;

use sqlx::{Executor as _, PgConnection};

pub use refusal::Refusal;

use crate::catalog::Model;
use crate::event_log::EventLog;
use crate::event_log::streams::Source;
use crate::inline::CleanedUp;
use crate::{Error, Pool, crash_point, feed, migrations, pool};
use build::Span;
use catch_up::CaughtUp;

/// Told how far a rebuild or a check has come, whenever that changes.
pub type Report<'a> = dyn FnMut(Progress) + Send + 'a;

/// How far a rebuild or a check has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What it does.
    pub stage: Stage,
    /// Events (or, when comparing, rows) that are done.
    pub done: u64,
    /// How many there are, as far as that is known; an estimate.
    pub total: u64,
}

/// What a rebuild or a check does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Making empty copies.
    Preparing,
    /// Filling them from the log.
    Building,
    /// Adding what was appended meanwhile.
    CatchingUp,
    /// Waiting for the moment to exchange.
    Exchanging,
    /// Writers wait; adding what was appended in the last moments.
    Locked,
    /// The copies stand in the tables' place, which nobody sees before the commit.
    Exchanged,
    /// Comparing the tables with the copies.
    Comparing,
}

/// What a rebuild did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rebuilt {
    /// Events that were read before the exchange was tried.
    pub events: u64,
    /// How often the exchange was tried.
    pub tries: u32,
}

/// What goes on, or went on, beside the tables of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shadowing {
    /// It is being rebuilt.
    Rebuilding,
    /// A rebuild of it was cut off.
    Interrupted,
    /// It is being verified, or a rebuild of it begins.
    Verifying,
}

/// Names our advisory locks among others; the second number is made of the model's name.
const LOCK: i32 = 0x6465_7661;

/// Rebuilds a model from `log`, with the rights of the owner whom `url` names.
///
/// # Errors
/// See [`Refusal`]: the model is as it was.
pub async fn rebuild(
    log: &EventLog,
    url: &str,
    model: Model,
    report: &mut Report<'_>,
) -> Result<Rebuilt, Refusal> {
    let mut target = open(url, model).await?;
    let rebuilt = in_its_schema(log, &mut target, model, report).await;
    if rebuilt.is_err() {
        // What can't be dropped now is dropped by the next rebuild.
        let _left_over = target.execute(&*format!("DROP SCHEMA IF EXISTS {} CASCADE", schema(model))).await;
    }
    release(target).await;
    rebuilt
}

async fn in_its_schema(
    log: &EventLog,
    target: &mut PgConnection,
    model: Model,
    report: &mut Report<'_>,
) -> Result<Rebuilt, Refusal> {
    let schema = schema(model);
    report(Progress { stage: Stage::Preparing, done: 0, total: 0 });
    check_version(target).await?;
    become_owner(target, model).await?;
    shadow::create(target, &schema, model.tables()).await?;
    crash_point::reached("rebuild_prepared");
    // No other schema: a model that touched a table of another would fail here instead of changing what serves. And what is not
    // committed durably can be built again.
    target.execute(&*format!("SET search_path = {schema}; SET synchronous_commit = off")).await?;
    let mut reader = log.pool().acquire().await?;
    let mut source = Source { connection: &mut reader, keyring: log.keyring() };
    // Everything up to here is seen by what follows.
    let head = feed::head(source.connection).await?;
    let total = build::estimate(&mut source, model, head).await?;
    let mut advanced = |done| report(Progress { stage: Stage::Building, done, total });
    let mut caught_up = match model {
        Model::Async(model) => {
            let span = Span { after: 0, to: head };
            let events = build::follow(&mut source, target, model, span, &[], &mut advanced).await?;
            CaughtUp { position: head, cleaned: CleanedUp(None), events }
        }
        Model::Inline(model) => {
            let cleaned = model.cleaned_up(source.connection).await?;
            let events = build::fold(&mut source, target, model, cleaned, &mut advanced).await?;
            CaughtUp { position: head, cleaned, events }
        }
    };
    crash_point::reached("rebuild_built");
    shadow::analyze(target, &schema, model.tables()).await?;
    let tries = exchange::when_possible(log, &mut source, target, model, &mut caught_up, report).await?;
    Ok(Rebuilt { events: caught_up.events, tries })
}

/// Opens a connection that alone may rebuild or verify `model`, for as long as it is there.
pub(crate) async fn open(url: &str, model: Model) -> Result<PgConnection, Refusal> {
    let mut connection = pool::owner(url).await?;
    let mine: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock($1, hashtext($2))")
        .bind(LOCK)
        .bind(model.name())
        .fetch_one(&mut connection)
        .await?;
    if mine { Ok(connection) } else { Err(Refusal::Busy(model.name())) }
}

/// Lets others at the model at once: Postgres may take a moment to notice the end of a connection.
pub(crate) async fn release(mut connection: PgConnection) {
    let _ended_then_with_the_connection = connection.execute("SELECT pg_advisory_unlock_all()").await;
}

/// What the tables have to be filled with is known to one release alone.
pub(crate) async fn check_version(connection: &mut PgConnection) -> Result<(), Refusal> {
    let found: i64 =
        sqlx::query_scalar("SELECT coalesce(max(version), 0) FROM public._sqlx_migrations WHERE success")
            .fetch_one(connection)
            .await?;
    let known = migrations::newest();
    if found == known { Ok(()) } else { Err(Refusal::Version { found, known }) }
}

/// The copies have to belong to the role that the tables belong to.
async fn become_owner(connection: &mut PgConnection, model: Model) -> Result<(), Refusal> {
    let owner: Option<String> = sqlx::query_scalar(
        "SELECT quote_ident(rolname) FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner
         WHERE c.oid = format('public.%I', $1)::regclass AND r.rolname <> current_user",
    )
    .bind(model.tables()[0])
    .fetch_optional(&mut *connection)
    .await?;
    if let Some(owner) = owner {
        connection.execute(&*format!("SET ROLE {owner}")).await?;
    }
    Ok(())
}

/// Where the copies of a model's tables are.
fn schema(model: Model) -> String {
    format!("rebuild_{}", model.name())
}

/// What goes on, or went on, beside the tables of a model.
///
/// # Errors
/// Postgres is away.
pub async fn shadowing(pool: &Pool, model: Model) -> Result<Option<Shadowing>, Error> {
    let (copies, locked): (bool, bool) = sqlx::query_as(
        "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1),
                EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted
                            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                            AND classid::bigint = $2 AND objid::bigint = hashtext($3)::bigint & 4294967295)",
    )
    .bind(schema(model))
    .bind(i64::from(LOCK))
    .bind(model.name())
    .fetch_one(pool)
    .await?;
    Ok(match (copies, locked) {
        (true, true) => Some(Shadowing::Rebuilding),
        (true, false) => Some(Shadowing::Interrupted),
        (false, true) => Some(Shadowing::Verifying),
        (false, false) => None,
    })
}

/// Drops what rebuilds left that were cut off; those that go on are left alone. A copy that nobody keeps up to date holds what
/// erased people asked to forget. Answers whose copies they were.
///
/// # Errors
/// Postgres is away, or the role may not do it.
pub async fn drop_left_overs(connection: &mut PgConnection) -> Result<Vec<&'static str>, Error> {
    let schemas: Vec<_> = Model::all().map(schema).collect();
    let there: Vec<String> =
        sqlx::query_scalar("SELECT nspname::text FROM pg_namespace WHERE nspname = ANY($1)")
            .bind(schemas)
            .fetch_all(&mut *connection)
            .await?;
    let mut dropped = Vec::new();
    // Only where there is something: the lock would turn a rebuild away that just begins.
    for model in Model::all().filter(|model| there.contains(&schema(*model))) {
        let locked = sqlx::query_scalar("SELECT pg_try_advisory_lock($1, hashtext($2))");
        if !locked.bind(LOCK).bind(model.name()).fetch_one(&mut *connection).await? {
            continue;
        }
        let dropping = connection.execute(&*format!("DROP SCHEMA IF EXISTS {} CASCADE", schema(model))).await;
        sqlx::query("SELECT pg_advisory_unlock($1, hashtext($2))")
            .bind(LOCK)
            .bind(model.name())
            .execute(&mut *connection)
            .await?;
        dropping?;
        dropped.push(model.name());
    }
    Ok(dropped)
}
