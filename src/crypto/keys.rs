//! The root key and the keys derived from it.

use std::fmt;

use aws_lc_rs::{hkdf, hmac};
use uuid::Uuid;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// What a derived key is for. Changing a text changes the key, and with it everything ever made with that key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label(&'static str);

impl Label {
    /// The HMAC over a password before it goes to bcrypt.
    pub const PASSWORD_PREHASH: Label = Label("devauth password pre-hash v1");
    /// The MAC in refresh tokens.
    pub const REFRESH_TOKENS: Label = Label("devauth refresh tokens v1");
    /// Tokens in mailed links, derived from their ids.
    pub const ONE_TIME_TOKENS: Label = Label("devauth one-time tokens v1");
    /// The keyed hash by which an address is claimed and found.
    pub const ADDRESS_INDEX: Label = Label("devauth address index v1");
    /// The fingerprint of a request with an Idempotency-Key.
    pub const REQUEST_DIGEST: Label = Label("devauth request digest v1");
    /// The signature of portal tokens.
    pub const PORTAL_TOKENS: Label = Label("devauth portal tokens v1");

    #[cfg(test)]
    const ALL: [Label; 6] = [
        Label::PASSWORD_PREHASH,
        Label::REFRESH_TOKENS,
        Label::ONE_TIME_TOKENS,
        Label::ADDRESS_INDEX,
        Label::PORTAL_TOKENS,
        Label::REQUEST_DIGEST,
    ];
}

/// The 256 random bits from which all long-lived keys derive.
///
/// It is made once and kept in Postgres, wrapped by `DEVAUTH_ENCRYPTION_KEY`: rotating that key wraps the root key
/// anew and leaves it as it is. Were the configured key itself the root, rotating it would void every password,
/// every refresh token and every address claim.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct RootKey([u8; 32]);

impl RootKey {
    /// The root key that was stored.
    pub fn new(bytes: [u8; 32]) -> RootKey {
        RootKey(bytes)
    }

    /// A new root key, for an empty database.
    pub fn generate() -> RootKey {
        RootKey(super::random::token256())
    }

    /// The bytes, for wrapping; nothing else should want them.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// The key for one purpose: HKDF-SHA256 (RFC 5869) without salt, as the root key is already uniformly random.
    pub fn derive(&self, label: Label) -> Zeroizing<[u8; 32]> {
        let mut key = Zeroizing::new([0; 32]);
        hkdf_sha256(&[], &self.0, label.0.as_bytes(), key.as_mut());
        key
    }
}

impl fmt::Debug for RootKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("RootKey(redacted)")
    }
}

/// The keyed hash of an address in one application, by which it is claimed and looked up.
///
/// Keyed, so that a copy of the claims can't be searched for known addresses; bound to the application, so that
/// the same person can't be recognised across applications. `canonical` is the address in canonical form.
pub fn address_index(key: &[u8; 32], application: Uuid, canonical: &str) -> [u8; 32] {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    context.update(application.as_bytes());
    context.update(canonical.as_bytes());
    digest_bytes(&context.sign())
}

/// A SHA-256 tag as an array.
pub(super) fn digest_bytes(tag: &hmac::Tag) -> [u8; 32] {
    tag.as_ref().try_into().expect("a tag of HMAC-SHA256 has 32 bytes")
}

struct OutputLength(usize);

impl hkdf::KeyType for OutputLength {
    fn len(&self) -> usize {
        self.0
    }
}

fn hkdf_sha256(salt: &[u8], secret: &[u8], info: &[u8], output: &mut [u8]) {
    hkdf::Salt::new(hkdf::HKDF_SHA256, salt)
        .extract(secret)
        .expand(&[info], OutputLength(output.len()))
        .and_then(|key_material| key_material.fill(output))
        .expect("HKDF-SHA256 gives up to 8160 bytes, and the buffer has the length that was asked for");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hkdf_agrees_with_rfc_5869_appendix_a1() {
        let salt: Vec<u8> = (0x00..=0x0c).collect();
        let info: Vec<u8> = (0xf0..=0xf9).collect();
        let mut output = [0; 42];
        hkdf_sha256(&salt, &[0x0b; 22], &info, &mut output);
        let hex: String = output.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(
            hex,
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
        );
    }

    #[test]
    fn every_label_gives_its_own_key_and_always_the_same() {
        let root = RootKey::new([7; 32]);
        for (index, label) in Label::ALL.into_iter().enumerate() {
            assert_eq!(root.derive(label), RootKey::new([7; 32]).derive(label));
            assert_ne!(root.derive(label), RootKey::new([8; 32]).derive(label));
            for other in &Label::ALL[index + 1..] {
                assert_ne!(root.derive(label), root.derive(*other));
            }
        }
    }

    /// Stored passwords, claims and tokens depend on these bytes, so this test may never be changed. They were computed
    /// apart from this code, by RFC 5869 with another HMAC.
    #[test]
    fn derived_keys_never_change() {
        let beginnings = Label::ALL.map(|label| {
            let key = RootKey::new([7; 32]).derive(label);
            key[..8].iter().map(|byte| format!("{byte:02x}")).collect::<String>()
        });
        let expected = [
            "80dfa655e4b2e36f",
            "fc14604e60eb7c5d",
            "2515f7feee41537c",
            "d83f20e2bc501a96",
            "628f3bb7491d7e9d",
            "bf7ddbc67ad8f7ec",
        ];
        assert_eq!(beginnings, expected);
    }

    #[test]
    fn an_address_has_another_index_in_each_application_and_under_each_key() {
        let (here, there) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let index = address_index(&[1; 32], here, "ada@example.com");
        assert_eq!(index, address_index(&[1; 32], here, "ada@example.com"));
        assert_ne!(index, address_index(&[1; 32], there, "ada@example.com"));
        assert_ne!(index, address_index(&[2; 32], here, "ada@example.com"));
        assert_ne!(index, address_index(&[1; 32], here, "bob@example.com"));
    }

    #[test]
    fn the_root_key_does_not_show() {
        assert_eq!(format!("{:?}", RootKey::new([7; 32])), "RootKey(redacted)");
    }
}
