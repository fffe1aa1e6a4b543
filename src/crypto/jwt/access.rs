//! Access tokens: RFC 9068, signed with RS256.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::{rand::SystemRandom, signature::RSA_PKCS1_SHA256};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, Header};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    InvalidToken, KeyError, KeyProblem, MAX_LENGTH, check_times, header_of, remembered::Remembered,
    rsa_key::RsaKey,
};
use crate::crypto::tokens::sha256_of;

const TYPE: &str = "at+jwt";

/// What an access token says. Every claim must be there, and be of its type.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessClaims {
    /// DevAuth's public URL.
    pub iss: String,
    /// The application (`app_…`); one string, never a list.
    pub aud: String,
    /// The application again.
    pub app_id: String,
    /// The application once more, as RFC 9068 wants it: we issue it, but do not ask for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The user (`usr_…`).
    pub sub: String,
    /// The session (`ses_…`).
    pub sid: String,
    /// The token's own id.
    pub jti: String,
    /// When it was issued, in seconds since 1970.
    pub iat: i64,
    /// When it expires, in seconds since 1970.
    pub exp: i64,
    /// The user's address when it was issued.
    pub email: String,
    /// Whether that address was verified when it was issued.
    pub email_verified: bool,
}

impl fmt::Debug for AccessClaims {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut ids = formatter.debug_struct("AccessClaims");
        ids.field("app_id", &self.app_id)
            .field("sub", &self.sub)
            .field("sid", &self.sid)
            .finish_non_exhaustive()
    }
}

/// Whom a token must come from and be meant for.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// DevAuth's public URL.
    pub issuer: &'a str,
    /// The application (`app_…`) that presents the token.
    pub application: &'a str,
}

/// The RSA keys: the first signs, all verify.
pub struct SigningKeys {
    keys: Vec<RsaKey>,
    /// The header of every token the first key signs, encoded.
    header: String,
    /// Tokens that these keys verified.
    remembered: Remembered,
}

impl SigningKeys {
    /// Reads the keys of each PEM (PKCS#8 or PKCS#1), one or several; the first is to sign. A key given twice counts once.
    ///
    /// # Errors
    ///
    /// [`KeyError`] says which is unusable and why, and nothing that is in it.
    pub fn load(pems: &[impl AsRef<[u8]>]) -> Result<SigningKeys, KeyError> {
        let mut keys: Vec<RsaKey> = Vec::with_capacity(pems.len());
        for (index, pem) in pems.iter().enumerate() {
            for key in RsaKey::all(pem.as_ref()).map_err(|problem| KeyError { index, problem })? {
                if keys.iter().all(|known| known.kid != key.kid) {
                    keys.push(key);
                }
            }
        }
        let first = keys.first().ok_or(KeyError { index: 0, problem: KeyProblem::Missing })?;
        let mut header = Header::new(Algorithm::RS256);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(first.kid.clone());
        let header = encode(&header);
        Ok(SigningKeys { keys, header, remembered: Remembered::default() })
    }

    /// Signs with the first key. Takes a third of a millisecond at 2048 bits.
    pub fn sign(&self, claims: &AccessClaims) -> String {
        // Not `jsonwebtoken::encode`: it parses the key anew for every signature, which takes longer than signing.
        let pair = &self.keys[0].pair;
        let mut token = format!("{}.{}", self.header, encode(claims));
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), token.as_bytes(), &mut signature)
            .expect("the key was checked when it was loaded, and the buffer has its length");
        token.push('.');
        BASE64_URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        token
    }

    /// The claims of a token that is ours, for `expected`, and valid at `now`. Whether its session lives is another
    /// question.
    ///
    /// # Errors
    ///
    /// [`InvalidToken`], whatever the text.
    pub fn verify(
        &self,
        token: &str,
        expected: &Expected<'_>,
        now: DateTime<Utc>,
    ) -> Result<Arc<AccessClaims>, InvalidToken> {
        let claims = self.genuine(token)?;
        if !is_for(&claims, expected) {
            return Err(InvalidToken::NotForUs);
        }
        check_times(claims.iat, claims.exp, now)?;
        Ok(claims)
    }

    /// The claims of a token that these keys signed, if it is one of ours in form.
    fn genuine(&self, token: &str) -> Result<Arc<AccessClaims>, InvalidToken> {
        if token.len() > MAX_LENGTH {
            return Err(InvalidToken::Malformed);
        }
        let digest = sha256_of(token);
        if let Some(claims) = self.remembered.get(&digest) {
            return Ok(claims);
        }
        let header = header_of(token, Algorithm::RS256, TYPE)?;
        let key = self.keys.iter().find(|key| header.kid.as_deref() == Some(&key.kid));
        let key = key.ok_or(InvalidToken::UnknownKey)?;
        let claims = Arc::new(signed_claims(token, key).ok_or(InvalidToken::NotGenuine)?);
        self.remembered.put(digest, claims.clone());
        Ok(claims)
    }

    /// All public keys as a JWK set (RFC 7517), the signing one first.
    pub fn jwks(&self) -> Value {
        json!({"keys": self.keys.iter().map(RsaKey::jwk).collect::<Vec<_>>()})
    }

    /// The ids of the keys, the signing one first.
    pub fn key_ids(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(|key| key.kid.as_str())
    }
}

impl fmt::Debug for SigningKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.key_ids()).finish()
    }
}

/// The claims of a token whose signature holds; what they say is not checked here.
fn signed_claims(token: &str, key: &RsaKey) -> Option<AccessClaims> {
    // Not `jsonwebtoken::decode`: it makes the public key anew for every token.
    let (message, signature) = token.rsplit_once('.')?;
    let (_header, claims) = message.split_once('.')?;
    let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).ok()?;
    key.verifying.verify_sig(message.as_bytes(), &signature).ok()?;
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
}

fn is_for(claims: &AccessClaims, expected: &Expected<'_>) -> bool {
    let application = expected.application;
    claims.iss == expected.issuer
        && claims.aud == application
        && claims.app_id == application
        && claims.client_id.as_deref().is_none_or(|client| client == application)
}

fn encode(part: &impl Serialize) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(part).expect("strings, numbers and booleans are JSON"))
}
