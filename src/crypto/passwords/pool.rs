//! A few threads and a queue that is never longer than the patience of those who wait in it.

mod occupied;

use std::{
    any::Any,
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use tokio::sync::oneshot;
use tracing::Instrument as _;

pub use self::occupied::Occupied;
use super::{HASH_QUEUE_DEPTH, HASH_REFUSED_TOTAL, HASH_SECONDS, HASH_WAIT_SECONDS};
use crate::telemetry::traces;

/// How nice hashing threads are, of 19: with this a thread still gets a quarter of a core that another wants all of.
#[cfg(target_os = "linux")]
const NICE: i32 = 5;

/// The queue is full: as much work waits as can be done in the time anybody is willing to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords are waiting to be hashed")]
pub struct Busy {
    /// When to try again: when what waits now will be done, in whole seconds, at least one.
    pub retry_after: Duration,
}

/// Threads that end when the pool is dropped, and the queue before them.
pub(super) struct Pool {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    work_or_end: Condvar,
    threads: usize,
    queue_for: Duration,
}

struct State {
    queue: VecDeque<(Instant, Box<dyn Job>)>,
    running: usize,
    /// The running estimate of one job's time.
    job_time: Duration,
    ended: bool,
}

trait Job: Send {
    /// Nobody waits for the result any more.
    fn abandoned(&self) -> bool;
    fn run(self: Box<Self>);
}

struct Task<T, F> {
    work: F,
    answer: oneshot::Sender<Result<T, Box<dyn Any + Send>>>,
}

impl<T: Send, F: FnOnce() -> T + Send> Job for Task<T, F> {
    fn abandoned(&self) -> bool {
        self.answer.is_closed()
    }

    fn run(self: Box<Self>) {
        let result = catch_unwind(AssertUnwindSafe(self.work));
        // Nobody is told if whoever asked has gone in the meantime.
        let _gone = self.answer.send(result);
    }
}

impl Pool {
    /// Starts the threads. `job_time` is what a job takes, as far as is known before the first.
    pub(super) fn start(threads: usize, queue_for: Duration, job_time: Duration) -> Pool {
        assert!(threads > 0, "without threads nothing would ever be hashed");
        let state = State { queue: VecDeque::new(), running: 0, job_time, ended: false };
        let shared =
            Arc::new(Shared { state: Mutex::new(state), work_or_end: Condvar::new(), threads, queue_for });
        for number in 0..threads {
            let shared = Arc::clone(&shared);
            thread::Builder::new()
                .name(format!("hash-{number}"))
                .spawn(move || shared.work())
                .expect("a process that can't start its hashing threads can't serve");
        }
        Pool { shared }
    }

    /// Runs `work` on one of the threads. If the future is dropped before its turn comes, the work is not done.
    ///
    /// # Errors
    ///
    /// [`Busy`], at once, if it would have to wait too long.
    ///
    /// # Panics
    ///
    /// As `work` does; the thread goes on with the next job.
    pub(super) async fn run<T>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Busy>
    where
        T: Send + 'static,
    {
        let (answer, result) = oneshot::channel();
        self.shared.enqueue(Box::new(Task { work, answer }))?;
        match result
            .instrument(traces::hash())
            .await
            .expect("the pool is borrowed here, so its threads live, and they answer each job")
        {
            Ok(value) => Ok(value),
            Err(panic) => resume_unwind(panic),
        }
    }

    #[cfg(test)]
    pub(super) fn queued(&self) -> usize {
        self.shared.lock().queue.len()
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.lock().ended = true;
        self.shared.work_or_end.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // No code that could panic halfway through a change runs under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enqueue(&self, job: Box<dyn Job>) -> Result<(), Busy> {
        let mut state = self.lock();
        if self.is_full(&state) {
            state.queue.retain(|(_, waiting)| !waiting.abandoned());
        }
        if self.is_full(&state) {
            metrics::counter!(HASH_REFUSED_TOTAL).increment(1);
            return Err(Busy { retry_after: self.wait(&state) });
        }
        state.queue.push_back((Instant::now(), job));
        report_depth(&state);
        drop(state);
        self.work_or_end.notify_one();
        Ok(())
    }

    /// Whether another job would wait longer than `queue_for`. One job a thread may always wait, however slow.
    fn is_full(&self, state: &State) -> bool {
        let turns = self.queue_for.as_nanos() / state.job_time.as_nanos().max(1);
        let places = self.threads.saturating_mul(usize::try_from(turns.max(1)).unwrap_or(usize::MAX));
        let idle = self.threads - state.running;
        state.queue.len() >= places.saturating_add(idle)
    }

    fn wait(&self, state: &State) -> Duration {
        let seconds = state.job_time.as_secs_f64() * state.queue.len() as f64 / self.threads as f64;
        Duration::from_secs((seconds.ceil() as u64).max(1))
    }

    fn work(&self) {
        step_back();
        while let Some(job) = self.next() {
            let started = Instant::now();
            job.run();
            let took = started.elapsed();
            metrics::histogram!(HASH_SECONDS).record(took.as_secs_f64());
            let mut state = self.lock();
            state.running -= 1;
            state.job_time = (state.job_time * 7 + took) / 8;
        }
    }

    /// Waits for a job that somebody waits for; `None` at the end.
    fn next(&self) -> Option<Box<dyn Job>> {
        let mut state = self.lock();
        loop {
            if state.ended {
                return None;
            }
            while let Some((since, job)) = state.queue.pop_front() {
                report_depth(&state);
                if !job.abandoned() {
                    metrics::histogram!(HASH_WAIT_SECONDS).record(since.elapsed().as_secs_f64());
                    state.running += 1;
                    return Some(job);
                }
            }
            state = self.work_or_end.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Lets threads that answer cheap requests go first where cores are short: a hash takes a quarter of a second, in which
/// everything else would wait its turn. Nice is the thread's own on Linux and the whole process's elsewhere.
fn step_back() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(NICE) {
        tracing::debug!(%error, "hashing threads run as any other");
    }
}

fn report_depth(state: &State) {
    metrics::gauge!(HASH_QUEUE_DEPTH).set(state.queue.len() as f64);
}

#[cfg(test)]
mod tests;
