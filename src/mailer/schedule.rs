//! When to try a mail again: three quick tries for a relay that stumbled, then ever longer pauses for one that is away.

use chrono::{DateTime, TimeDelta, Utc};

/// Pauses after the first tries, in seconds.
const QUICK: [i64; 2] = [2, 10];

/// The first of the growing pauses, in seconds; each is twice the one before.
const FIRST: i64 = 30;

/// No pause is longer, in seconds.
const LONGEST: i64 = 30 * 60;

/// How far a pause may be off, in percent either way, so that jobs which failed together don't come back together.
const SPREAD: i64 = 20;

/// When to try again after `attempts` tries, or `None` if that would be too late to be of use.
///
/// `jitter` is a random number; only its spread over all values matters.
pub fn next_try(
    attempts: u32,
    now: DateTime<Utc>,
    give_up_at: DateTime<Utc>,
    jitter: u32,
) -> Option<DateTime<Utc>> {
    let percent = 100 - SPREAD + i64::from(jitter) % (2 * SPREAD + 1);
    let next = now + TimeDelta::milliseconds(pause(attempts) * 10 * percent);
    (next < give_up_at).then_some(next)
}

/// The pause after the given number of tries, in seconds.
fn pause(attempts: u32) -> i64 {
    let tries = attempts.max(1) as usize;
    match QUICK.get(tries - 1) {
        Some(seconds) => *seconds,
        // Ten doublings of the first pause are past the longest.
        None => LONGEST.min(FIRST << (tries - QUICK.len() - 1).min(10)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The jitter that leaves a pause as it is.
    const NONE: u32 = SPREAD as u32;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    #[test]
    fn quick_tries_then_growing_pauses() {
        let pauses: Vec<_> = (1..=11).map(pause).collect();
        assert_eq!(pauses, [2, 10, 30, 60, 120, 240, 480, 960, 1800, 1800, 1800]);
    }

    #[test]
    fn three_tries_fit_into_the_first_half_minute() {
        let second = next_try(1, at(0), at(3600), u32::MAX).unwrap();
        assert!(next_try(2, second, at(3600), u32::MAX).unwrap() < at(30));
    }

    #[test]
    fn a_try_after_the_deadline_is_none() {
        assert_eq!(next_try(3, at(0), at(31), NONE), Some(at(30)));
        assert_eq!(next_try(3, at(0), at(30), NONE), None);
    }

    proptest! {
        #[test]
        fn any_count_and_jitter_stay_near_the_pause(attempts: u32, jitter: u32) {
            let waited = (next_try(attempts, at(0), at(86_400), jitter).unwrap() - at(0)).num_milliseconds();
            let pause = pause(attempts) * 1000;
            prop_assert!((pause * 8 / 10..=pause * 12 / 10).contains(&waited));
        }
    }
}
