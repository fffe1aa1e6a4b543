//! The hash that every event carries, so that the log can be proved later.

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// Everything of an event that its hash covers besides payload and metadata.
#[derive(Debug, Clone, Copy)]
pub struct EventIdentity<'a> {
    /// Id of the event.
    pub event_id: Uuid,
    /// Application whose log it belongs to.
    pub application_id: Uuid,
    /// Type of the aggregate.
    pub aggregate_type: &'a str,
    /// The stream.
    pub aggregate_id: &'a str,
    /// Place in the stream, from 1.
    pub sequence: i64,
    /// Stored name of the event.
    pub event_type: &'a str,
    /// Version of its format.
    pub event_version: &'a str,
    /// When it was recorded, microseconds since the epoch.
    pub recorded_at: i64,
}

/// SHA-256 over the identity and the digests of the stored (sealed) payload and metadata.
///
/// Canonical bytes: a leaf prefix 0x00 (RFC 9162, so that an event can become the leaf of a Merkle tree unchanged), then each
/// part with its length before it. Payload and metadata enter as digests, so that a payload can be archived elsewhere and the
/// hash still be checked.
#[must_use]
pub fn event_hash(identity: &EventIdentity<'_>, payload: &str, metadata: &str) -> [u8; 32] {
    let mut hash = Sha256::new_with_prefix([0u8]);
    for part in [
        b"devauth-event-1".as_slice(),
        identity.event_id.as_bytes(),
        identity.application_id.as_bytes(),
        identity.aggregate_type.as_bytes(),
        identity.aggregate_id.as_bytes(),
        &identity.sequence.to_be_bytes(),
        identity.event_type.as_bytes(),
        identity.event_version.as_bytes(),
        &identity.recorded_at.to_be_bytes(),
        &Sha256::digest(payload),
        &Sha256::digest(metadata),
    ] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity() -> EventIdentity<'static> {
        EventIdentity {
            event_id: Uuid::from_u128(1),
            application_id: Uuid::from_u128(2),
            aggregate_type: "User",
            aggregate_id: "usr_1",
            sequence: 1,
            event_type: "UserRegistered",
            event_version: "1.0.0",
            recorded_at: 1_700_000_000_000_000,
        }
    }

    /// The format is for ever: this digest was computed once and must never be edited.
    #[test]
    fn the_hash_of_a_known_event_never_changes() {
        let hash = event_hash(&identity(), "{\"at\":1}", "{}");
        let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "e07aed27e231fd43da86f9f127fd51b2fe3dca5b2b72763ad88f46f569847411");
    }

    #[test]
    fn every_part_counts() {
        let original = event_hash(&identity(), "p", "m");
        let others = [
            event_hash(&EventIdentity { event_id: Uuid::from_u128(9), ..identity() }, "p", "m"),
            event_hash(&EventIdentity { application_id: Uuid::from_u128(9), ..identity() }, "p", "m"),
            event_hash(
                &EventIdentity { aggregate_type: "Use", aggregate_id: "rusr_1", ..identity() },
                "p",
                "m",
            ),
            event_hash(&EventIdentity { sequence: 2, ..identity() }, "p", "m"),
            event_hash(&EventIdentity { event_type: "x", ..identity() }, "p", "m"),
            event_hash(&EventIdentity { event_version: "x", ..identity() }, "p", "m"),
            event_hash(&EventIdentity { recorded_at: 0, ..identity() }, "p", "m"),
            event_hash(&identity(), "q", "m"),
            event_hash(&identity(), "p", "n"),
        ];
        assert!(others.iter().all(|other| *other != original));
    }
}
