//! What is known of one environment variable, and which values it takes.

use std::fmt;
use std::time::Duration;

use super::duration;

/// One environment variable.
#[derive(Debug)]
pub struct Variable {
    /// Its name in the environment.
    pub name: &'static str,
    /// What it is when it is not set, written as its user would.
    pub default: Option<&'static str>,
    /// `serve` does not start without it.
    pub required: bool,
    /// Its value may be in a file instead, named by the variable with `_FILE` appended.
    pub from_file: bool,
    /// The values it takes.
    pub accepts: Accepts,
    /// A value, as it stands in `.env.example`.
    pub example: &'static str,
    /// What it does.
    pub meaning: &'static str,
}

/// The values a variable takes; written out by `Display` to stand after "must be".
#[derive(Debug, Clone, Copy)]
pub enum Accepts {
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A whole number in these bounds, both included.
    Count {
        /// The smallest.
        min: u32,
        /// The largest.
        max: u32,
    },
    /// A length of time in these bounds, both included.
    Duration {
        /// The shortest.
        min: Duration,
        /// The longest.
        max: Duration,
    },
    /// What these words say.
    Words(&'static str),
}

impl Variable {
    /// The name of the variable that may name a file with the value.
    #[must_use]
    pub fn file_name(&self) -> String {
        format!("{}_FILE", self.name)
    }
}

impl Accepts {
    /// Whether `value` is a length of time in bounds.
    pub(super) fn duration(self, value: Duration) -> bool {
        matches!(self, Self::Duration { min, max } if (min..=max).contains(&value))
    }

    /// Whether `value` is a number in bounds.
    pub(super) fn count(self, value: u32) -> bool {
        matches!(self, Self::Count { min, max } if (min..=max).contains(&value))
    }
}

impl fmt::Display for Accepts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Choice(words) => write!(f, "one of {}", words.join(", ")),
            Self::Count { min, max } => write!(f, "a whole number from {min} to {max}"),
            Self::Duration { min, max } => {
                write!(f, "a length of time from {} to {}", duration::render(*min), duration::render(*max))
            }
            Self::Words(words) => f.write_str(words),
        }
    }
}
