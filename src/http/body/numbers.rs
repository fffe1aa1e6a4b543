//! Whole numbers that JSON can write and that nobody here can keep.

/// Whether a JSON text (that was read as such already) has a whole number that would come back as another: one beyond 64 bits
/// becomes the nearest double, and that shows 17 digits of it at most.
pub(super) fn has_rounded_integer(json: &[u8]) -> bool {
    let mut rest = json;
    while let Some((first, after)) = rest.split_first() {
        rest = match first {
            b'"' => after_string(after),
            b'-' | b'0'..=b'9' => {
                let end = rest.iter().position(|byte| !is_of_number(*byte)).unwrap_or(rest.len());
                let (number, after) = rest.split_at(end);
                if !comes_back(number) {
                    return true;
                }
                after
            }
            _ => after,
        };
    }
    false
}

/// What follows the end of a string, given what follows its beginning.
fn after_string(text: &[u8]) -> &[u8] {
    let mut place = 0;
    while let Some(byte) = text.get(place) {
        match byte {
            b'"' => return &text[place + 1..],
            b'\\' => place += 2,
            _ => place += 1,
        }
    }
    &[]
}

fn is_of_number(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E')
}

/// A number with a fraction or an exponent is meant to be the nearest double.
fn comes_back(number: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(number) else { return true };
    let is_double = text.contains(['.', 'e', 'E']);
    let is_64_bits = text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok();
    is_double || is_64_bits || text.parse::<f64>().is_ok_and(|nearest| nearest.to_string() == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_that_come_back_pass() {
        for json in [
            "{}",
            "[0, -0, 7, -12]",
            "[18446744073709551615, -9223372036854775808]",
            "[100000000000000000000000, -100000000000000000000]",
            "[0.1234567890123456789, 1e300, 123456789012345678901E-3]",
            r#"{"a": "18446744073709551617", "b\"18446744073709551617": "\\", "c": 1}"#,
        ] {
            assert!(!has_rounded_integer(json.as_bytes()), "{json}");
        }
    }

    #[test]
    fn whole_numbers_that_would_be_rounded_are_found_wherever_they_are() {
        for json in [
            "[18446744073709551616]",
            "[-9223372036854775809]",
            r#"{"a": {"b": [1, "", {"c":100000000000000000000001}]}}"#,
            r#"{"\\": 18446744073709551617}"#,
        ] {
            assert!(has_rounded_integer(json.as_bytes()), "{json}");
        }
    }
}
