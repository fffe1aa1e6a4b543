//! Locks against guessing: asked before a password is checked, and kept in Postgres once the limiter's counts reach them.
//!
//! The limiter tells the attempt that reaches a lock, and then its node may die, or Postgres be away; a lock reached by abandoned
//! attempts is told to nobody. So whoever meets a lock that Postgres doesn't know writes it.

use chrono::{DateTime, Duration, Utc};
use devauth_aggregates::{User, UserCommand, UserError, UserId};
use devauth_projections::event_log::Actor;
use devauth_projections::login_failures::{Reason, What};
use devauth_projections::login_locks::{self, Lock};
use devauth_projections::{Write, sessions, users};

use super::{Try, forget_failures};
use crate::commands::{CommandError, Outcome};
use crate::http::error::{ApiError, ErrorCode};
use crate::limits::{Failure, Known, Network, Reservation};
use crate::telemetry::SecurityEvent;

/// How long an address that logged in is not shut out by the protection of the account.
const KNOWN_FOR: Duration = Duration::days(30);
/// More than the clocks of two nodes differ.
const CLOCKS_DIFFER: Duration = Duration::minutes(1);

/// A lock that the limiter tells of.
struct Reached<'a> {
    /// For whom; empty if the whole account is protected.
    network: &'a str,
    /// When the failure came that reached it.
    at: DateTime<Utc>,
    until: DateTime<Utc>,
}

impl<'a> Reached<'a> {
    /// Whatever the limiter says, it was not reached later than now: a Redis that somebody else writes to can't lock for good.
    fn new(network: &'a str, until: DateTime<Utc>, holds: Duration, now: DateTime<Utc>) -> Self {
        let until = until.min(now + CLOCKS_DIFFER + holds);
        Reached { network, at: until - holds, until }
    }
}

