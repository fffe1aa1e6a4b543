//! Limits: how many requests a key may make, and how many passwords may be guessed.
//!
//! [`Limiter`] counts in Redis for all nodes together, or in this process when no Redis is configured. Redis is
//! never the only truth and never an error: while it is away each node counts by itself, by the same rules.
//!
//! | module | |
//! |---|---|
//! | `network` | what a client address counts as |
//! | `rate`, `rate.lua` | the sliding window of requests, in Rust and in Lua |
//! | `guessing`, `guessing.lua` | failed logins, locks and protection, in Rust and in Lua |
//! | `in_process` | bounded counts of this process |
//! | `redis` | the scripts' calls, and what to do when Redis is away |
//!
//! No clock is read here: every decision is made for the `now` passed in, and moments kept in Redis are compared
//! with it. (Only waiting for other attempts, and the pause after a failure of Redis, are real time.)

mod guessing;
mod in_process;
mod instant;
mod network;
mod rate;
mod redis;

pub use guessing::{Attempt, Failure, Known, LockoutPolicy, Reservation};
pub use network::Network;
pub use rate::{Admission, Bucket};

use chrono::{DateTime, TimeDelta, Utc};
use guessing::{Rules, Verdict};
use in_process::InProcess;
use instant::moment;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Decisions made by this node alone while Redis was away.
pub const REDIS_FALLBACK_TOTAL: &str = "devauth_redis_fallback_total";
/// How long an attempt waits for others of its pair to end before it is refused.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often it looks.
const LOOK_EVERY: Duration = Duration::from_millis(25);

/// A `REDIS_URL` that can't be used. The URL is never part of the message: it may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Not a URL at all.
    #[error("is not a URL")]
    NotAUrl,
    /// Another scheme than those of Redis.
    #[error("must begin with redis://, rediss:// or redis+unix://")]
    UnknownScheme,
    /// `cluster=` with another value.
    #[error("has a `cluster` parameter that is neither true nor false")]
    ClusterFlag,
    /// `timeout_ms=` with another value.
    #[error("has a `timeout_ms` parameter that is not a number from 10 to 10000")]
    Timeout,
    /// A cluster over a socket.
    #[error("names a cluster by a socket, but its nodes are only found by address")]
    ClusterBySocket,
    /// Understood as a URL, but not one that Redis knows: host, database number, differing passwords.
    #[error("is not a usable Redis URL: check host, database number and credentials")]
    Refused,
}

/// Decides what is too much. Cheap to clone; clones share their counts.
#[derive(Clone)]
pub struct Limiter {
    rules: Rules,
    patience: Duration,
    local: Arc<InProcess>,
    shared: Option<Arc<redis::SharedCounts>>,
}

impl Limiter {
    /// Counts in this process alone: for one node.
    #[must_use]
    pub fn in_process() -> Self {
        Self {
            rules: LockoutPolicy::default().into(),
            patience: PATIENCE,
            local: Arc::new(InProcess::new()),
            shared: None,
        }
    }

    /// Counts in Redis, for all nodes that use the same one with the same `prefix` (which begins every key, e.g.
    /// `devauth:`). Nothing is connected yet, so this works while Redis is away.
    ///
    /// `url` is `redis://[user][:password]@host[:port][/db]`, `rediss://…` for TLS, or
    /// `redis+unix:///path[?db=…&user=…&pass=…]`. A Redis Cluster is named by several of its nodes' URLs, separated
    /// by commas, or by one with `?cluster=true`; all nodes take the same credentials. `?timeout_ms=` (250 otherwise) says how long a
    /// request waits for Redis before this node counts by itself.
    ///
    /// # Errors
    ///
    /// When the URL can't be used.
    pub fn redis(url: &str, prefix: &str) -> Result<Self, ConfigError> {
        let shared = redis::SharedCounts::new(url, prefix)?;
        Ok(Self { shared: Some(Arc::new(shared)), ..Self::in_process() })
    }

    /// Whether [`Limiter::redis`] would take this URL; connects to nothing.
    ///
    /// # Errors
    ///
    /// When the URL can't be used.
    pub fn check_url(url: &str) -> Result<(), ConfigError> {
        redis::check(url)
    }

    /// The same limiter under another lockout policy. All nodes should have the same.
    #[must_use]
    pub fn with_lockout(self, policy: LockoutPolicy) -> Self {
        Self { rules: policy.into(), ..self }
    }

