//! How far a long command has come: one line on a terminal, which is rewritten; nothing anywhere else.

use std::io::{IsTerminal as _, Write as _, stderr};
use std::time::{Duration, Instant};

/// How often the line is rewritten at most.
const PAUSE: Duration = Duration::from_millis(100);

/// The line on stderr. Gone when dropped.
pub(super) struct Progress {
    what: &'static str,
    started: Instant,
    shown: Option<Instant>,
    enabled: bool,
}

impl Progress {
    /// Of something that `what` counts.
    pub(super) fn of(what: &'static str) -> Self {
        Progress { what, started: Instant::now(), shown: None, enabled: stderr().is_terminal() }
    }

    /// Shows how much is done of all there is to do.
    pub(super) fn show(&mut self, done: u64, total: u64) {
        if !self.enabled || self.shown.is_some_and(|shown| shown.elapsed() < PAUSE) {
            return;
        }
        self.shown = Some(Instant::now());
        let line = line(self.what, done, total, self.started.elapsed());
        // Who can't be shown how far it is gets the answer all the same.
        let _ = write!(stderr(), "\r\x1b[K{line}");
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown.is_some() {
            let _ = write!(stderr(), "\r\x1b[K");
        }
    }
}

fn line(what: &str, done: u64, total: u64, elapsed: Duration) -> String {
    let counted = format!("{} of {} {what}", grouped(done), grouped(total));
    // The first moments say nothing about the rest.
    if done == 0 || elapsed < Duration::from_secs(1) {
        return counted;
    }
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    let left = elapsed.as_secs_f64() * (total.saturating_sub(done) as f64 / done as f64);
    format!("{counted}, {left:.0} s left")
}

/// A number as people read it: `1,234,567`.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_and_the_rest_is_estimated() {
        let seconds = Duration::from_secs;
        assert_eq!(line("events", 5, 1_200, seconds(0)), "5 of 1,200 events");
        assert_eq!(line("events", 250, 1_000, seconds(10)), "250 of 1,000 events, 30 s left");
        assert_eq!(["0", "999", "1,000", "1,234,567"], [0, 999, 1_000, 1_234_567].map(grouped));
    }
}
