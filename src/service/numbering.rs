//! Numbering the log: woken by this node's own appends, and by the clock for those of other nodes.

use std::time::Duration;

use devauth_projections::pool::Kept;
use devauth_projections::sequencer;
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Events numbered in one transaction at most.
const BATCH: i64 = 1_000;
/// How long it waits for more to be appended.
const GATHER: Duration = Duration::from_millis(20);
/// From one numbering to the next at least: on a busy node one transaction then numbers many events, and each read model takes
/// them in one as well.
const PACE: Duration = Duration::from_millis(60);
/// How soon it looks again while another transaction holds up what it waits for.
const SOON: Duration = Duration::from_millis(50);
/// How long after an append it looks that often: as long as readers wait for what was appended.
const EXPECTING: Duration = Duration::from_secs(2);
/// How often it looks when nobody told it of anything: a node may die between its append and its look.
const IDLE: Duration = Duration::from_secs(1);
/// How long it leaves a Postgres alone that is away.
const AWAY: Duration = Duration::from_secs(1);

/// Numbers what is settled, until `shutdown`; what was just `appended` is settled when the transactions before it are over.
pub async fn run(connections: &Kept, appended: &Notify, shutdown: &CancellationToken) {
    let (mut wait, mut expecting) = (IDLE, Instant::now());
    let mut numbered = Instant::now();
    while !shutdown.is_cancelled() {
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = appended.notified() => {
                tokio::time::sleep_until((Instant::now() + GATHER).max(numbered + PACE)).await;
                expecting = Instant::now() + EXPECTING;
            }
            () = tokio::time::sleep(wait) => {}
        }
        wait = match sequencer::tick(connections, BATCH).await {
            Ok(0) if Instant::now() >= expecting => IDLE,
            // An older transaction was still running.
            Ok(0) => SOON,
            // More may follow.
            Ok(_) => {
                numbered = Instant::now();
                SOON
            }
            Err(error) => {
                tracing::warn!(%error, "the sequencer can't work");
                AWAY
            }
        };
    }
}
