//! API keys and app secrets: 43 characters of `0-9A-Za-z`, 256 random bits, after a prefix that says what they are
//! to people, to us and to scanners of leaked secrets. No punctuation, so that a double click takes all of it.

use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use super::sha256_of;
use crate::crypto::random;

const RANDOM_LENGTH: usize = 43;
/// How much of the random part is shown to tell keys apart; the 220 bits left are no easier to guess.
const SHOWN: usize = 6;

/// Who an API key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiKeyKind {
    /// Servers.
    Secret,
    /// Browsers and apps, where everybody can read it.
    Publishable,
}

impl ApiKeyKind {
    fn prefix(self) -> &'static str {
        match self {
            ApiKeyKind::Secret => "dvk_sk_",
            ApiKeyKind::Publishable => "dvk_pk_",
        }
    }

    fn of(text: &str) -> Option<(ApiKeyKind, &str)> {
        [ApiKeyKind::Secret, ApiKeyKind::Publishable]
            .into_iter()
            .find_map(|kind| Some((kind, text.strip_prefix(kind.prefix())?)))
    }
}

/// A new API key.
#[derive(Debug)]
pub struct ApiKey {
    /// The key, to show this once.
    pub text: SecretString,
    /// Its beginning, by which people recognise it.
    pub prefix: String,
    /// What is stored of it.
    pub hash: [u8; 32],
}

impl ApiKey {
    /// Makes a key.
    pub fn generate(kind: ApiKeyKind) -> ApiKey {
        let text: SecretString = format!("{}{}", kind.prefix(), random::base62::<RANDOM_LENGTH>()).into();
        let prefix = text.expose_secret()[..kind.prefix().len() + SHOWN].to_owned();
        let hash = sha256_of(text.expose_secret());
        ApiKey { text, prefix, hash }
    }
}

/// The hash by which a presented key is found, and its kind; `None` for a text that can't be a key, without hashing it.
pub fn hash_api_key(text: &str) -> Option<([u8; 32], ApiKeyKind)> {
    let (kind, random) = ApiKeyKind::of(text)?;
    let shaped = random.len() == RANDOM_LENGTH && random.bytes().all(|byte| byte.is_ascii_alphanumeric());
    shaped.then(|| (sha256_of(text), kind))
}

/// Makes an app secret (`dvs_…`), which is stored sealed.
pub fn generate_app_secret() -> SecretString {
    format!("dvs_{}", random::base62::<RANDOM_LENGTH>()).into()
}

/// Whether a presented secret is the stored one, in a time that does not depend on where they differ.
pub fn same_secret(presented: &str, stored: &str) -> bool {
    presented.as_bytes().ct_eq(stored.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_say_what_they_are_and_are_found_by_their_hash() {
        for (kind, prefix) in [(ApiKeyKind::Secret, "dvk_sk_"), (ApiKeyKind::Publishable, "dvk_pk_")] {
            let key = ApiKey::generate(kind);
            let text = key.text.expose_secret();
            assert_eq!(text.len(), 50);
            assert!(text.starts_with(prefix) && text.starts_with(&key.prefix));
            assert_eq!(key.prefix.len(), 13);
            assert_eq!(hash_api_key(text), Some((key.hash, kind)));
            assert_eq!(key.hash, sha256_of(text));
            assert_ne!(ApiKey::generate(kind).hash, key.hash);
        }
    }

    #[test]
    fn other_shapes_are_refused_unhashed() {
        let key = ApiKey::generate(ApiKeyKind::Secret);
        let text = key.text.expose_secret();
        let long = "dvk_sk_".repeat(100_000);
        for wrong in
            ["", "dvk_sk_", &text[7..], &text[..49], &format!("{text}A"), &format!("{}-", &text[..49]), &long]
        {
            assert_eq!(hash_api_key(wrong), None);
        }
        assert_eq!(hash_api_key(&text.replace("dvk_sk_", "dvk_xk_")), None);
        assert_eq!(hash_api_key(&format!("{}ä", &text[..48])), None);
    }

    #[test]
    fn one_kind_never_passes_for_the_other() {
        let key = ApiKey::generate(ApiKeyKind::Publishable);
        let posing = key.text.expose_secret().replace("_pk_", "_sk_");
        let (hash, _) = hash_api_key(&posing).unwrap();
        assert_ne!(hash, key.hash);
    }

    #[test]
    fn keys_do_not_show() {
        let key = ApiKey::generate(ApiKeyKind::Secret);
        assert!(!format!("{key:?}").contains(key.text.expose_secret()));
    }

    #[test]
    fn app_secrets_are_compared_whole() {
        let secret = generate_app_secret();
        let text = secret.expose_secret();
        assert!(text.starts_with("dvs_") && text.len() == 47);
        assert!(same_secret(text, text));
        assert!(!same_secret(&text[..46], text));
        assert!(!same_secret("", text));
        assert!(!same_secret(generate_app_secret().expose_secret(), text));
    }
}
