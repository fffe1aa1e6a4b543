//! What operators see of the log and of who follows it. Every node tells the same; alarms take the largest.

use std::time::Duration;

use chrono::{DateTime, Utc};
use devauth_projections::{Error, sequencer, subscription};
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

/// How often they are looked at.
const EVERY: Duration = Duration::from_secs(5);

/// Says what the metrics are.
pub(super) fn describe() {
    use metrics::{Unit, describe_gauge};
    describe_gauge!(LOG_POSITION, "Position of the newest event");
    describe_gauge!(
        UNNUMBERED_SECONDS,
        Unit::Seconds,
        "How long the first event waits that has no position yet"
    );
    describe_gauge!(
        OLDEST_TRANSACTION_SECONDS,
        Unit::Seconds,
        "How long the oldest transaction is open that may still write"
    );
    describe_gauge!(PROJECTION_LAG_EVENTS, "Positions that a projection doesn't have yet");
    describe_gauge!(
        PROJECTION_LAG_SECONDS,
        Unit::Seconds,
        "How long ago the first event was recorded that a projection doesn't have yet"
    );
    describe_gauge!(PROJECTION_STOPPED, "1 while a projection is stopped");
    describe_gauge!(PARKED_STREAMS, "Streams that a projection leaves out");
}

/// Looks until `shutdown`.
pub(super) async fn run(app: &App, shutdown: &CancellationToken) {
    describe();
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
    let now = app.clock.now();
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

fn seconds(since: Option<DateTime<Utc>>, now: DateTime<Utc>) -> f64 {
    since.map_or(0.0, |since| (now - since).as_seconds_f64().max(0.0))
}

#[expect(clippy::cast_precision_loss, reason = "positions stay far below 2^53")]
fn number(count: i64) -> f64 {
    count as f64
}
