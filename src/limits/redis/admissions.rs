//! Admissions, gathered: requests that are to be counted at the same time go to Redis with one write and come back with one read,
//! which costs a busy node and its Redis less than a round trip for each. Each is a script of its own, so nothing is decided
//! together.

use std::sync::{Arc, OnceLock};

use tokio::sync::{mpsc, oneshot};

use super::link::Link;
use super::{Call, RATE};

/// Admissions of one write at most.
const MOST: usize = 256;
/// Admissions that are held back at most; more wait for their place.
const WAITING: usize = 1_024;

/// What `rate.lua` answers.
pub(super) type Counts = [i64; 4];

/// A line before one server.
pub(super) struct Admissions {
    link: Arc<Link>,
    /// Begins with the first admission, which is made in a runtime.
    waiting: OnceLock<mpsc::Sender<Waiting>>,
}

struct Waiting {
    call: Call,
    answer: oneshot::Sender<Option<Counts>>,
}

impl Admissions {
    pub(super) fn new(link: Arc<Link>) -> Self {
        Self { link, waiting: OnceLock::new() }
    }

    /// `None` while Redis is away.
    pub(super) async fn ask(&self, call: Call) -> Option<Counts> {
        let waiting = self.waiting.get_or_init(|| {
            let (waiting, calls) = mpsc::channel(WAITING);
            tokio::spawn(answer(self.link.clone(), calls));
            waiting
        });
        let (answer, answered) = oneshot::channel();
        waiting.send(Waiting { call, answer }).await.ok()?;
        answered.await.ok()?
    }
}

/// Answers until nobody can ask any more.
async fn answer(link: Arc<Link>, mut calls: mpsc::Receiver<Waiting>) {
    let mut gathered = Vec::new();
    while calls.recv_many(&mut gathered, MOST).await > 0 {
        // Requests that came in together ask one after the other: the first would go alone, and the others wait for it.
        tokio::task::yield_now().await;
        while gathered.len() < MOST
            && let Ok(one) = calls.try_recv()
        {
            gathered.push(one);
        }
        // Whoever went away meanwhile is not counted.
        gathered.retain(|one: &Waiting| !one.answer.is_closed());
        let (calls, answers): (Vec<Call>, Vec<_>) =
            gathered.drain(..).map(|one| (one.call, one.answer)).unzip();
        let counts = link.ask(async |connection| RATE.run_all(connection, &calls).await).await;
        let mut counts = counts.into_iter().flatten();
        for answer in answers {
            // Nobody listens any more, and nobody misses the answer.
            let _ = answer.send(counts.next());
        }
    }
}
