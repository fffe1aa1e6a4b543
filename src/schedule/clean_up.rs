//! Removing what is of no more use: rows, never events, and none that a request may still ask for; and people who never proved
//! their address.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use devauth_projections::clean_up::Expired;
use devauth_projections::{Error, scheduled_tasks};
use tokio_util::sync::CancellationToken;

use super::expired_signups;
use crate::app::App;

/// Rows removed by kind.
pub const REMOVED_TOTAL: &str = "devauth_clean_up_removed_total";
/// Runs by how they ended.
pub const RUNS_TOTAL: &str = "devauth_scheduled_runs_total";

/// Its name.
pub const TASK: &str = "clean_up";
/// How long a run may take; a node that died is followed by another after that.
const LEASE: Duration = Duration::minutes(10);
/// No new batch begins after that, so that a run ends before its lease. What is left is for the next.
const LONGEST: Duration = Duration::minutes(8);
/// Rows removed in one transaction: a long one would hold up the sequencer.
const BATCH: i64 = 500;

/// What a run removed, by kind.
pub type Removed = BTreeMap<&'static str, u64>;

/// A scheduled run: what it did goes into the log and the metrics.
pub async fn run_and_tell(app: &App, shutdown: &CancellationToken) {
    let result = match run(app, shutdown).await {
        Ok(None) => return,
        Ok(Some(removed)) => {
            tracing::info!(removed = %serde_json::json!(removed), "clean-up finished");
            "done"
        }
        Err(error) => {
            tracing::warn!(%error, "clean-up was cut short; the next run goes on");
            "failed"
        }
    };
    metrics::counter!(RUNS_TOTAL, "task" => TASK, "result" => result).increment(1);
}

/// Cleans up, unless another node is at it.
///
/// # Errors
/// Postgres is away. What was removed until then stays removed.
pub async fn run(app: &App, shutdown: &CancellationToken) -> Result<Option<Removed>, Error> {
    let started = app.clock.now();
    if !scheduled_tasks::take(&app.pool, TASK, started, LEASE).await? {
        return Ok(None);
    }
    let mut removed = Removed::new();
    let outcome = clean_up(app, started + LONGEST, shutdown, &mut removed).await;
    let told = serde_json::json!({"removed": removed, "complete": outcome.is_ok()});
    // If Postgres is away the lease ends by itself.
    let given_back = scheduled_tasks::finish(&app.pool, TASK, started, app.clock.now(), &told).await;
    outcome.and(given_back).map(|()| Some(removed))
}

async fn clean_up(
    app: &App,
    deadline: DateTime<Utc>,
    shutdown: &CancellationToken,
    removed: &mut Removed,
) -> Result<(), Error> {
    for kind in Expired::ALL {
        let total = removed.entry(kind.name()).or_default();
        loop {
            let now = app.clock.now();
            if now >= deadline || shutdown.is_cancelled() {
                return Ok(());
            }
            let count = kind.remove(&app.pool, now, BATCH).await?;
            *total += count;
            metrics::counter!(REMOVED_TOTAL, "kind" => kind.name()).increment(count);
            if count < BATCH.unsigned_abs() {
                break;
            }
        }
    }
    let total = removed.entry(expired_signups::KIND).or_default();
    let outcome = expired_signups::erase(app, deadline, shutdown, total).await;
    metrics::counter!(REMOVED_TOTAL, "kind" => expired_signups::KIND).increment(*total);
    outcome
}
