//! The time: the database's, carried on by this process's monotonic clock. So all nodes agree on stored deadlines however
//! their own clocks are set, and asking costs no round trip. The only reader of the time; tests move it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use chrono::{DateTime, Duration, DurationRound as _, Utc};
use devauth_projections::{Error, Pool, cluster};

/// A clock that all parts of a node share.
#[derive(Debug, Clone)]
pub struct Clock(Arc<Mutex<Reading>>);

#[derive(Debug, Clone, Copy)]
struct Reading {
    taken: Instant,
    time: DateTime<Utc>,
    advanced: Duration,
}

impl Clock {
    /// A clock set by this machine, until [`Clock::synchronise`] sets it by the database.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the system's clock")]
    pub fn system() -> Self {
        Clock(Arc::new(Mutex::new(Reading {
            taken: Instant::now(),
            time: Utc::now(),
            advanced: Duration::zero(),
        })))
    }

    /// Now, to the microsecond (what Postgres stores).
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        let reading = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let elapsed = Duration::from_std(reading.taken.elapsed()).unwrap_or_default();
        let now = reading.time + elapsed + reading.advanced;
        now.duration_trunc(Duration::microseconds(1)).unwrap_or(now)
    }

    /// Sets the clock by the database; half the round trip is taken for the way back.
    ///
    /// # Errors
    /// Postgres is away; the clock goes on as it was.
    pub async fn synchronise(&self, pool: &Pool) -> Result<(), Error> {
        let asked = Instant::now();
        let time = cluster::time(pool).await?;
        let way_back = asked.elapsed() / 2;
        let mut reading = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        reading.taken = asked + way_back;
        reading.time = time;
        Ok(())
    }

    /// Moves the clock forward: for tests, which never wait for time to pass.
    pub fn advance(&self, by: Duration) {
        let mut reading = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        reading.advanced += by;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_advanced_clock_is_ahead_for_everybody_who_shares_it() {
        let clock = Clock::system();
        let shared = clock.clone();
        let before = clock.now();

        shared.advance(Duration::minutes(15));

        assert!(clock.now() - before >= Duration::minutes(15));
        assert_eq!(clock.now().timestamp_subsec_nanos() % 1_000, 0);
    }
}
