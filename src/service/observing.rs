//! What operators see of the log and of who follows it. Every node tells the same; alarms take the largest.

use std::time::Duration;

use chrono::{DateTime, Utc};
use devauth_projections::{Error, Pool, jobs, sequencer, subscription};
use metrics::gauge;
use tokio_util::sync::CancellationToken;

use crate::app::App;

/// Position of the newest event.
pub const LOG_POSITION: &str = "devauth_log_position";
/// How long the first event waits that has no position yet.
pub const UNNUMBERED_SECONDS: &str = "devauth_log_unnumbered_seconds";
/// How long the oldest transaction is open that may still write.
pub const OLDEST_TRANSACTION_SECONDS: &str = "devauth_oldest_transaction_seconds";
/// Positions that a projection doesn't have yet.
pub const PROJECTION_LAG_EVENTS: &str = "devauth_projection_lag_events";
/// How long ago the first event was recorded that a projection doesn't have yet.
pub const PROJECTION_LAG_SECONDS: &str = "devauth_projection_lag_seconds";
/// 1 while a projection is stopped.
pub const PROJECTION_STOPPED: &str = "devauth_projection_stopped";
/// Streams that a projection leaves out.
pub const PARKED_STREAMS: &str = "devauth_parked_streams";

/// Connections of the pool, by whether they are used.
pub const POOL_CONNECTIONS: &str = "devauth_pool_connections";
/// Connections that the pool may have.
pub const POOL_LIMIT: &str = "devauth_pool_connections_limit";
/// Jobs that are to be done, by how far they are.
pub const JOBS: &str = "devauth_jobs";
/// How long ago the oldest of them was written.
pub const OLDEST_JOB_SECONDS: &str = "devauth_oldest_job_seconds";

/// How often they are looked at.
const EVERY: Duration = Duration::from_secs(5);

/// Looks until `shutdown`.
pub(super) async fn run(app: &App, shutdown: &CancellationToken) {
    let looking = async {
        loop {
            if let Err(error) = look(app).await {
                tracing::debug!(%error, "the log's metrics stay as they were");
            }
            tokio::time::sleep(EVERY).await;
        }
    };
    shutdown.run_until_cancelled(looking).await;
}

async fn look(app: &App) -> Result<(), Error> {
    look_at_pool(&app.pool);
    let now = app.clock.now();
    let open = jobs::open(&app.pool, now).await?;
    for (state, count) in [("waiting", open.waiting), ("running", open.running), ("retrying", open.retrying)]
    {
        gauge!(JOBS, "state" => state).set(number(count));
    }
    gauge!(OLDEST_JOB_SECONDS).set(seconds(open.oldest, now));
    let backlog = sequencer::backlog(&app.pool).await?;
    gauge!(LOG_POSITION).set(number(backlog.position));
    gauge!(UNNUMBERED_SECONDS).set(seconds(backlog.waiting_since, now));
    gauge!(OLDEST_TRANSACTION_SECONDS).set(seconds(backlog.oldest_transaction, now));
    for projection in subscription::status(&app.pool).await? {
        let label = [("projection", projection.name)];
        gauge!(PROJECTION_LAG_EVENTS, &label).set(number(projection.lag));
        gauge!(PROJECTION_LAG_SECONDS, &label).set(seconds(projection.behind_since, now));
        gauge!(PROJECTION_STOPPED, &label).set(f64::from(u8::from(!projection.running)));
        gauge!(PARKED_STREAMS, &label).set(number(projection.parked));
    }
    Ok(())
}

fn look_at_pool(pool: &Pool) {
    // Connections are counted one after the other, and may come and go in between.
    let idle = pool.num_idle();
    let used = usize::try_from(pool.size()).unwrap_or_default().saturating_sub(idle);
    for (state, count) in [("idle", idle), ("used", used)] {
        gauge!(POOL_CONNECTIONS, "state" => state).set(number(i64::try_from(count).unwrap_or_default()));
    }
    gauge!(POOL_LIMIT).set(f64::from(pool.options().get_max_connections()));
}

fn seconds(since: Option<DateTime<Utc>>, now: DateTime<Utc>) -> f64 {
    since.map_or(0.0, |since| (now - since).as_seconds_f64().max(0.0))
}

#[expect(clippy::cast_precision_loss, reason = "positions stay far below 2^53")]
fn number(count: i64) -> f64 {
    count as f64
}
