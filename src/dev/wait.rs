use std::time::{Duration, Instant};

/// Between two looks at a condition nobody tells us about (a process that is not our child, a socket that appears).
const PAUSE: Duration = Duration::from_millis(5);

/// Asks `look` until it answers, at most for `limit`. None when time ran out.
pub(crate) fn until<T>(limit: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let started = Instant::now();
    loop {
        if let Some(found) = look() {
            return Some(found);
        }
        if started.elapsed() >= limit {
            return None;
        }
        std::thread::sleep(PAUSE);
    }
}
