//! API keys that were looked up a moment ago, so that a busy application costs one look-up now and then instead of one a
//! request. An entry lives half a second: a key that is revoked on another node is dead here within that.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use devauth_aggregates::ApiKeyId;
use devauth_projections::api_keys::ApiKeyRow;
use devauth_projections::applications::ApplicationRow;

/// How long an entry is believed. The contract promises one second.
const BELIEVED_FOR: Duration = Duration::from_millis(500);
/// How often the use of a key is noted in the database.
const NOTED_EVERY: Duration = Duration::from_secs(60);
/// From so many entries on, old ones are dropped.
const SWEEP_AT: usize = 4_096;

/// A living key and its application.
pub type Known = Arc<(ApiKeyRow, ApplicationRow)>;

/// The keys, by their hash.
#[derive(Default)]
pub struct ApiKeyCache {
    known: Mutex<HashMap<[u8; 32], (Instant, Known)>>,
    noted: Mutex<HashMap<ApiKeyId, Instant>>,
}

impl ApiKeyCache {
    /// A key that was looked up within the last half second.
    #[must_use]
    pub fn get(&self, hash: &[u8; 32]) -> Option<Known> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(hash).filter(|(at, _)| at.elapsed() < BELIEVED_FOR).map(|(_, known)| known.clone())
    }

    /// Remembers a key that was looked up at `asked` (before the question, so that the answer is never younger than that).
    pub fn put(&self, hash: [u8; 32], asked: Instant, found: Known) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= SWEEP_AT {
            known.retain(|_, (at, _)| at.elapsed() < BELIEVED_FOR);
        }
        known.insert(hash, (asked, found));
    }

    /// Forgets everything: a key or an application was changed on this node, and the developer who did it expects to see it.
    pub fn clear(&self) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Whether the use of a key is to be noted now; true at most once a minute.
    #[must_use]
    pub fn is_to_be_noted(&self, key: ApiKeyId) -> bool {
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        if noted.get(&key).is_some_and(|at| at.elapsed() < NOTED_EVERY) {
            return false;
        }
        if noted.len() >= SWEEP_AT {
            noted.retain(|_, at| at.elapsed() < NOTED_EVERY);
        }
        noted.insert(key, Instant::now());
        true
    }
}
