//! What becomes of a job after a try.

use chrono::{DateTime, Utc};

use super::schedule;
use super::transport::SendError;

/// The values of the metric's label `result`.
pub const RESULTS: [&str; 4] = ["sent", "retried", "dead", "cancelled"];

/// What a try came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tried {
    /// The mail was handed over.
    Sent,
    /// There was nothing to send any more.
    NotWanted,
    /// It did not work.
    Failed(SendError),
}

/// What is to be written about the job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settlement {
    /// It was done.
    Done,
    /// It is not wanted.
    Cancel,
    /// It is due again.
    Retry {
        /// When.
        at: DateTime<Utc>,
        /// Why it failed.
        code: &'static str,
    },
    /// It is given up.
    Dead {
        /// Why it failed.
        code: &'static str,
    },
}

impl Settlement {
    /// After `attempts` tries, this one included, of a job that is given up at `give_up_at`.
    pub fn after(
        tried: Tried,
        attempts: u32,
        now: DateTime<Utc>,
        give_up_at: DateTime<Utc>,
        jitter: u32,
    ) -> Self {
        match tried {
            Tried::Sent => Self::Done,
            Tried::NotWanted => Self::Cancel,
            Tried::Failed(SendError { code, permanent: true }) => Self::Dead { code },
            Tried::Failed(SendError { code, permanent: false }) => {
                match schedule::next_try(attempts, now, give_up_at, jitter) {
                    Some(at) => Self::Retry { at, code },
                    None => Self::Dead { code },
                }
            }
        }
    }

    /// The value of the metric's label `result`.
    pub fn result(self) -> &'static str {
        match self {
            Self::Done => "sent",
            Self::Cancel => "cancelled",
            Self::Retry { .. } => "retried",
            Self::Dead { .. } => "dead",
        }
    }

    /// Why the try failed.
    pub fn code(self) -> Option<&'static str> {
        match self {
            Self::Done | Self::Cancel => None,
            Self::Retry { code, .. } | Self::Dead { code } => Some(code),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn after(tried: Tried, attempts: u32, left: i64) -> Settlement {
        let now = DateTime::UNIX_EPOCH;
        Settlement::after(tried, attempts, now, now + TimeDelta::seconds(left), 20)
    }

    #[test]
    fn what_worked_or_is_not_wanted_ends() {
        assert_eq!(after(Tried::Sent, 1, 60), Settlement::Done);
        assert_eq!(after(Tried::NotWanted, 1, 60), Settlement::Cancel);
    }

    #[test]
    fn trouble_is_tried_again_until_it_is_too_late() {
        let tried = Tried::Failed(SendError::TIMEOUT);
        let at = DateTime::UNIX_EPOCH + TimeDelta::seconds(10);
        assert_eq!(after(tried, 2, 60), Settlement::Retry { at, code: "smtp_timeout" });
        assert_eq!(after(tried, 2, 10), Settlement::Dead { code: "smtp_timeout" });
    }

    #[test]
    fn a_refusal_for_good_is_not_tried_again() {
        let tried = Tried::Failed(SendError::REJECTED);
        assert_eq!(after(tried, 1, 86_400), Settlement::Dead { code: "smtp_rejected" });
    }
}
