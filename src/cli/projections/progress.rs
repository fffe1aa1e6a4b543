//! Progress and time left, on a terminal; anything else is spared of it.

use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use devauth_projections::catalog::Model;
use devauth_projections::rebuild::{Progress, Stage};

/// How often the line is written anew.
const EVERY: Duration = Duration::from_millis(100);
/// Back to the beginning of the line, and nothing in it.
const CLEAR: &str = "\r\x1b[K";

/// The line that tells how far one model has come. It is gone when this is dropped.
pub(super) struct Line {
    model: Model,
    shown: bool,
    stage: Option<(Stage, Instant)>,
    written: Option<Instant>,
}

impl Line {
    pub(super) fn of(model: Model) -> Self {
        Line { model, shown: std::io::stderr().is_terminal(), stage: None, written: None }
    }

    /// Tells of progress, not too often.
    pub(super) fn show(&mut self, progress: Progress) {
        let now = Instant::now();
        let since = match self.stage {
            Some((stage, since)) if stage == progress.stage => since,
            Some(_) | None => {
                self.stage = Some((progress.stage, now));
                self.written = None;
                now
            }
        };
        if !self.shown || self.written.is_some_and(|written| now - written < EVERY) {
            return;
        }
        self.written = Some(now);
        // A terminal that is gone is no reason to stop.
        let _ =
            write!(std::io::stderr(), "{CLEAR}{}: {}", self.model.name(), describe(progress, now - since));
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.written.is_some() {
            let _ = write!(std::io::stderr(), "{CLEAR}");
        }
    }
}

/// What is done for how long, and how long it will take.
fn describe(Progress { stage, done, total }: Progress, elapsed: Duration) -> String {
    let unit = match stage {
        Stage::Preparing => return "preparing".to_owned(),
        Stage::CatchingUp => return format!("catching up ({done} events read)"),
        Stage::Exchanging => return "waiting for the moment to exchange".to_owned(),
        Stage::Locked | Stage::Exchanged => return "exchanging".to_owned(),
        Stage::Building => "events",
        Stage::Comparing => "rows",
    };
    let verb = if stage == Stage::Building { "building" } else { "comparing" };
    // The number is an estimate, and may be too small.
    if total <= done {
        return format!("{verb}, {done} {unit}");
    }
    let line = format!("{verb}, {done} of about {total} {unit}, {} %", done * 100 / total);
    let seconds = elapsed.as_secs_f64();
    if done == 0 || seconds < 1.0 {
        return line;
    }
    let rate = done as f64 / seconds;
    format!("{line}, {rate:.0} a second, {} left", span((total - done) as f64 / rate))
}

fn span(seconds: f64) -> String {
    let seconds = seconds.ceil() as u64;
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3_600, seconds % 3_600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(stage: Stage, done: u64, total: u64, seconds: u64) -> String {
        describe(Progress { stage, done, total }, Duration::from_secs(seconds))
    }

    #[test]
    fn it_tells_how_much_is_left_as_soon_as_it_can_know() {
        assert_eq!(line(Stage::Building, 0, 500, 5), "building, 0 of about 500 events, 0 %");
        assert_eq!(
            line(Stage::Building, 2_000, 1_000_000, 2),
            "building, 2000 of about 1000000 events, 0 %, 1000 a second, 16 min 38 s left"
        );
        assert_eq!(
            line(Stage::Comparing, 50, 100, 10),
            "comparing, 50 of about 100 rows, 50 %, 5 a second, 10 s left"
        );
        assert!(line(Stage::Building, 1, 10_000, 1).ends_with("2 h 46 min left"));
        assert_eq!(line(Stage::Building, 600, 500, 9), "building, 600 events");
        assert_eq!(line(Stage::Exchanging, 600, 600, 9), "waiting for the moment to exchange");
    }
}
