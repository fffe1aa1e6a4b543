//! Whether the tables of a read model are what the log says: a fresh fold beside them, and both compared row by row.
//!
//! One snapshot shows the tables and the events that led to them, so nobody has to stand still. The fold goes into temporary
//! tables of another session, in short transactions: one long one with an id of its own would hold up the sequencer. They end
//! with their session, so nothing is ever left over.

mod compare;

use sqlx::{Executor as _, PgConnection};

pub use compare::{Cell, Difference, Differences, Kind, Values};

use crate::catalog::Model;
use crate::event_log::streams::Source;
use crate::inline::CleanedUp;
use crate::pool;
use crate::rebuild::build::{self, Span};
use crate::rebuild::{self, Progress, Refusal, Report, Stage, shadow};
use crate::sealing::Keyring;
use crate::subscription::{self, ParkedStream};

/// What is wanted of a check.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// How many differences are listed for each table; all are counted.
    pub listed: usize,
    /// Whether the values are told that differ: they can be personal.
    pub values: bool,
}

/// What a check found.
#[derive(Debug)]
pub struct Verified {
    /// The position that a model has which follows the log.
    pub position: Option<i64>,
    /// Events that were folded.
    pub events: u64,
    /// Rows that were compared.
    pub rows: u64,
    /// Streams that it leaves out from some event on; they were left out of the fold from there on, too.
    pub parked: Vec<ParkedStream>,
    /// How the tables differ from the fold.
    pub differences: Differences,
}

impl Verified {
    /// Whether the tables are all that the log says.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.differences.is_empty() && self.parked.is_empty()
    }
}

/// Compares the tables of `model` with what the log says, as far as `url` names somebody who may read both.
///
/// # Errors
/// See [`Refusal`].
pub async fn verify(
    url: &str,
    keyring: &Keyring,
    model: Model,
    wanted: Wanted,
    report: &mut Report<'_>,
) -> Result<Verified, Refusal> {
    let mut target = rebuild::open(url, model).await?;
    let verified = beside(url, keyring, &mut target, model, wanted, report).await;
    rebuild::release(target).await;
    verified
}

async fn beside(
    url: &str,
    keyring: &Keyring,
    target: &mut PgConnection,
    model: Model,
    wanted: Wanted,
    report: &mut Report<'_>,
) -> Result<Verified, Refusal> {
    report(Progress { stage: Stage::Preparing, done: 0, total: 0 });
    rebuild::check_version(target).await?;
    target.execute("SET temp_buffers = '64MB'; SET synchronous_commit = off").await?;
    shadow::create(target, shadow::TEMPORARY, model.tables()).await?;
    // No other schema, as in a rebuild.
    target.execute("SET search_path = pg_temp").await?;
    let mut snapshot = pool::owner(url).await?;
    snapshot.execute("SET idle_in_transaction_session_timeout = 0").await?;
    snapshot.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;

    let mut source = Source { connection: &mut snapshot, keyring };
    let mut verified = fold(&mut source, target, model, report).await?;
    for table in model.tables() {
        let only = left_by_clean_up(&mut source, model, table).await?;
        let sides = compare::Sides { live: source.connection, fresh: target };
        let (rows, differences) = compare::table(sides, (table, only), wanted, report).await?;
        verified.rows += rows;
        verified.differences.add(differences);
    }
    // A table that was changed under the snapshot can look empty through it.
    rebuild::check_version(target).await?;
    Ok(verified)
}

/// Which rows of a table count: of those that clean-up is removing just now some are still there.
async fn left_by_clean_up(source: &mut Source<'_>, model: Model, table: &str) -> Result<String, Refusal> {
    let cleaned = match model {
        Model::Inline(inline) if table == "sessions" => inline.cleaned_up(source.connection).await?,
        Model::Inline(_) | Model::Async(_) => CleanedUp(None),
    };
    Ok(match cleaned {
        CleanedUp(Some(until)) => format!("least(ended_at, expires_at) > '{}'", until.to_rfc3339()),
        CleanedUp(None) => "true".to_owned(),
    })
}

async fn fold(
    source: &mut Source<'_>,
    target: &mut PgConnection,
    model: Model,
    report: &mut Report<'_>,
) -> Result<Verified, Refusal> {
    let verified = |position, parked, events| Verified {
        position,
        events,
        rows: 0,
        parked,
        differences: Differences::default(),
    };
    match model {
        Model::Async(follower) => {
            let to: i64 = sqlx::query_scalar("SELECT checkpoint FROM projections WHERE name = $1")
                .bind(follower.name())
                .fetch_one(&mut *source.connection)
                .await?;
            let parked = subscription::parked(&mut *source.connection, follower).await?;
            let total = to.unsigned_abs();
            let mut advanced = |done| report(Progress { stage: Stage::Building, done, total });
            let span = Span { after: 0, to };
            let events = build::follow(source, target, follower, span, &parked, &mut advanced).await?;
            Ok(verified(Some(to), parked, events))
        }
        Model::Inline(inline) => {
            let total = build::estimate(source, model, 0).await?;
            let mut advanced = |done| report(Progress { stage: Stage::Building, done, total });
            let cleaned = inline.cleaned_up(source.connection).await?;
            let events = build::fold(source, target, inline, cleaned, &mut advanced).await?;
            Ok(verified(None, Vec::new(), events))
        }
    }
}
