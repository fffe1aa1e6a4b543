//! Keys that seal app secrets and personal data, and the refusal of those that are none.

use std::fmt;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use devauth_projections::sealing::{Key256, key_id};
use secrecy::SecretString;
use zeroize::Zeroize;

use super::reader::Reason;

/// Thirty-two random bytes; wiped when dropped, never printed.
#[derive(Clone)]
pub struct EncryptionKey([u8; 32]);

/// Why bytes are no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WeakKey {
    /// Not base64 at all.
    #[error("is not base64")]
    NotBase64,
    /// Not 32 bytes.
    #[error("is base64 of {0} bytes; 32 are needed")]
    Length(usize),
    /// The value of `.env.example`.
    #[error("is the example from the documentation, which everybody knows")]
    Example,
    /// All bytes are printable characters: a phrase, or a key in hexadecimal that lost half its strength.
    #[error("is base64 of readable text, not of random bytes")]
    Text,
    /// Repeated or counted bytes.
    #[error("follows a pattern; it is not random")]
    Pattern,
}

/// Padding is optional: many tools leave it out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

const EXAMPLE: &[u8; 32] = b"example only, devauth refuses it";

/// Fewer different bytes than this come up in 32 random ones less than once in 10^14 times.
const FEWEST_DIFFERENT_BYTES: usize = 17;

impl EncryptionKey {
    /// Reads a key from base64, with or without padding.
    ///
    /// # Errors
    /// What is not exactly 32 bytes, or clearly not random.
    pub fn parse(text: &str) -> Result<Self, WeakKey> {
        let mut bytes = BASE64.decode(text).map_err(|_| WeakKey::NotBase64)?;
        let key = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| WeakKey::Length(bytes.len()));
        bytes.zeroize();
        Self::new(key?)
    }

    /// Reads a list of different keys, separated by commas or one a line.
    ///
    /// # Errors
    /// Says which of them is no key, or there twice, without repeating any of it.
    pub fn parse_list(text: &str) -> Result<Vec<Self>, Reason> {
        let mut keys: Vec<Self> = Vec::new();
        for (index, entry) in text.trim().split([',', '\n']).enumerate() {
            let key = Self::parse(entry.trim()).map_err(|weak| advice(index, weak))?;
            if keys.iter().any(|other| other.0 == key.0) {
                return Err(format!("key {} is there twice", index + 1));
            }
            keys.push(key);
        }
        Ok(keys)
    }

    /// Takes 32 bytes as a key.
    ///
    /// # Errors
    /// Bytes that are clearly not random.
    pub fn new(bytes: [u8; 32]) -> Result<Self, WeakKey> {
        if bytes == *EXAMPLE {
            return Err(WeakKey::Example);
        }
        if bytes.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace()) {
            return Err(WeakKey::Text);
        }
        if different_bytes(&bytes) < FEWEST_DIFFERENT_BYTES || is_counted(&bytes) {
            return Err(WeakKey::Pattern);
        }
        Ok(Self(bytes))
    }

    /// The key itself, for the cipher.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// The key as its variable or file takes it.
    #[must_use]
    pub fn to_base64(&self) -> SecretString {
        BASE64.encode(self.0).into()
    }

    /// A name for the key that says nothing about it: eight hexadecimal digits, as sealed values carry it.
    #[must_use]
    pub fn id(&self) -> String {
        key_id(&Key256::new(self.0))
    }
}

impl Drop for EncryptionKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for EncryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EncryptionKey([REDACTED])")
    }
}

fn advice(index: usize, weak: WeakKey) -> Reason {
    format!("key {} {weak}; make one with `devauth keys generate`", index + 1)
}

fn different_bytes(bytes: &[u8; 32]) -> usize {
    let mut seen = [false; 256];
    for byte in bytes {
        seen[usize::from(*byte)] = true;
    }
    seen.iter().filter(|seen| **seen).count()
}

/// 0, 1, 2, … and every other sequence with one step, as in many published examples.
fn is_counted(bytes: &[u8; 32]) -> bool {
    let step = bytes[1].wrapping_sub(bytes[0]);
    bytes.windows(2).all(|pair| pair[1].wrapping_sub(pair[0]) == step)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "q83vEjRWeJq83v8AESIzRFVmd4iZqrvM3e7/ECAwQFA=";

    fn base64_of(bytes: &[u8]) -> String {
        BASE64.encode(bytes)
    }

    #[test]
    fn random_bytes_are_a_key_with_and_without_padding() {
        let key = EncryptionKey::parse(GOOD).expect("a key");

        let unpadded = EncryptionKey::parse(GOOD.trim_end_matches('=')).expect("a key");

        assert_eq!(key.expose(), unpadded.expose());
        assert_eq!(BASE64.encode(key.expose()), GOOD);
    }

    #[test]
    fn what_is_not_random_is_refused() {
        let counted: Vec<u8> = (0..32).collect();
        let repeated: Vec<u8> = [200, 7, 91, 14, 250, 33, 128, 66].repeat(4);
        for (text, weak) in [
            ("not base64!", WeakKey::NotBase64),
            ("", WeakKey::Length(0)),
            (&*base64_of(&[7; 31]), WeakKey::Length(31)),
            (&*"ab".repeat(32), WeakKey::Length(48)),
            (&*base64_of(&[0; 32]), WeakKey::Pattern),
            (&*base64_of(&[0xff; 32]), WeakKey::Pattern),
            (&*base64_of(&counted), WeakKey::Pattern),
            (&*base64_of(&repeated), WeakKey::Pattern),
            (&*base64_of(b"correct horse battery staple 123"), WeakKey::Text),
            (&*base64_of(EXAMPLE), WeakKey::Example),
        ] {
            assert_eq!(EncryptionKey::parse(text).err(), Some(weak), "{text}");
        }
    }

    #[test]
    fn a_key_is_neither_printed_nor_named_by_its_bytes() {
        let key = EncryptionKey::parse(GOOD).expect("a key");

        assert_eq!(format!("{key:?}"), "EncryptionKey([REDACTED])");
        assert_eq!(key.id(), "720dcebc");
    }

    #[test]
    fn a_list_says_which_key_is_wrong() {
        let weak = EncryptionKey::parse_list(&format!("{GOOD},AAAA")).expect_err("the second is short");
        assert!(weak.starts_with("key 2 is base64 of 3 bytes"), "{weak}");
        assert!(!weak.contains("AAAA"), "{weak}");

        assert!(
            EncryptionKey::parse_list(&format!("{GOOD},{GOOD}"))
                .is_err_and(|reason| reason.contains("twice"))
        );
        assert!(EncryptionKey::parse_list(&format!("{GOOD},")).is_err());
        assert!(EncryptionKey::parse_list("").is_err());
    }

    #[test]
    fn commas_and_lines_separate_keys() {
        let other = base64_of(key_bytes().as_slice());
        for list in [format!("{GOOD},{other}"), format!("{GOOD}\r\n{other}\n"), format!(" {GOOD} , {other}")]
        {
            let ids: Vec<_> =
                EncryptionKey::parse_list(&list).expect("two keys").iter().map(EncryptionKey::id).collect();
            assert_eq!(ids.len(), 2, "{list:?}");
            assert_eq!(ids[0], "720dcebc");
        }
    }

    fn key_bytes() -> [u8; 32] {
        *EncryptionKey::parse("Yh3kTq0yv1cXo9s2bQm7Rw8LzN5uEfGjPaKdHxCtVi4=").expect("a key").expose()
    }
}
