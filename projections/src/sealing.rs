//! Sealing: AES-256-GCM under the configured keys (which wrap data keys and application secrets) and under one data key a
//! person (which seals what the log says of that person).

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use aes_gcm::aead::{Aead as _, Generate as _, Payload};
use aes_gcm::{Aes256Gcm, KeyInit as _, Nonce};
use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize as _, Zeroizing};

const NONCE_BYTES: usize = 12;

/// A sealed thing that can't be opened.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SealingError {
    /// It was sealed with a key that is not configured any more.
    #[error("sealed with encryption key {0}, which is not configured")]
    UnknownKey(String),
    /// The key is there and the content doesn't fit it: somebody changed or moved it.
    #[error("a sealed value was changed or moved")]
    Tampered,
}

/// A 256-bit key that never shows itself.
#[derive(Clone)]
pub struct Key256(Zeroizing<[u8; 32]>);

impl fmt::Debug for Key256 {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Key256(..)")
    }
}

impl Key256 {
    /// Takes the key's bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Key256(Zeroizing::new(bytes))
    }

    /// A new random key.
    #[must_use]
    pub fn generate() -> Self {
        Key256::new(aes_gcm::Key::<Aes256Gcm>::generate().into())
    }

    /// The key's bytes, for deriving other keys from it.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// Seals `plaintext`; `bound_to` must be given again to open it, so that it can't be moved elsewhere.
    #[must_use]
    pub fn seal(&self, plaintext: &[u8], bound_to: &[&str]) -> Vec<u8> {
        let nonce = Nonce::generate();
        let payload = Payload { msg: plaintext, aad: &associated_data(bound_to) };
        let sealed = self.cipher().encrypt(&nonce, payload).expect("AES-GCM seals anything under 64 GiB");
        [nonce.as_slice(), &sealed].concat()
    }

    /// Opens what [`Key256::seal`] sealed for the same `bound_to`.
    ///
    /// # Errors
    /// [`SealingError::Tampered`] if the content, the key or `bound_to` is another.
    pub fn open(&self, sealed: &[u8], bound_to: &[&str]) -> Result<Vec<u8>, SealingError> {
        let (nonce, content) = sealed.split_at_checked(NONCE_BYTES).ok_or(SealingError::Tampered)?;
        let nonce = Nonce::try_from(nonce).map_err(|_wrong_length| SealingError::Tampered)?;
        let payload = Payload { msg: content, aad: &associated_data(bound_to) };
        self.cipher().decrypt(&nonce, payload).map_err(|_refused| SealingError::Tampered)
    }

    fn cipher(&self) -> Aes256Gcm {
        Aes256Gcm::new(&(*self.0).into())
    }
}

/// Length-prefixed, so that no two lists of parts give the same bytes.
fn associated_data(parts: &[&str]) -> Vec<u8> {
    parts.iter().flat_map(|part| [&(part.len() as u64).to_be_bytes()[..], part.as_bytes()].concat()).collect()
}

/// The configured encryption keys: the first seals, all open.
///
/// A handle: clones share the keys, so whoever holds one works with new keys as soon as they are replaced, and nobody keeps
/// keys that were taken away.
#[derive(Debug, Clone)]
pub struct Keyring(Arc<RwLock<Keys>>);

/// Never empty; each with its id.
type Keys = Arc<[(String, Key256)]>;

/// Something sealed with one of the configured keys, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Which key sealed it.
    pub key_id: String,
    /// Nonce and content.
    pub content: Vec<u8>,
}

impl Keyring {
    /// Takes the keys, the one that seals first. `None` if there is no key.
    #[must_use]
    pub fn new(keys: Vec<Key256>) -> Option<Self> {
        let keys: Keys = keys.into_iter().map(|key| (key_id(&key), key)).collect();
        (!keys.is_empty()).then(|| Keyring(Arc::new(RwLock::new(keys))))
    }

    /// Works with the keys of `other` from now on, for everybody who shares this ring. What began before ends with the keys it
    /// began with.
    pub fn replace(&self, other: &Keyring) {
        let keys = other.keys();
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = keys;
    }

    /// A ring with the keys of this moment, which replacing them here does not reach.
    #[must_use]
    pub fn detached(&self) -> Keyring {
        Keyring(Arc::new(RwLock::new(self.keys())))
    }

    /// The ids of the keys; the first one seals.
    #[must_use]
    pub fn key_ids(&self) -> Vec<String> {
        self.keys().iter().map(|(id, _)| id.clone()).collect()
    }

    /// Seals with the first key, bound to `bound_to` and to the key's id.
    #[must_use]
    pub fn seal(&self, plaintext: &[u8], bound_to: &[&str]) -> Sealed {
        seal(&self.keys(), plaintext, bound_to)
    }

    /// Opens with the key that sealed it.
    ///
    /// # Errors
    /// The key is not configured any more, or the content was changed or moved.
    pub fn open(&self, sealed: &Sealed, bound_to: &[&str]) -> Result<Vec<u8>, SealingError> {
        open(&self.keys(), sealed, bound_to)
    }

