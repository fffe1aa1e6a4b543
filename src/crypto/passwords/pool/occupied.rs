//! A pool that has no thread and no place left, for as long as somebody wants it so.

use std::any::Any;

use tokio::sync::oneshot;

use super::{Busy, Pool, Task};

/// Every thread of a pool and every place in its queue, taken. Dropped, all of them are free again.
#[must_use = "they are free again at once"]
pub struct Occupied {
    _jobs: Vec<Held>,
}

/// A job that ends when this is dropped. Somebody waits for its result, or its place would count as free.
struct Held {
    _go: oneshot::Sender<()>,
    _result: oneshot::Receiver<Result<(), Box<dyn Any + Send>>>,
}

impl Pool {
    /// Waits for what is being hashed, and then takes every thread and every place in the queue.
    ///
    /// # Errors
    ///
    /// [`Busy`] if they are taken already.
    pub(in crate::crypto::passwords) async fn occupy(&self) -> Result<Occupied, Busy> {
        let mut jobs = Vec::new();
        let mut begun = Vec::new();
        for _ in 0..self.shared.threads {
            let (began, is_begun) = oneshot::channel();
            jobs.push(self.hold(move || {
                // Nobody listens if whoever wanted this has gone in the meantime.
                let _gone = began.send(());
            })?);
            begun.push(is_begun);
        }
        for is_begun in begun {
            is_begun.await.expect("the pool is borrowed here, so its threads live, and they begin each job");
        }
        // From here on no job ends, so what is full now stays full.
        while let Ok(job) = self.hold(|| ()) {
            jobs.push(job);
        }
        Ok(Occupied { _jobs: jobs })
    }

    fn hold(&self, begin: impl FnOnce() + Send + 'static) -> Result<Held, Busy> {
        let (go, gate) = oneshot::channel::<()>();
        let (answer, result) = oneshot::channel();
        let work = move || {
            begin();
            // An error is the other end having been dropped, which is what it waits for.
            let _dropped = gate.blocking_recv();
        };
        self.shared.enqueue(Box::new(Task { work, answer }))?;
        Ok(Held { _go: go, _result: result })
    }
}
