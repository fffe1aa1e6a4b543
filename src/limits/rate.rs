//! The request rate: an exact sliding window.
//!
//! [`SlidingWindow`] is the rule for the counts kept in this process; `rate.lua` is the same rule inside Redis.

use super::instant::{Micros, until};
use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

/// What a request is counted against.
#[derive(Clone, PartialEq, Eq)]
pub struct Bucket {
    /// Names the bucket, e.g. `key:key_01…`, or `key_01…:192.0.2.1` for a publishable key.
    pub key: String,
    /// How many requests are admitted within any `window`.
    pub limit: u32,
    /// The length of the window.
    pub window: Duration,
}

/// Hides the key: it may hold a client address.
impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bucket")
            .field("limit", &self.limit)
            .field("window", &self.window)
            .finish_non_exhaustive()
    }
}

/// The answer to one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admission {
    /// Whether the request may go on. A refused one has not been counted.
    pub allowed: bool,
    /// The bucket's limit.
    pub limit: u32,
    /// How many more requests would be admitted right now.
    pub remaining: u32,
    /// Time until the oldest counted request leaves the window, which gives one place back.
    pub reset: Duration,
    /// Time until a request would be admitted again; zero when this one was. Round up when writing whole seconds.
    pub retry_after: Duration,
}

/// What both implementations find out: the counted requests after the decision, the oldest of them, and the one
/// that has to leave before another is admitted (the oldest too, unless the limit was lowered meanwhile).
pub(super) struct Count {
    pub(super) allowed: bool,
    pub(super) counted: usize,
    pub(super) oldest: Option<Micros>,
    pub(super) blocking: Option<Micros>,
}

impl Count {
    pub(super) fn admission(&self, limit: u32, window: Micros, now: Micros) -> Admission {
        let leaves = |at: Option<Micros>| at.map_or(Duration::ZERO, |at| until(at + window, now));
        let counted = u32::try_from(self.counted).unwrap_or(u32::MAX);
        let retry_after = match (self.allowed, self.blocking) {
            (true, _) => Duration::ZERO,
            (false, Some(at)) => leaves(Some(at)),
            // Only a limit of zero refuses with nothing counted; nothing will ever leave.
            (false, None) => until(now + window, now),
        };
        Admission {
            allowed: self.allowed,
            limit,
            remaining: limit.saturating_sub(counted),
            reset: if self.oldest.is_some() { leaves(self.oldest) } else { retry_after },
            retry_after,
        }
    }
}

/// The times of the requests admitted within the last window, oldest first.
#[derive(Default)]
pub(super) struct SlidingWindow {
    admitted: VecDeque<Micros>,
    window: Micros,
}

impl SlidingWindow {
    /// Admits and counts a request at `now`, or refuses it. A request of time `t` counts until just before
    /// `t + window`.
    pub(super) fn admit(&mut self, limit: u32, window: Micros, now: Micros) -> Admission {
        self.window = window;
        while self.admitted.front().is_some_and(|at| at + window <= now) {
            self.admitted.pop_front();
        }
        let limit_of_log = usize::try_from(limit).unwrap_or(usize::MAX);
        let allowed = self.admitted.len() < limit_of_log;
        if allowed {
            // Callers may overtake each other between reading the clock and coming here.
            let place = self.admitted.partition_point(|at| *at <= now);
            self.admitted.insert(place, now);
        }
        let blocking = self.admitted.len().checked_sub(limit_of_log).and_then(|i| self.admitted.get(i));
        let count = Count {
            allowed,
            counted: self.admitted.len(),
            oldest: self.admitted.front().copied(),
            blocking: blocking.copied(),
        };
        count.admission(limit, window, now)
    }

    /// Whether nothing counts any more at `now`.
    pub(super) fn is_over(&self, now: Micros) -> bool {
        self.admitted.back().is_none_or(|at| at + self.window <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_window_anywhere_holds_more_than_the_limit(
            limit in 0_u32..6, window in 1_i64..50, steps in proptest::collection::vec(0_i64..12, 1..200),
        ) {
            let mut log = SlidingWindow::default();
            let mut now = 1_000;
            let mut admitted: Vec<Micros> = Vec::new();
            for step in steps {
                now += step;
                let in_window = admitted.iter().filter(|at| **at > now - window).count();
                let answer = log.admit(limit, window, now);
                prop_assert_eq!(answer.allowed, in_window < limit as usize);
                if answer.allowed {
                    admitted.push(now);
                }
            }
        }
    }

    #[test]
    fn after_the_limit_was_lowered_enough_requests_have_to_leave() {
        let mut log = SlidingWindow::default();
        for at in 0..5 {
            assert!(log.admit(5, 100, at).allowed);
        }
        let refused = log.admit(2, 100, 10);
        assert!(!refused.allowed);
        assert_eq!(refused.retry_after, Duration::from_micros(93), "the requests of 0 to 3 have to leave");
        assert!(!log.admit(2, 100, 102).allowed);
        assert!(log.admit(2, 100, 103).allowed);
    }

    #[test]
    fn an_empty_or_left_window_is_over() {
        let mut log = SlidingWindow::default();
        assert!(log.is_over(0));
        log.admit(5, 100, 0);
        assert!(!log.is_over(99));
        assert!(log.is_over(100));
    }
}
