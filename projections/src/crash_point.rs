//! Named places at which a test lets the process die: between any two steps that must not be torn apart. Debug builds alone
//! have them; in a release build nothing is left.

/// Dies here, without any ado, if the variable `CRASH_AT` names this place (`name`, or `name@3`: the third time).
#[cfg(debug_assertions)]
pub fn reached(name: &str) {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering};

    static ARMED: OnceLock<Option<(String, u32)>> = OnceLock::new();
    static REACHED: AtomicU32 = AtomicU32::new(0);

    let armed = ARMED.get_or_init(|| {
        let armed = std::env::var("CRASH_AT").ok()?;
        let (name, times) = armed.split_once('@').unwrap_or((&armed, "1"));
        Some((name.to_owned(), times.parse().ok()?))
    });
    if let Some((armed, times)) = armed
        && armed == name
        && REACHED.fetch_add(1, Ordering::Relaxed) + 1 == *times
    {
        // As abrupt as SIGKILL: no destructor runs, nothing is flushed, the kernel closes the sockets.
        std::process::abort();
    }
}

/// Nothing happens in a release build.
#[cfg(not(debug_assertions))]
#[inline(always)]
pub fn reached(_name: &str) {}
