//! What tests of the steps know of keys and nodes.

use chrono::{DateTime, Duration, Utc};
use devauth_projections::key_uses::KeyUse;
use devauth_projections::nodes::NodeRow;

use super::Known;

/// A moment, in seconds from when all tests begin.
pub(super) fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap() + Duration::seconds(seconds)
}

pub(super) fn keys(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

/// A key that was active last at some second, or never.
pub(super) fn used(id: &str, first_seen: i64, last_active: Option<i64>) -> KeyUse {
    KeyUse {
        key_id: id.to_owned(),
        first_seen_at: at(first_seen),
        published_at: None,
        last_active_at: last_active.map(at),
        needed_until: last_active.map(|seconds| at(seconds + 900)),
    }
}

/// Nodes with these keys, for both purposes.
pub(super) fn known(uses: &[KeyUse], nodes: &[&[&str]]) -> Known {
    let node = |ids: &&[&str]| NodeRow {
        id: uuid::Uuid::nil(),
        seen_at: at(0),
        encryption_keys: keys(ids),
        signing_keys: keys(ids),
    };
    Known { uses: uses.to_vec(), nodes: nodes.iter().map(node).collect() }
}