    /// Opens, and seals with the first key what was in it.
    ///
    /// # Errors
    /// As [`Keyring::open`].
    pub fn reseal(&self, sealed: &Sealed, bound_to: &[&str]) -> Result<Sealed, SealingError> {
        let keys = self.keys();
        let plain = Zeroizing::new(open(&keys, sealed, bound_to)?);
        Ok(seal(&keys, &plain, bound_to))
    }

    /// Wraps a key.
    #[must_use]
    pub fn wrap(&self, key: &Key256, bound_to: &[&str]) -> Sealed {
        self.seal(key.expose(), bound_to)
    }

    /// Unwraps a key.
    ///
    /// # Errors
    /// As [`Keyring::open`].
    pub fn unwrap(&self, sealed: &Sealed, bound_to: &[&str]) -> Result<Key256, SealingError> {
        let mut plain = self.open(sealed, bound_to)?;
        let key =
            plain.as_slice().try_into().map(Key256::new).map_err(|_wrong_length| SealingError::Tampered);
        plain.zeroize();
        key
    }

    fn keys(&self) -> Keys {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn seal(keys: &Keys, plaintext: &[u8], bound_to: &[&str]) -> Sealed {
    let (id, key) = &keys[0];
    Sealed { key_id: id.clone(), content: key.seal(plaintext, &[bound_to, &[id]].concat()) }
}

fn open(keys: &Keys, sealed: &Sealed, bound_to: &[&str]) -> Result<Vec<u8>, SealingError> {
    let (id, key) = keys
        .iter()
        .find(|(id, _)| *id == sealed.key_id)
        .ok_or_else(|| SealingError::UnknownKey(sealed.key_id.clone()))?;
    key.open(&sealed.content, &[bound_to, &[id]].concat())
}

/// The public name of a key: the first eight hexadecimal digits of a hash that says nothing about it.
#[must_use]
pub fn key_id(key: &Key256) -> String {
    let digest = Sha256::new().chain_update(b"devauth key id").chain_update(key.expose()).finalize();
    digest[..4].iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_only_where_it_belongs() {
        let key = Key256::generate();
        let sealed = key.seal(b"ada@example.org", &["User", "usr_1", "/email"]);

        assert_eq!(key.open(&sealed, &["User", "usr_1", "/email"]).unwrap(), b"ada@example.org");
        for elsewhere in
            [&["User", "usr_2", "/email"][..], &["User", "usr_1/email"], &["Userusr_1", "", "/email"], &[]]
        {
            assert_eq!(key.open(&sealed, elsewhere), Err(SealingError::Tampered));
        }
        assert_eq!(
            Key256::generate().open(&sealed, &["User", "usr_1", "/email"]),
            Err(SealingError::Tampered)
        );
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let key = Key256::generate();
        let sealed = key.seal(b"x", &["here"]);
        for position in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[position] ^= 1;
            assert_eq!(key.open(&changed, &["here"]), Err(SealingError::Tampered));
        }
        assert_eq!(key.open(&sealed[..5], &["here"]), Err(SealingError::Tampered));
    }

    #[test]
    fn an_older_key_still_opens_and_a_removed_one_is_named() {
        let (old, new) = (Key256::generate(), Key256::generate());
        let before = Keyring::new(vec![old.clone()]).unwrap();
        let during = Keyring::new(vec![new.clone(), old]).unwrap();
        let after = Keyring::new(vec![new.clone()]).unwrap();
        let sealed = before.seal(b"secret", &["a"]);

        assert_eq!(during.open(&sealed, &["a"]).unwrap(), b"secret");
        assert_eq!(after.open(&sealed, &["a"]), Err(SealingError::UnknownKey(sealed.key_id.clone())));
        assert_eq!(during.seal(b"secret", &["a"]).key_id, key_id(&new));
        assert!(Keyring::new(vec![]).is_none());
    }

    #[test]
    fn replaced_keys_are_in_force_for_everybody_who_shares_the_ring() {
        let (old, new) = (Key256::generate(), Key256::generate());
        let ring = Keyring::new(vec![old.clone()]).unwrap();
        let shared = ring.clone();
        let sealed = ring.seal(b"secret", &["a"]);

        ring.replace(&Keyring::new(vec![new.clone(), old.clone()]).unwrap());

        assert_eq!(shared.key_ids(), [key_id(&new), key_id(&old)]);
        assert_eq!(shared.seal(b"secret", &["a"]).key_id, key_id(&new));
        let resealed = shared.reseal(&sealed, &["a"]).unwrap();
        assert_eq!(resealed.key_id, key_id(&new));
        ring.replace(&Keyring::new(vec![new]).unwrap());
        assert_eq!(shared.open(&resealed, &["a"]).unwrap(), b"secret");
        assert_eq!(shared.open(&sealed, &["a"]), Err(SealingError::UnknownKey(key_id(&old))));
        assert_eq!(shared.reseal(&resealed, &["b"]), Err(SealingError::Tampered));
    }
}
