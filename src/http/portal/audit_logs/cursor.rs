//! A place in the audit log, as clients carry it from page to page without looking into it.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::DateTime;
use devauth_projections::audit_log::Place;
use uuid::Uuid;

use crate::http::query::is_ordinary;

/// The last entry of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor(pub Place);

/// Something that was never a cursor.
#[derive(Debug)]
pub struct NotACursor;

impl fmt::Display for Cursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place { occurred_at, id } = self.0;
        let bytes = [&occurred_at.timestamp_micros().to_be_bytes()[..], id.as_bytes()].concat();
        formatter.write_str(&BASE64_URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl FromStr for Cursor {
    type Err = NotACursor;

    fn from_str(text: &str) -> Result<Self, NotACursor> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_not_base64| NotACursor)?;
        let (micros, id) = bytes.split_first_chunk().ok_or(NotACursor)?;
        let occurred_at = DateTime::from_timestamp_micros(i64::from_be_bytes(*micros)).ok_or(NotACursor)?;
        // Nothing is recorded outside, and not every moment that fits in the bytes is one to Postgres.
        if !is_ordinary(occurred_at) {
            return Err(NotACursor);
        }
        let id = Uuid::from_slice(id).map_err(|_wrong_length| NotACursor)?;
        Ok(Cursor(Place { occurred_at, id }))
    }
}

#[cfg(test)]
mod fuzz {
    use devauth_aggregates::{ApplicationId, UserId};
    use proptest::prelude::*;

    use super::*;
    use crate::http::portal::page::parse_cursor;

    /// Nearly ids.
    fn id() -> impl Strategy<Value = String> {
        prop_oneof![
            any::<String>(),
            "(app|usr|USR)_?[0-9A-Za-z]{25,27}",
            "(app|usr)_[0-7][0-9a-hjkmnp-tv-z]{25}"
        ]
    }

    proptest! {
        #[test]
        fn a_place_has_one_spelling(text in prop_oneof![any::<String>(), "[0-9A-Za-z_-]{31,33}=?"]) {
            if let Ok(cursor) = text.parse::<Cursor>() {
                prop_assert_eq!(cursor.to_string(), text);
            }
        }

        #[test]
        fn an_id_as_a_cursor_has_one_spelling(text in id()) {
            if let Ok(id) = parse_cursor::<UserId>(&text) {
                prop_assert_eq!(id.to_string(), text.clone());
            }
            if let Ok(id) = parse_cursor::<ApplicationId>(&text) {
                prop_assert_eq!(id.to_string(), text);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_back_to_its_place_and_nothing_else_does() {
        let occurred_at = DateTime::from_timestamp_micros(1_790_000_000_123_456).unwrap();
        let cursor = Cursor(Place { occurred_at, id: Uuid::from_u128(7) });
        let text = cursor.to_string();

        assert_eq!(text.parse::<Cursor>().unwrap(), cursor);
        for wrong in ["", "nonsense", "aud_01ja3vks5re0b8n1q2s4t6v8wx", &text[1..], &format!("{text}AAAA")] {
            assert!(wrong.parse::<Cursor>().is_err(), "{wrong}");
        }
        let moment = |micros: i64| [&micros.to_be_bytes()[..], &[0; 16]].concat();
        let first = DateTime::parse_from_rfc3339("0000-01-01T00:00:00Z").unwrap().timestamp_micros();
        let last = DateTime::parse_from_rfc3339("9999-12-31T23:59:59.999999Z").unwrap().timestamp_micros();
        for (micros, is_one) in [
            (first, true),
            (first - 1, false),
            (last, true),
            (last + 1, false),
            (i64::MIN, false),
            (i64::MAX, false),
        ] {
            let cursor = BASE64_URL_SAFE_NO_PAD.encode(moment(micros)).parse::<Cursor>();
            assert_eq!(cursor.is_ok(), is_one, "{micros}");
        }
    }
}
