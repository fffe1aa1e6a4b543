//! Following the log: one task for each read model, woken when Postgres says that the log grew, and by the clock.

use std::time::Duration;

use devauth_projections::read_models::ReadModel;
use devauth_projections::sequencer::Listener;
use devauth_projections::subscription::{self, Progress, StepError};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::app::App;

/// Events projected in one transaction at most: a transaction that lasts holds up the sequencer.
const BATCH: i64 = 500;
/// How often a model looks when nobody told it of anything.
const IDLE: Duration = Duration::from_secs(1);
/// How soon it looks again while another node is at it.
const ELSEWHERE: Duration = Duration::from_millis(200);
/// The first pause after a failure; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// How often an event is tried before it is given up.
const TRIES: u32 = 4;

/// Follows the log until `shutdown`.
pub(super) async fn run(app: App, shutdown: CancellationToken) {
    let (grown, watching) = watch::channel(());
    let models = async {
        let mut following = tokio::task::JoinSet::new();
        for model in ReadModel::ALL {
            let (app, watching, shutdown) = (app.clone(), watching.clone(), shutdown.clone());
            following.spawn(async move { follow(&app, *model, watching, &shutdown).await });
        }
        following.join_all().await;
    };
    tokio::join!(listen(&app, &grown, &shutdown), models);
}

/// Passes on what Postgres tells. While it can't be heard, the models look by the clock.
async fn listen(app: &App, grown: &watch::Sender<()>, shutdown: &CancellationToken) {
    let listening = async {
        loop {
            if let Ok(mut listener) = Listener::connect(&app.pool).await {
                grown.send_replace(());
                while listener.numbered().await.is_ok() {
                    grown.send_replace(());
                }
            }
            tokio::time::sleep(IDLE).await;
        }
    };
    shutdown.run_until_cancelled(listening).await;
}

async fn follow(app: &App, model: ReadModel, mut grown: watch::Receiver<()>, shutdown: &CancellationToken) {
    let mut trouble = Trouble::default();
    while !shutdown.is_cancelled() {
        // Before the step, so that what grows meanwhile wakes the next.
        grown.mark_unchanged();
        let wait = match subscription::step(app.commands.log(), model, BATCH).await {
            Ok(Progress::Projected(_)) => {
                trouble = Trouble::default();
                continue;
            }
            Ok(Progress::Idle | Progress::Stopped) => IDLE,
            Ok(Progress::Elsewhere) => ELSEWHERE,
            Err(error) => {
                // Neither news nor haste helps.
                let pause = trouble.pause(app, model, &error).await;
                shutdown.run_until_cancelled(tokio::time::sleep(pause)).await;
                continue;
            }
        };
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = grown.changed() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// What has gone wrong since the last success.
#[derive(Default)]
struct Trouble {
    failures: u32,
    position: Option<i64>,
}

impl Trouble {
    /// Counts a failure, and gives an event up that failed too often; answers how long to wait.
    async fn pause(&mut self, app: &App, model: ReadModel, error: &StepError) -> Duration {
        let position = match error {
            StepError::Later(_) => None,
            StepError::Event { position, .. } => Some(*position),
        };
        self.failures = if self.position == position { self.failures + 1 } else { 1 };
        self.position = position;
        tracing::warn!(projection = model.name(), %error, failures = self.failures, "a projection can't go on");
        if let StepError::Event { position, error } = error
            && self.failures >= TRIES
        {
            tracing::error!(
                projection = model.name(),
                position,
                "an event was given up: see docs/operating.md"
            );
            if let Err(error) = subscription::fail(&app.pool, model, *position, error).await {
                tracing::warn!(%error, "and that can't be written down just now");
            }
        }
        LONGEST_PAUSE.min(FIRST_PAUSE * 2u32.pow(self.failures.min(10)))
    }
}