impl Try<'_> {
    /// Locks in Postgres first, which outlive Redis; then the count.
    pub(super) async fn reserve(&self) -> Result<(), ApiError> {
        let now = self.app.clock.now();
        let (locked, protected) = login_locks::get(&self.app.pool, &self.row(&self.network), now).await?;
        if let Some(until) = locked {
            return Err(self.locked(until));
        }
        let mut known = match protected {
            Some(until) => self.require_known(until, now).await?,
            None => Known::Unknown,
        };
        let mut forgotten = false;
        loop {
            let reservation = self.app.limiter.reserve(&self.attempt, self.app.clock.now(), known).await;
            // Later than before: it may have waited for others of its pair, one of which reached the lock.
            let now = self.app.clock.now();
            let lock = match reservation {
                Reservation::Granted => return Ok(()),
                // No failure of anybody's: nothing is recorded.
                Reservation::Undecided { until } => {
                    let wait = (until - now).to_std().unwrap_or_default();
                    return Err(ApiError::new(ErrorCode::Busy).retry_after(wait));
                }
                Reservation::Locked { until } => self.pair(until, now),
                Reservation::Protected { until } => self.everywhere(until, now),
            };
            if !self.keep(&lock, self.owner().await?, now).await? && !forgotten {
                // Once: a lock that is found after that was reached since.
                forget_failures(self.app, &self.account).await;
                forgotten = true;
            } else if lock.network.is_empty() {
                known = self.require_known(lock.until, now).await?;
            } else {
                return Err(self.locked(lock.until));
            }
        }
    }

    /// Keeps what a failure brought about.
    pub(super) async fn keep_reached(
        &self,
        failure: Failure,
        user: Option<UserId>,
        now: DateTime<Utc>,
    ) -> Result<(), ApiError> {
        let pair = failure.locked_until.map(|until| self.pair(until, now));
        let everywhere = failure.protected_until.map(|until| self.everywhere(until, now));
        for lock in [pair, everywhere].into_iter().flatten() {
            // One that doesn't stand is forgotten by the next try.
            self.keep(&lock, user, now).await?;
        }
        Ok(())
    }

    fn pair(&self, until: DateTime<Utc>, now: DateTime<Utc>) -> Reached<'_> {
        Reached::new(&self.network, until, self.app.limiter.lock_holds(), now)
    }

    fn everywhere(&self, until: DateTime<Utc>, now: DateTime<Utc>) -> Reached<'_> {
        Reached::new("", until, self.app.limiter.protection_holds(), now)
    }

    fn row<'a>(&'a self, network: &'a str) -> Lock<'a> {
        Lock { application: self.application.id, address: &self.account.address, network }
    }

    fn locked(&self, until: DateTime<Utc>) -> ApiError {
        self.refusal(ErrorCode::AccountLocked, Reason::AccountLocked, until)
    }

    async fn owner(&self) -> Result<Option<UserId>, ApiError> {
        let found = users::for_login(&self.app.pool, self.application.id, &self.account.address).await?;
        Ok(found.map(|(user, _)| user.id))
    }

    /// A protected account still admits addresses from which it was logged in to lately.
    async fn require_known(&self, until: DateTime<Utc>, now: DateTime<Utc>) -> Result<Known, ApiError> {
        let owner = self.owner().await?;
        let addresses = match owner {
            Some(owner) => {
                let since = now - KNOWN_FOR;
                sessions::client_addresses(&self.app.pool, self.application.id, owner, since).await?
            }
            None => Vec::new(),
        };
        let network_of = |text: &String| text.parse().ok().map(|address| Network::of(address).to_string());
        if addresses.iter().filter_map(network_of).any(|network| network == self.network) {
            Ok(Known::Yes)
        } else {
            self.failed(Reason::AccountProtected, owner);
            Err(self.later(ErrorCode::AccountProtected, until))
        }
    }

    /// Keeps a lock in Postgres, and answers whether it stands: one that was reached before the owner's last reset, or that is of
    /// somebody who was erased a moment ago, does not.
    ///
    /// It is in the audit log once, however many find it missing: by its event, or, while an earlier lock of the owner holds or if
    /// nobody has the address, as a row beside the failures.
    async fn keep(
        &self,
        lock: &Reached<'_>,
        owner: Option<UserId>,
        now: DateTime<Utc>,
    ) -> Result<bool, ApiError> {
        let recorded = match owner {
            Some(user) => match self.record(lock, user, now).await {
                Ok(outcome) => outcome.changed,
                Err(CommandError::Refused(UserError::ResetSince)) => return Ok(false),
                Err(error) if error.user_is_gone() => return Ok(false),
                Err(error) => return Err(error.into()),
            },
            None => false,
        };
        let line = || SecurityEvent::new("locked").user_if_known(self.person(owner).as_ref()).log();
        if recorded {
            line();
        } else if login_locks::put(&self.app.pool, &self.row(lock.network), lock.until).await? {
            line();
            self.note(What::Locked, owner);
        }
        Ok(true)
    }

    /// The event and the row, in one transaction; neither while an earlier lock of the user holds.
    async fn record(
        &self,
        lock: &Reached<'_>,
        user: UserId,
        now: DateTime<Utc>,
    ) -> Result<Outcome<User>, CommandError<UserError>> {
        let context = self.app.context(self.application.id, Actor::Anonymous, Some(user), self.request);
        let command = UserCommand::LockLogin { reached: lock.at, until: lock.until, now };
        let row = |_: &User| {
            vec![Write::Lock {
                application: self.application.id,
                address: self.account.address,
                network: lock.network.to_owned(),
                until: lock.until,
            }]
        };
        self.app.commands.execute::<User>(user, command, &context, row).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_that_redis_makes_up_is_for_no_longer_than_one_holds() {
        let (now, holds) = (DateTime::UNIX_EPOCH, Duration::minutes(15));
        let reached = |until| {
            let lock = Reached::new("192.0.2.1", now + until, holds, now);
            (lock.at - now, lock.until - now)
        };

        assert_eq!(reached(Duration::minutes(3)), (Duration::minutes(-12), Duration::minutes(3)));
        assert_eq!(reached(Duration::days(36_500)), (CLOCKS_DIFFER, CLOCKS_DIFFER + holds));
    }
}
