//! What is done at appointed times. Every node has the timetable; a lease in Postgres gives each run to one of them.

pub mod clean_up;
pub(crate) mod expired_signups;

use std::sync::Arc;

use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError};
use tokio_util::sync::CancellationToken;

use crate::app::App;

/// Every ten minutes: a run that finds nothing costs a few index look-ups. Seconds come first.
const CLEAN_UP: &str = "0 */10 * * * *";

/// Keeps the timetable until `shutdown`.
pub async fn run(app: App, shutdown: CancellationToken) {
    if let Err(error) = keep(app, &shutdown).await {
        tracing::error!(%error, "nothing is done on schedule: rows that expired stay");
    }
}

async fn keep(app: App, shutdown: &CancellationToken) -> Result<(), JobSchedulerError> {
    let mut scheduler = JobScheduler::new().await?;
    let stop = Arc::new(shutdown.clone());
    let clean_up = Job::new_async(CLEAN_UP, move |_, _| {
        let (app, stop) = (app.clone(), stop.clone());
        Box::pin(async move { clean_up::run_and_tell(&app, &stop).await })
    })?;
    scheduler.add(clean_up).await?;
    scheduler.start().await?;
    shutdown.cancelled().await;
    scheduler.shutdown().await
}
