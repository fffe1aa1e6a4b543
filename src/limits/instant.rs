//! Moments and lengths of time as whole microseconds: the form in which they are compared here and in Lua.

use chrono::{DateTime, Utc};
use std::time::Duration;

/// Microseconds since 1970. Up to 2^53 such a number is exact in Lua, whose numbers are doubles.
pub(super) type Micros = i64;

/// No length of time is longer than this (about 95 years), so that no sum leaves the exact range.
const LONGEST: Micros = 3_000_000_000_000_000;

pub(super) fn moment(at: DateTime<Utc>) -> Micros {
    at.timestamp_micros()
}

pub(super) fn length(duration: Duration) -> Micros {
    Micros::try_from(duration.as_micros()).map_or(LONGEST, |micros| micros.min(LONGEST))
}

pub(super) fn date(at: Micros) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(at).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// The time from `now` until `at`, zero when that has passed.
pub(super) fn until(at: Micros, now: Micros) -> Duration {
    Duration::from_micros(u64::try_from(at - now).unwrap_or(0))
}
