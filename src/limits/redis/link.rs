//! The connection to Redis and, when it fails, the decision to leave Redis alone for a while.
//!
//! The request that meets a failure pays for it (one time-out at most, or four to connect); those after it don't try. Once a
//! second one of them sets off a probe beside itself, and when that succeeds everybody uses Redis again.

use super::RATE;
use super::target::{Connection, Target};
use redis::{RedisError, RedisResult};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tracing::Instrument as _;

use crate::telemetry::traces;

/// How long Redis is left alone after a failure, and between probes.
const PAUSE: Duration = Duration::from_secs(1);

/// The way to Redis.
pub(super) struct Link {
    target: Target,
    /// A key that the probe writes.
    probe_key: String,
    state: Mutex<State>,
    /// Held while connecting for the first time, so that all wait for one attempt.
    first: tokio::sync::Mutex<()>,
}

#[derive(Clone)]
enum State {
    Untried,
    Up(Open),
    Away { probe_at: Instant },
}

/// A connection and its number, by which a late failure of an earlier one is told apart.
#[derive(Clone)]
struct Open {
    connection: Connection,
    number: u64,
}

impl Link {
    pub(super) fn new(target: Target, probe_key: String) -> Self {
        Self { target, probe_key, state: Mutex::new(State::Untried), first: tokio::sync::Mutex::new(()) }
    }

    /// Does `work`, which is an `operation`, over the connection. None when Redis is away, before or after trying.
    pub(super) async fn with<T>(
        self: &Arc<Self>,
        operation: &'static str,
        work: impl AsyncFnOnce(&Connection) -> RedisResult<T>,
    ) -> Option<T> {
        self.ask(async |connection| work(connection).instrument(traces::redis(operation)).await).await
    }

    /// [`with`](Self::with) for those who trace by themselves what it is for.
    pub(super) async fn ask<T>(
        self: &Arc<Self>,
        work: impl AsyncFnOnce(&Connection) -> RedisResult<T>,
    ) -> Option<T> {
        let open = self.open().await?;
        match work(&open.connection).await {
            Ok(done) => Some(done),
            Err(error) => {
                self.failed(Some(open.number), &error);
                None
            }
        }
    }

    /// Asks Redis; while it is away, at most once in a pause.
    pub(super) async fn is_up(self: &Arc<Self>) -> bool {
        if self.probe_is_due() {
            self.probe().await;
        }
        self.with("ping", async |connection| connection.ping().await).await.is_some()
    }

    async fn open(self: &Arc<Self>) -> Option<Open> {
        if matches!(*self.state(), State::Untried) {
            self.connect_first().await;
        }
        if let State::Up(open) = &*self.state() {
            return Some(open.clone());
        }
        if self.probe_is_due() {
            let link = Arc::clone(self);
            tokio::spawn(async move { link.probe().await });
        }
        None
    }

    async fn connect_first(&self) {
        let _one_at_a_time = self.first.lock().await;
        if !matches!(*self.state(), State::Untried) {
            return;
        }
        match self.target.connect().await {
            Ok(connection) => *self.state() = State::Up(Open { connection, number: 0 }),
            Err(error) => self.failed(None, &error),
        }
    }

    /// Whether it is time to try again; whoever is told so does it.
    fn probe_is_due(&self) -> bool {
        let now = Instant::now();
        match &mut *self.state() {
            State::Away { probe_at } if *probe_at <= now => {
                *probe_at = now + PAUSE;
                true
            }
            State::Away { .. } | State::Untried | State::Up(_) => false,
        }
    }

    /// Connects anew and does what requests need: reach every primary, run a script, write. A server that answers
    /// but is loading, full or a replica is still away.
    async fn probe(&self) {
        if let Ok(connection) = self.try_out().await {
            *self.state() = State::Up(Open { connection, number: next_number() });
            tracing::info!("Redis is back: limits are counted there again");
        }
    }

    async fn try_out(&self) -> RedisResult<Connection> {
        let connection = self.target.connect().await?;
        connection.ping().await?;
        // A window of no length, so that each probe admits and therefore writes.
        let arguments = ["1", "0", "0", "1"].map(str::to_owned);
        let _counts: [i64; 4] =
            RATE.run(&connection, std::slice::from_ref(&self.probe_key), &arguments).await?;
        Ok(connection)
    }

    /// Leaves Redis alone for a pause, unless the failure is of an earlier connection.
    fn failed(&self, number: Option<u64>, error: &RedisError) {
        let mut state = self.state();
        let was_current = match &*state {
            State::Untried => true,
            State::Up(open) => Some(open.number) == number,
            State::Away { .. } => false,
        };
        if was_current {
            *state = State::Away { probe_at: Instant::now() + PAUSE };
            // Not the error itself: its text may hold addresses and what the server said.
            tracing::warn!(kind = ?error.kind(), "Redis is away: each node counts limits by itself");
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Numbers connections from 1; the first one of a link is 0.
fn next_number() -> u64 {
    static LAST: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    LAST.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1
}
