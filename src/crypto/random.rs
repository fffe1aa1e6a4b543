//! The only source of randomness in this crate: the generator of aws-lc, seeded by the operating system.

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Has the generator gather its entropy beside whatever comes next. It measures the processor's jitter for that, thirty
/// milliseconds in which a start would wait.
pub fn prepare() {
    // Who can't have a thread waits a little.
    let _not_now = std::thread::Builder::new().name("entropy".to_owned()).spawn(|| fill(&mut [0]));
}

/// Fills `bytes` with unpredictable values.
pub fn fill(bytes: &mut [u8]) {
    aws_lc_rs::rand::fill(bytes).expect("aws-lc aborts rather than run without entropy");
}

/// 256 unpredictable bits.
pub fn token256() -> [u8; 32] {
    let mut bytes = [0; 32];
    fill(&mut bytes);
    bytes
}

/// A new UUIDv7 (RFC 9562, 5.7) for the moment `now`, to the millisecond; moments before 1970 count as 1970.
///
/// Ids of one millisecond are in no particular order: whatever needs an order has a sequence number.
pub fn uuid_v7(now: DateTime<Utc>) -> Uuid {
    let mut random = [0; 10];
    fill(&mut random);
    let millis = u64::try_from(now.timestamp_millis()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

/// `N` characters of `0-9A-Za-z`, each equally likely: 5.95 bits a character.
pub(super) fn base62<const N: usize>() -> String {
    const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    // Bytes from here on are thrown away, or the first characters of the alphabet would come up more often.
    const UNBIASED: u8 = 248;
    let mut text = String::with_capacity(N);
    while text.len() < N {
        let mut bytes = zeroize::Zeroizing::new([0; N]);
        fill(bytes.as_mut());
        let usable = bytes.iter().filter(|byte| **byte < UNBIASED).take(N - text.len());
        text.extend(usable.map(|byte| char::from(ALPHABET[usize::from(byte % 62)])));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_two_tokens_are_alike() {
        let tokens: HashSet<[u8; 32]> = (0..1000).map(|_| token256()).collect();
        assert_eq!(tokens.len(), 1000);
    }

    #[test]
    fn uuids_carry_version_variant_and_the_given_moment() {
        let now = DateTime::from_timestamp_millis(1_645_557_742_000).unwrap();
        let id = uuid_v7(now);
        assert_eq!(id.get_version_num(), 7);
        assert_eq!(id.get_variant(), uuid::Variant::RFC4122);
        // The timestamp of RFC 9562, appendix A.6.
        assert!(id.to_string().starts_with("017f22e2-79b0-7"));
        assert_ne!(id, uuid_v7(now));
        assert!(
            uuid_v7(DateTime::UNIX_EPOCH - chrono::Duration::days(1))
                .to_string()
                .starts_with("00000000-0000-7")
        );
    }

    #[test]
    fn base62_uses_its_whole_alphabet_evenly() {
        let mut seen = std::collections::HashMap::new();
        for character in (0..2000).flat_map(|_| base62::<43>().into_bytes()) {
            *seen.entry(character).or_insert(0_u32) += 1;
        }
        assert_eq!(seen.len(), 62);
        // 86,000 characters: 1387 of each expected, and 37 is one standard deviation.
        assert!(seen.values().all(|count| (1100..1700).contains(count)), "{seen:?}");
    }
}
