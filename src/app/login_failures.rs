//! Failed logins on their way to Postgres: they are written after their requests were answered, by one writer a node, and
//! however many there are they take one connection. A shutdown waits for them.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use devauth_projections::login_failures::{self, LoginFailure};
use devauth_projections::{Error, Pool};
use tokio::sync::watch;

use super::App;

/// Failures written by one statement at most.
const BATCH: usize = 100;
/// Failures that wait at most; a node that refuses tries faster than Postgres takes them in leaves the others out, and says so.
const WAITING: usize = 10_000;
/// How often a batch is tried.
const TRIES: u32 = 3;
/// The pause between two tries.
const PAUSE: Duration = Duration::from_millis(100);

/// Failed logins that are still to be written.
#[derive(Default)]
pub struct LoginFailures {
    queue: Mutex<Queue>,
    /// How many are done with, written or given up.
    done: watch::Sender<u64>,
}

#[derive(Default)]
struct Queue {
    waiting: Vec<LoginFailure>,
    /// How many were ever put in.
    noted: u64,
    left_out: u64,
    writing: bool,
}

impl App {
    /// Notes a failed login. It costs its caller nothing to speak of, and can't fail.
    pub fn note_login_failure(&self, failure: LoginFailure) {
        if self.login_failures.put(failure) {
            let app = self.clone();
            self.tasks.spawn(async move { app.login_failures.write(&app.pool).await });
        }
    }
}

impl LoginFailures {
    /// Whether a writer has to be started for it.
    fn put(&self, failure: LoginFailure) -> bool {
        let mut queue = self.queue();
        if queue.waiting.len() < WAITING {
            queue.waiting.push(failure);
            queue.noted += 1;
        } else {
            queue.left_out += 1;
        }
        !std::mem::replace(&mut queue.writing, true)
    }

    /// The next batch; without one the writer's work is done.
    fn take(&self) -> Option<Vec<LoginFailure>> {
        let mut queue = self.queue();
        let left_out = std::mem::take(&mut queue.left_out);
        if left_out > 0 {
            tracing::warn!(left_out, "more logins failed than can be written down");
        }
        if queue.waiting.is_empty() {
            queue.writing = false;
            return None;
        }
        let count = queue.waiting.len().min(BATCH);
        Some(queue.waiting.drain(..count).collect())
    }

    async fn write(&self, pool: &Pool) {
        while let Some(failures) = self.take() {
            if let Err(error) = store(pool, &failures).await {
                let lost = failures.len();
                tracing::error!(%error, lost, "failed logins are missing in the audit log");
            }
            self.done.send_modify(|done| *done += failures.len() as u64);
        }
    }

    /// Waits until everything that this node noted before is written, for `patience` at most.
    pub async fn settled(&self, patience: Duration) {
        let noted = self.queue().noted;
        let mut done = self.done.subscribe();
        // Who waited long enough gets what is there; the sender lives as long as we do.
        let _settled_or_not = tokio::time::timeout(patience, done.wait_for(|done| *done >= noted)).await;
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn store(pool: &Pool, failures: &[LoginFailure]) -> Result<(), Error> {
    let mut tried = 1;
    loop {
        match login_failures::write(pool, failures).await {
            Err(Error::Unavailable(_) | Error::Conflict) if tried < TRIES => {
                tried += 1;
                tokio::time::sleep(PAUSE).await;
            }
            outcome => return outcome,
        }
    }
}
