//! One value for all events of an application, in order: written down elsewhere, it shows later whether they are still those.

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// SHA-256 over the name of this format, the application, and the position and the hash of each event in order.
///
/// So an earlier digest is that of a beginning of what is digested later.
#[derive(Debug, Clone)]
pub struct Digest(Sha256);

impl Digest {
    /// The digest of no events yet. The log of all applications has the nil UUID.
    #[must_use]
    pub fn new(application: Uuid) -> Self {
        Digest(Sha256::new_with_prefix(b"devauth-events-1").chain_update(application.as_bytes()))
    }

    /// Takes the next event.
    pub fn add(&mut self, position: i64, event_hash: &[u8]) {
        self.0.update(position.to_be_bytes());
        self.0.update(event_hash);
    }

    /// The digest of the events up to now, in hexadecimal.
    #[must_use]
    pub fn hex(&self) -> String {
        hex(&self.0.clone().finalize())
    }
}

/// Bytes in lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes of lower-case hexadecimal, and of nothing else.
pub(super) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text
        .bytes()
        .map(|digit| match digit {
            b'0'..=b'9' => Some(digit - b'0'),
            b'a'..=b'f' => Some(digit - b'a' + 10),
            _ => None,
        })
        .collect::<Option<_>>()?;
    digits.len().is_multiple_of(2).then(|| digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The format is for ever: this digest was computed once and must never be edited.
    #[test]
    fn the_digest_of_known_events_never_changes() {
        let mut digest = Digest::new(Uuid::from_u128(2));
        digest.add(5, &[1; 32]);
        digest.add(9, &[2; 32]);
        assert_eq!(digest.hex(), "c567fa05790a6a38353adc0f562bb2996644a8adb679a7181797c59c188d964a");
    }

    #[test]
    fn application_position_hash_and_order_count() {
        let of = |application: u128, events: &[(i64, u8)]| {
            let mut digest = Digest::new(Uuid::from_u128(application));
            events.iter().for_each(|(position, hash)| digest.add(*position, &[*hash; 32]));
            digest.hex()
        };
        let original = of(2, &[(5, 1), (9, 2)]);
        for other in [
            of(3, &[(5, 1), (9, 2)]),
            of(2, &[(6, 1), (9, 2)]),
            of(2, &[(5, 1), (9, 3)]),
            of(2, &[(9, 2), (5, 1)]),
            of(2, &[(5, 1)]),
        ] {
            assert_ne!(other, original);
        }
    }

    #[test]
    fn hexadecimal_is_lower_case_both_ways() {
        assert_eq!(unhex(&hex(&[0, 171, 255])), Some(vec![0, 171, 255]));
        assert_eq!((unhex("AB"), unhex("abc"), unhex("0x"), unhex("é")), (None, None, None, None));
    }
}
