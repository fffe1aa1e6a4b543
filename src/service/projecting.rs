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
/// How soon it looks again while another node, or somebody who is being erased, keeps it out.
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
    let (mut trouble, mut turn) = (Trouble::default(), Turn::default());
    while !shutdown.is_cancelled() {
        // Before the step, so that what grows meanwhile wakes the next.
        grown.mark_unchanged();
        let next = match subscription::step(app.commands.log(), model, BATCH).await {
            Ok(progress) => {
                if matches!(progress, Progress::Projected(_) | Progress::CaughtUp(_)) {
                    trouble = Trouble::default();
                }
                turn.after(progress)
            }
            // Neither news nor haste helps.
            Err(error) => Next::In(trouble.pause(app, model, &error).await),
        };
        match next {
            Next::AtOnce => {}
            Next::In(pause) => {
                shutdown.run_until_cancelled(tokio::time::sleep(pause)).await;
            }
            Next::WhenTold(patience) => tokio::select! {
                () = shutdown.cancelled() => return,
                _ = grown.changed() => {}
                () = tokio::time::sleep(patience) => {}
            },
        }
    }
}

/// When to take the next step.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    AtOnce,
    /// After this time, whatever happens meanwhile.
    In(Duration),
    /// As soon as the log has grown, and after this time anyway.
    WhenTold(Duration),
}

/// Whose turn it is. Postgres tells all nodes that the log grew; if each of them then read the same events to find that one is
/// enough, every node would cost as much as the first. So who was kept out by another leaves the work to them, and looks by the
/// clock until there is something that nobody did.
#[derive(Default)]
struct Turn {
    kept_out: bool,
}

impl Turn {
    fn after(&mut self, progress: Progress) -> Next {
        match progress {
            Progress::Projected(_) => {
                self.kept_out = false;
                Next::AtOnce
            }
            Progress::CaughtUp(_) => {
                self.kept_out = false;
                Next::WhenTold(IDLE)
            }
            // An erasure keeps out as well; then nobody does the work meanwhile, and the next look finds it.
            Progress::Elsewhere => {
                self.kept_out = true;
                Next::In(ELSEWHERE)
            }
            Progress::Idle if self.kept_out => Next::In(IDLE),
            Progress::Idle | Progress::Stopped => Next::WhenTold(IDLE),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_alone_is_woken_by_news() {
        let mut turn = Turn::default();
        assert_eq!(turn.after(Progress::Idle), Next::WhenTold(IDLE));
        assert_eq!(turn.after(Progress::CaughtUp(3)), Next::WhenTold(IDLE));
        assert_eq!(turn.after(Progress::Projected(500)), Next::AtOnce, "there may be more");
        assert_eq!(turn.after(Progress::Stopped), Next::WhenTold(IDLE));
    }

    #[test]
    fn who_was_kept_out_leaves_the_work_to_the_other_until_nobody_does_it() {
        let mut turn = Turn::default();
        assert_eq!(turn.after(Progress::Elsewhere), Next::In(ELSEWHERE));
        assert_eq!(turn.after(Progress::Idle), Next::In(IDLE), "the other has done it");
        assert_eq!(turn.after(Progress::Idle), Next::In(IDLE));
        assert_eq!(turn.after(Progress::CaughtUp(3)), Next::WhenTold(IDLE), "the other is gone");
        assert_eq!(turn.after(Progress::Idle), Next::WhenTold(IDLE));
    }

    #[test]
    fn an_erasure_that_kept_it_out_costs_no_more_than_a_moment() {
        let mut turn = Turn::default();
        assert_eq!(turn.after(Progress::Elsewhere), Next::In(ELSEWHERE));
        assert_eq!(turn.after(Progress::CaughtUp(1)), Next::WhenTold(IDLE));
    }
}
