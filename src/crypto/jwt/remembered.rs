//! Access tokens whose signature was verified lately: clients show the same token again and again, and verifying it costs
//! more than everything else about it. What is remembered is what the token says, never that it is good: its times, whom it
//! is for and whether its session lives are asked each time.

use std::collections::HashMap;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use super::AccessClaims;

/// So many tokens are remembered at most, twice: some megabytes.
const CAPACITY: usize = 4_096;

/// The tokens that one set of keys has verified, by their SHA-256; with other keys another memory begins.
///
/// Nobody but us makes one grow: a token comes in after its signature held.
#[derive(Default)]
pub(super) struct Remembered(Mutex<Ages>);

/// When the young are full they become the old, and the old that nobody showed since are forgotten.
#[derive(Default)]
struct Ages {
    young: HashMap<[u8; 32], Arc<AccessClaims>>,
    old: HashMap<[u8; 32], Arc<AccessClaims>>,
}

impl Remembered {
    /// What a token says that was verified before.
    pub(super) fn get(&self, digest: &[u8; 32]) -> Option<Arc<AccessClaims>> {
        let mut ages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(claims) = ages.young.get(digest) {
            return Some(claims.clone());
        }
        let claims = ages.old.remove(digest)?;
        ages.put(*digest, claims.clone());
        Some(claims)
    }

    /// Remembers a token that was verified.
    pub(super) fn put(&self, digest: [u8; 32], claims: Arc<AccessClaims>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).put(digest, claims);
    }
}

impl Ages {
    fn put(&mut self, digest: [u8; 32], claims: Arc<AccessClaims>) {
        if self.young.len() >= CAPACITY {
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(digest, claims);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(number: usize) -> [u8; 32] {
        let mut digest = [0; 32];
        digest[..8].copy_from_slice(&number.to_be_bytes());
        digest
    }

    fn claims() -> Arc<AccessClaims> {
        Arc::new(AccessClaims {
            iss: String::new(),
            aud: String::new(),
            app_id: String::new(),
            client_id: None,
            sub: String::new(),
            sid: String::new(),
            jti: String::new(),
            iat: 0,
            exp: 0,
            email: String::new(),
            email_verified: false,
        })
    }

    #[test]
    fn it_never_holds_more_than_twice_its_capacity_and_keeps_what_is_shown() {
        let remembered = Remembered::default();
        remembered.put(digest(0), claims());
        for number in 1..5 * CAPACITY {
            remembered.put(digest(number), claims());
            if number % 1_000 == 0 {
                assert!(remembered.get(&digest(0)).is_some(), "{number}");
            }
        }
        assert!(remembered.get(&digest(1)).is_none());
        let ages = remembered.0.lock().unwrap();
        assert!(ages.young.len() + ages.old.len() <= 2 * CAPACITY);
    }
}
