//! Lengths of time as an operator writes them: a whole number and a unit, such as `15m`.

use std::time::Duration;

use super::reader::Reason;

const UNITS: [(&str, u64); 5] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

/// Reads `500ms`, `90s`, `15m`, `24h`, `7d`.
///
/// # Errors
/// Says what it must be.
pub fn parse(text: &str) -> Result<Duration, Reason> {
    let wrong = || "must be a whole number with a unit: ms, s, m, h or d, as in 15m".to_owned();
    let unit_at = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
    let (number, unit) = text.split_at(unit_at);
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let (_, milliseconds) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?;
    number.checked_mul(*milliseconds).map(Duration::from_millis).ok_or_else(wrong)
}

/// Writes a length of time in the largest unit that divides it, so that [`parse`] reads the same again.
pub(super) fn render(value: Duration) -> String {
    let milliseconds = u64::try_from(value.as_millis()).unwrap_or(u64::MAX);
    let whole = UNITS.iter().rev().find(|(_, unit)| milliseconds >= *unit && milliseconds % unit == 0);
    match whole {
        Some((name, unit)) => format!("{}{name}", milliseconds / unit),
        None => "0s".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_is_read_and_written_back() {
        for (text, milliseconds) in [
            ("500ms", 500),
            ("10s", 10_000),
            ("90s", 90_000),
            ("15m", 900_000),
            ("24h", 86_400_000),
            ("7d", 604_800_000),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_millis(milliseconds)), "{text}");
            assert_eq!(parse(&render(Duration::from_millis(milliseconds))), parse(text), "{text}");
        }
        assert_eq!(render(Duration::from_secs(900)), "15m");
        assert_eq!(render(Duration::ZERO), "0s");
    }

    #[test]
    fn what_is_not_a_length_of_time_is_refused() {
        for text in [
            "",
            "15",
            "m",
            "-1s",
            "1.5h",
            "15 m",
            "1w",
            "15M",
            "1h30m",
            "99999999999999999999d",
            "18446744073709551615d",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
