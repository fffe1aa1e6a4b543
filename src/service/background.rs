//! The work beside requests: numbering the log, following it, sending mail, keeping the timetable and the
//! clock, being known to the other nodes.

use std::time::Duration;

use metrics_exporter_prometheus::PrometheusHandle;
use tokio_util::sync::CancellationToken;

use super::presence::Presence;
use super::{numbering, observing, projecting};
use crate::app::App;
use crate::http::metrics;
use crate::mailer::transport::Transport;
use crate::mailer::worker::Worker;
use crate::schedule;

/// How often the clock is set by the database.
const SYNCHRONISE: Duration = Duration::from_secs(60);

/// How long what nobody waits for leaves the processors and Postgres to the first requests: it begins with a handful of new
/// connections.
const HEAD_START: Duration = Duration::from_millis(50);

/// Runs everything until `shutdown`.
pub(super) async fn run(
    app: App,
    presence: Presence,
    transport: Transport,
    handle: Option<PrometheusHandle>,
    shutdown: CancellationToken,
) {
    tokio::time::sleep(HEAD_START).await;
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
    let numbering = numbering::run(app.commands.log().kept(), &app.appended, &shutdown);
    let keeping_time = keep_time(&app, &shutdown);
    tokio::join!(mail, upkeep, following, observing, scheduled, present, numbering, keeping_time);
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
