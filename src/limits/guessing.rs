//! Guessing passwords: how many tries a pair of account and network has, and when an account is protected.
//!
//! [`account::Account`] is the rule for the counts kept in this process; `guessing.lua` is the same rule inside Redis.

pub(super) mod account;

use super::instant::{Micros, date, length};
use chrono::{DateTime, Utc};
use std::fmt;
use std::time::Duration;

/// When guessing is stopped, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockoutPolicy {
    /// Failures within `window` that lock a pair of account and network.
    pub attempts: u32,
    /// How long a failure counts.
    pub window: Duration,
    /// How long the lock lasts, from the failure that reached `attempts`.
    pub lock: Duration,
    /// Consecutive failures from anywhere, without a success between, that protect the account.
    pub protect_after: u32,
    /// How long the protection lasts after the last failure.
    pub protect_for: Duration,
}

impl Default for LockoutPolicy {
    /// Five failures in 15 minutes lock for 15 minutes; a hundred in a row protect for an hour.
    fn default() -> Self {
        const QUARTER: Duration = Duration::from_secs(15 * 60);
        Self {
            attempts: 5,
            window: QUARTER,
            lock: QUARTER,
            protect_after: 100,
            protect_for: Duration::from_secs(60 * 60),
        }
    }
}

/// One try to prove an identity with a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The application's id.
    pub application: String,
    /// A keyed hash of the canonical e-mail address, in hexadecimal; also for addresses that have no account.
    pub address: String,
    /// The client's network, as [`super::Network`] is written.
    pub network: String,
    /// Names this attempt alone. The same id given twice is the same attempt.
    pub id: String,
}

/// Hides everything but the attempt's id: the rest is about a person.
impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Whether the client's network is one from which this account was logged in to during the last 30 days.
///
/// Only a protected account asks for it, so look it up after a first [`Reservation::Protected`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// It is not, or nobody has looked yet.
    Unknown,
    /// It is: the account's protection does not shut it out.
    Yes,
}

/// Whether the password may be checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reservation {
    /// It may. The attempt counts until `fail`, `succeed` or `cancel` says how it ended; after 30 seconds
    /// without that it counts as failed.
    Granted,
    /// This pair of account and network is locked.
    Locked {
        /// When the lock ends.
        until: DateTime<Utc>,
    },
    /// All places of this pair are taken by attempts of which nobody knew yet how they end. Neither granting nor locking would be
    /// right: the client is to come again.
    Undecided {
        /// When the oldest of them would be given up.
        until: DateTime<Utc>,
    },
    /// The account is protected and the network is not known to be its owner's.
    Protected {
        /// When the protection ends, unless there are further failures.
        until: DateTime<Utc>,
    },
}

/// What a failure brought about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Failure {
    /// This failure locked the pair, until then. None also when it was locked before.
    pub locked_until: Option<DateTime<Utc>>,
    /// This failure protected the account, for the first time or again, until then.
    pub protected_until: Option<DateTime<Utc>>,
}

/// A pending attempt of this age counts as failed: its node has most likely died.
const ABANDONED_AFTER: Duration = Duration::from_secs(30);
/// Consecutive failures are forgotten this long after the last one.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// From so many networks on, an account's lapsed ones are looked for and dropped.
pub(super) const NETWORKS_BEFORE_SWEEP: usize = 64;

/// A [`LockoutPolicy`] as both implementations calculate with it.
#[derive(Clone, Copy)]
pub(super) struct Rules {
    pub(super) attempts: u32,
    pub(super) window: Micros,
    pub(super) lock: Micros,
    pub(super) protect_after: u32,
    pub(super) protect_for: Micros,
    pub(super) abandoned_after: Micros,
    pub(super) forgotten_after: Micros,
}

impl From<LockoutPolicy> for Rules {
    fn from(policy: LockoutPolicy) -> Self {
        Self {
            attempts: policy.attempts,
            window: length(policy.window),
            lock: length(policy.lock),
            protect_after: policy.protect_after,
            protect_for: length(policy.protect_for),
            abandoned_after: length(ABANDONED_AFTER),
            forgotten_after: length(FORGOTTEN_AFTER),
        }
    }
}

/// One look at the counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Granted,
    Locked {
        until: Micros,
    },
    Protected {
        until: Micros,
    },
    /// All places are taken, some by attempts of which nobody knows yet how they end: the first of them is given
    /// up for failed at `abandoned_at`. Neither granting nor refusing would be right.
    Undecided {
        abandoned_at: Micros,
    },
}

impl Verdict {
    /// The answer for the caller.
    pub(super) fn settled(self) -> Reservation {
        match self {
            Self::Granted => Reservation::Granted,
            Self::Locked { until } => Reservation::Locked { until: date(until) },
            Self::Undecided { abandoned_at } => Reservation::Undecided { until: date(abandoned_at) },
            Self::Protected { until } => Reservation::Protected { until: date(until) },
        }
    }
}

/// A [`Failure`] in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Consequence {
    pub(super) locked_until: Option<Micros>,
    pub(super) protected_until: Option<Micros>,
}

impl From<Consequence> for Failure {
    fn from(consequence: Consequence) -> Self {
        Self {
            locked_until: consequence.locked_until.map(date),
            protected_until: consequence.protected_until.map(date),
        }
    }
}
