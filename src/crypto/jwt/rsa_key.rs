//! RSA keys: read from PEM once, each named by its thumbprint.

use aws_lc_rs::{
    error::KeyRejected,
    rsa::{KeyPair, PublicKeyComponents},
    signature::{KeyPair as _, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use rustls::pki_types::{PrivateKeyDer, pem::PemObject};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use zeroize::Zeroize;

/// Why the signing keys can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("signing key {}: {problem}", index + 1)]
pub struct KeyError {
    /// Which of the keys, from 0.
    pub index: usize,
    /// What is wrong with it.
    pub problem: KeyProblem,
}

/// What is wrong with a signing key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyProblem {
    /// The list is empty.
    #[error("there is none")]
    Missing,
    /// No private key in PEM form.
    #[error("this is no private key in PEM form")]
    NotPem,
    /// Protected by a passphrase.
    #[error("this key is encrypted; give it without a passphrase")]
    Encrypted,
    /// It ends in the middle of a key.
    #[error("a key here is cut off")]
    CutOff,
    /// A key, but damaged or not RSA.
    #[error("this is no usable RSA key")]
    NotRsa,
    /// Under 2048 bits.
    #[error("this key is too small; an RSA key of at least 2048 bits is needed")]
    TooSmall,
    /// Over 8192 bits.
    #[error("this key is too large; 8192 bits are the most")]
    TooLarge,
}

/// A parsed signing key with what is published of it.
pub(super) struct RsaKey {
    pub kid: String,
    pub pair: KeyPair,
    pub verifying: ParsedPublicKey,
    n: String,
    e: String,
}

impl RsaKey {
    /// All keys of a file, in its order: at least one.
    pub(super) fn all(pem: &[u8]) -> Result<Vec<RsaKey>, KeyProblem> {
        let encrypted = pem.windows(9).any(|window| window == b"ENCRYPTED");
        let unreadable = if encrypted { KeyProblem::Encrypted } else { KeyProblem::NotPem };
        if is_cut_off(pem) {
            return Err(KeyProblem::CutOff);
        }
        let mut keys = Vec::new();
        for key in PrivateKeyDer::pem_slice_iter(pem) {
            keys.push(RsaKey::of(pair(key.map_err(|_malformed| unreadable)?)?)?);
        }
        if keys.is_empty() { Err(unreadable) } else { Ok(keys) }
    }

    fn of(pair: KeyPair) -> Result<RsaKey, KeyProblem> {
        let public = PublicKeyComponents::<Vec<u8>>::from(pair.public_key());
        let (n, e) = (BASE64_URL_SAFE_NO_PAD.encode(&public.n), BASE64_URL_SAFE_NO_PAD.encode(&public.e));
        let components = RsaPublicKeyComponents { n: &public.n, e: &public.e };
        let verifying = components
            .to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256)
            .map_err(|_rejected| KeyProblem::NotRsa)?;
        Ok(RsaKey { kid: thumbprint(&n, &e), pair, verifying, n, e })
    }

    /// The public key as a JWK (RFC 7517).
    pub(super) fn jwk(&self) -> Value {
        json!({"kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.kid, "n": self.n, "e": self.e})
    }
}

/// A file that somebody is still writing may end anywhere, also in a mark, which no reader of PEM would complain about.
fn is_cut_off(pem: &[u8]) -> bool {
    let marks =
        pem.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| line.starts_with(b"-----"));
    let mut open = false;
    for mark in marks {
        if mark.len() < 16 || !mark.ends_with(b"-----") {
            return true;
        }
        open = mark.starts_with(b"-----BEGIN");
    }
    open
}

fn pair(mut key: PrivateKeyDer<'static>) -> Result<KeyPair, KeyProblem> {
    let pair = match &key {
        PrivateKeyDer::Pkcs1(der) => KeyPair::from_der(der.secret_pkcs1_der()).map_err(problem),
        PrivateKeyDer::Pkcs8(der) => KeyPair::from_pkcs8(der.secret_pkcs8_der()).map_err(problem),
        // SEC1 is for elliptic curves, and the enum is open: whatever may come is not RSA.
        _ => Err(KeyProblem::NotRsa),
    };
    key.zeroize();
    pair
}

fn problem(rejected: KeyRejected) -> KeyProblem {
    match rejected.description_() {
        "TooSmall" => KeyProblem::TooSmall,
        "TooLarge" => KeyProblem::TooLarge,
        _ => KeyProblem::NotRsa,
    }
}

/// RFC 7638: SHA-256 over the required members in the order of their names, without spaces.
fn thumbprint(n: &str, e: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_thumbprint_is_that_of_rfc_7638_section_3_1() {
        let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZC\
                 iFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZg\
                 nYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIq\
                 bw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
        assert_eq!(thumbprint(n, "AQAB"), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    }
}
