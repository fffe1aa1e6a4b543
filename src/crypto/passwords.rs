//! Hashing passwords: bcrypt over a keyed pre-hash, on threads of its own.
//!
//! bcrypt reads 72 bytes and stops at a NUL. So it is given base64(HMAC-SHA256(key, password)), 44 bytes that depend
//! on every byte of the password; and as the HMAC is keyed, a copy of the database alone can't be searched.
//! The key derives from the root key, which never changes: see [`RootKey`](super::keys::RootKey).
//!
//! A stored hash begins with the number of its scheme, so that another scheme can be brought in as people log in.

mod pool;

use std::{fmt, time::Duration};

use aws_lc_rs::hmac;
use base64::{Engine, prelude::BASE64_STANDARD};
use zeroize::Zeroizing;

use self::pool::Pool;
pub use self::pool::{Busy, Occupied};
use super::{password::Password, random};

/// Time of one hash, without its wait.
pub const HASH_SECONDS: &str = "devauth_hash_seconds";
/// Time that a password waited for its hash.
pub const HASH_WAIT_SECONDS: &str = "devauth_hash_wait_seconds";
/// Passwords turned away because the queue was full.
pub const HASH_REFUSED_TOTAL: &str = "devauth_hash_refused_total";
/// Passwords that wait to be hashed.
pub const HASH_QUEUE_DEPTH: &str = "devauth_hash_queue_depth";

/// The scheme described above; what follows in the stored text is bcrypt's own notation.
const SCHEME: &str = "1$";

/// The length of base64 of 32 bytes.
const PREHASH_LENGTH: usize = 44;

type Prehash = Zeroizing<[u8; PREHASH_LENGTH]>;

/// The hash of a password as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredHash(Zeroizing<String>);

impl StoredHash {
    /// The hash as it was read from the database.
    pub fn from_stored(text: String) -> StoredHash {
        StoredHash(Zeroizing::new(text))
    }

    /// The text to store.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What bcrypt is to check, if the text is of the one scheme there is.
    fn bcrypt(&self) -> Option<bcrypt::HashParts> {
        self.0.strip_prefix(SCHEME)?.parse().ok()
    }
}

impl fmt::Debug for StoredHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("StoredHash(redacted)")
    }
}

/// Whether a password is the right one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verified {
    /// It is.
    Yes,
    /// It is, and its hash is of another scheme or cost than new ones: hash it again now that it is known.
    YesButOutdated,
    /// It is not.
    No,
}

/// Hashes and verifies passwords. One for the process.
pub struct Passwords {
    key: hmac::Key,
    cost: u32,
    pool: Pool,
}

impl Passwords {
    /// Starts `threads` hashing threads (see [`Passwords::default_threads`]).
    ///
    /// `cost` is bcrypt's, 4 to 31. A password that would wait longer than `queue_for` is turned away.
    ///
    /// # Panics
    ///
    /// If the cost is out of range, `threads` is 0, or the threads can't be started.
    pub fn new(prehash_key: &[u8; 32], cost: u32, threads: usize, queue_for: Duration) -> Passwords {
        assert!((4..=31).contains(&cost), "configuration admits costs 4 to 15");
        let key = hmac::Key::new(hmac::HMAC_SHA256, prehash_key);
        Passwords { key, cost, pool: Pool::start(threads, queue_for, expected_time(cost)) }
    }

    /// As many threads as there are cores but one, which stays free for everything else; at least one.
    pub fn default_threads() -> usize {
        std::thread::available_parallelism().map_or(1, |cores| (cores.get() - 1).max(1))
    }

    /// Hashes a new password with a salt of its own.
    ///
    /// # Errors
    ///
    /// [`Busy`] if the queue is full.
    pub async fn hash(&self, password: &Password) -> Result<StoredHash, Busy> {
        let (prehash, cost) = (self.prehash(password), self.cost);
        let mut salt = [0; 16];
        random::fill(&mut salt);
        let hash = move || {
            bcrypt::non_truncating_hash_with_salt(prehash.as_slice(), cost, salt)
                .expect("44 bytes are not truncated, and the cost was checked at the start")
                .to_string()
        };
        let text = Zeroizing::new(self.pool.run(hash).await?);
        Ok(StoredHash(Zeroizing::new(format!("{SCHEME}{}", text.as_str()))))
    }

    /// Whether `password` is the one `stored` was made of.
    ///
    /// `None` stands for an account that does not exist: the answer is `No`, after the same work and the same
    /// wait, so that time does not tell which addresses have accounts.
    ///
    /// # Errors
    ///
    /// [`Busy`] if the queue is full.
    pub async fn verify(&self, password: &Password, stored: Option<&StoredHash>) -> Result<Verified, Busy> {
        let parts = stored.and_then(StoredHash::bcrypt);
        if stored.is_some() && parts.is_none() {
            tracing::error!(
                "a stored password hash is damaged or of an unknown scheme; its account can't log in"
            );
        }
        let genuine = parts.is_some();
        let current = parts.as_ref().is_some_and(|parts| parts.get_cost() == self.cost);
        let text = Zeroizing::new(parts.map_or_else(|| decoy(self.cost), |parts| parts.to_string()));
        let prehash = self.prehash(password);
        let matches = move || {
            bcrypt::non_truncating_verify(prehash.as_slice(), &text)
                .expect("44 bytes are not truncated, and the hash was parsed or is the decoy")
        };
        let matches = self.pool.run(matches).await?;
        Ok(match (matches && genuine, current) {
            (true, true) => Verified::Yes,
            (true, false) => Verified::YesButOutdated,
            (false, _) => Verified::No,
        })
    }

    /// Takes every hashing thread and every place in the queue: for tests of what a node does without them.
    ///
    /// # Errors
    ///
    /// [`Busy`] if they are taken already.
    pub async fn occupy(&self) -> Result<Occupied, Busy> {
        self.pool.occupy().await
    }

    fn prehash(&self, password: &Password) -> Prehash {
        let tag = hmac::sign(&self.key, password.text().as_bytes());
        let mut prehash = Zeroizing::new([0; PREHASH_LENGTH]);
        let written = BASE64_STANDARD.encode_slice(tag.as_ref(), prehash.as_mut());
        assert_eq!(written, Ok(PREHASH_LENGTH));
        prehash
    }
}

impl fmt::Debug for Passwords {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Passwords").field("cost", &self.cost).finish_non_exhaustive()
    }
}

/// What is checked where no hash is stored: of the same cost, and with no known password.
fn decoy(cost: u32) -> String {
    format!("$2b${cost:02}${}", ".".repeat(22 + 31))
}

/// How long one hash takes, until some have been measured: 57 µs a round on the machine this was written on.
fn expected_time(cost: u32) -> Duration {
    Duration::from_micros(57) * 2_u32.saturating_pow(cost)
}

#[cfg(test)]
mod tests;