    /// The same limiter, where an attempt waits `patience` for others of its pair to end (ten seconds otherwise).
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// How long a lock holds from the failure that reached it.
    #[must_use]
    pub fn lock_holds(&self) -> TimeDelta {
        TimeDelta::microseconds(self.rules.lock)
    }

    /// How long an account is protected from its last failure.
    #[must_use]
    pub fn protection_holds(&self) -> TimeDelta {
        TimeDelta::microseconds(self.rules.protect_for)
    }

    /// Whether Redis answers; none when this limiter counts in process by configuration.
    pub async fn redis_is_up(&self) -> Option<bool> {
        match &self.shared {
            Some(shared) => Some(shared.is_up().await),
            None => None,
        }
    }

    /// Admits and counts a request, or refuses it: at most `bucket.limit` are admitted within any `bucket.window`.
    pub async fn admit(&self, bucket: &Bucket, now: DateTime<Utc>) -> Admission {
        let now = moment(now);
        if let Some(shared) = &self.shared {
            if let Some(admission) = shared.admit(bucket, now).await {
                return admission;
            }
            count_fallback();
        }
        self.local.admit(bucket, now)
    }

    /// Asks to check a password; to be called before the hash runs. Whatever is granted must be ended by
    /// [`fail`](Self::fail), [`succeed`](Self::succeed) or [`cancel`](Self::cancel).
    ///
    /// An attempt is counted before it is known how it ends, so several at once can take all places of their pair.
    /// Further ones then wait until those have ended, for ten seconds at most.
    pub async fn reserve(&self, attempt: &Attempt, now: DateTime<Utc>, known: Known) -> Reservation {
        let started = Instant::now();
        // Whoever doesn't wait is judged at `now` to the microsecond, as every other decision is.
        let mut waited = Duration::ZERO;
        loop {
            let verdict = self.look(attempt, now + waited, known).await;
            let undecided = matches!(verdict, Verdict::Undecided { .. });
            if !undecided || waited >= self.patience {
                return verdict.settled();
            }
            tokio::time::sleep(LOOK_EVERY).await;
            waited = started.elapsed();
        }
    }

    async fn look(&self, attempt: &Attempt, now: DateTime<Utc>, known: Known) -> Verdict {
        let now = moment(now);
        if let Some(shared) = &self.shared {
            if let Some(verdict) = shared.reserve(attempt, known, &self.rules, now).await {
                return verdict;
            }
            count_fallback();
        }
        self.local.reserve(attempt, known, &self.rules, now)
    }

    /// The password was wrong.
    pub async fn fail(&self, attempt: &Attempt, now: DateTime<Utc>) -> Failure {
        let now = moment(now);
        if let Some(shared) = &self.shared {
            if let Some(consequence) = shared.fail(attempt, &self.rules, now).await {
                // It may have been granted here, while Redis was away.
                self.local.cancel(attempt, &self.rules, now);
                return consequence.into();
            }
            count_fallback();
        }
        self.local.fail(attempt, &self.rules, now).into()
    }

    /// The password was right: the failures and the lock of this pair are forgotten, and the account's failures are
    /// no longer consecutive. A protection runs out by itself.
    pub async fn succeed(&self, attempt: &Attempt, now: DateTime<Utc>) {
        let now = moment(now);
        if let Some(shared) = &self.shared
            && shared.succeed(attempt, &self.rules, now).await.is_none()
        {
            count_fallback();
        }
        self.local.succeed(attempt, &self.rules, now);
    }

    /// The password was never checked, so the attempt does not count.
    pub async fn cancel(&self, attempt: &Attempt, now: DateTime<Utc>) {
        let now = moment(now);
        if let Some(shared) = &self.shared
            && shared.cancel(attempt, &self.rules, now).await.is_none()
        {
            count_fallback();
        }
        self.local.cancel(attempt, &self.rules, now);
    }

    /// A completed password reset: forgets all failures, locks and the protection of the account, from all networks.
    pub async fn clear(&self, application: &str, address: &str) {
        if let Some(shared) = &self.shared
            && shared.clear(application, address).await.is_none()
        {
            count_fallback();
        }
        self.local.clear(application, address);
    }
}

fn count_fallback() {
    metrics::counter!(REDIS_FALLBACK_TOTAL).increment(1);
}
