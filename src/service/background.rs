//! The work beside requests: numbering the log, following it, sending mail, keeping the timetable and the
//! clock, being known to the other nodes.

use std::time::Duration;

use devauth_projections::sequencer;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::presence::Presence;
use super::{observing, projecting};
use crate::app::App;
use crate::http::metrics;
use crate::mailer::transport::Transport;
use crate::mailer::worker::Worker;
use crate::schedule;

/// Events numbered in one transaction at most.
const BATCH: i64 = 1_000;
/// How long the sequencer waits for more to be appended: on a busy node one transaction then numbers many events.
const GATHER: Duration = Duration::from_millis(20);
/// How soon the sequencer looks again while another transaction holds up what it waits for.
const SOON: Duration = Duration::from_millis(50);
/// How long after an append it looks that often: as long as readers wait for what was appended.
const EXPECTING: Duration = Duration::from_secs(2);
/// How often it looks when nobody told it of anything: other nodes append too.
const IDLE: Duration = Duration::from_secs(1);
/// How long it leaves a Postgres alone that is away.
const AWAY: Duration = Duration::from_secs(1);
/// How often the clock is set by the database.
const SYNCHRONISE: Duration = Duration::from_secs(60);

/// Runs everything until `shutdown`.
pub(super) async fn run(
    app: App,
    presence: Presence,
    transport: Transport,
    handle: Option<PrometheusHandle>,
    shutdown: CancellationToken,
) {
    let mail = Worker::new(app.clone(), transport).run(shutdown.clone());
    let upkeep = async {
        if let Some(handle) = handle {
            metrics::upkeep(handle, shutdown.clone()).await;
        }
    };
    let following = projecting::run(app.clone(), shutdown.clone());
    let observing = observing::run(&app, &shutdown);
    let scheduled = schedule::run(app.clone(), shutdown.clone());
    let present = presence.run(shutdown.clone());
    let (numbering, keeping_time) = (number(&app, &shutdown), keep_time(&app, &shutdown));
    tokio::join!(mail, upkeep, following, observing, scheduled, present, numbering, keeping_time);
}

/// Numbers what is settled; what was just appended is settled when the transactions before it are over.
async fn number(app: &App, shutdown: &CancellationToken) {
    let (mut wait, mut expecting) = (IDLE, Instant::now());
    while !shutdown.is_cancelled() {
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = app.appended.notified() => {
                tokio::time::sleep(GATHER).await;
                expecting = Instant::now() + EXPECTING;
            }
            () = tokio::time::sleep(wait) => {}
        }
        wait = match sequencer::tick(&app.pool, BATCH).await {
            Ok(0) if Instant::now() >= expecting => IDLE,
            // More may follow, or an older transaction was still running.
            Ok(_) => SOON,
            Err(error) => {
                tracing::warn!(%error, "the sequencer can't work");
                AWAY
            }
        };
    }
}

async fn keep_time(app: &App, shutdown: &CancellationToken) {
    while !shutdown.is_cancelled() {
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(SYNCHRONISE) => {}
        }
        if let Err(error) = app.clock.synchronise(&app.pool).await {
            tracing::debug!(%error, "the clock goes on by itself");
        }
    }
}
