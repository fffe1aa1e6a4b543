//! JSON Web Tokens: access tokens (RS256) for applications, portal tokens (HS256) for our own portal.
//!
//! Neither passes for the other: each is verified with its one algorithm, its one `typ`, its own keys and audience,
//! and the header's word on the algorithm chooses nothing. The moment is a parameter; the `jsonwebtoken` crate, which
//! would read the clock, is left to check form and signature.

mod access;
mod portal;
mod remembered;
mod rsa_key;

use chrono::{DateTime, Duration, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation};
use serde::de::DeserializeOwned;

pub use self::{
    access::{AccessClaims, Expected, SigningKeys},
    portal::{PortalClaims, PortalTokens},
    rsa_key::{KeyError, KeyProblem},
};

/// The longest token that is looked at, in bytes.
pub const MAX_LENGTH: usize = 8 * 1024;

/// How long whoever verifies tokens may keep the set of public keys. Short, so that a new key comes into service soon.
pub const KEY_SET_KEPT_FOR: Duration = Duration::seconds(300);

/// How far the clocks of two nodes may differ, in seconds.
pub const LEEWAY: i64 = 5;

/// Why a token is refused. For tests and counting: the answer to the client is the same for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidToken {
    /// No JWT at all, or too long.
    #[error("the token is malformed")]
    Malformed,
    /// A JWT, but of another algorithm or type, or one that asks for extensions.
    #[error("the token is of another kind")]
    WrongKind,
    /// Signed with a key that is not ours.
    #[error("the token's key is unknown")]
    UnknownKey,
    /// The signature is wrong, or a claim is missing or of the wrong type.
    #[error("the token's signature or claims are wrong")]
    NotGenuine,
    /// Issued by somebody else or for somebody else.
    #[error("the token is not meant for this")]
    NotForUs,
    /// Expired, or not issued yet.
    #[error("the token is not valid at this time")]
    NotNow,
}

/// The header of a token, if it is one of `algorithm` and `kind`.
fn header_of(token: &str, algorithm: Algorithm, kind: &str) -> Result<Header, InvalidToken> {
    if token.len() > MAX_LENGTH {
        return Err(InvalidToken::Malformed);
    }
    let header = jsonwebtoken::decode_header(token).map_err(|_| InvalidToken::Malformed)?;
    let typed = header.typ.as_deref().is_some_and(|typ| is_type(typ, kind));
    // Extensions named in `crit` must be understood or refused (RFC 7515, 4.1.11), and we understand none.
    if header.alg != algorithm || !typed || header.crit.is_some() {
        return Err(InvalidToken::WrongKind);
    }
    Ok(header)
}

/// Media types don't know capitals, and `application/` may be left out (RFC 7515, 4.1.9).
fn is_type(typ: &str, kind: &str) -> bool {
    let typ = typ.to_ascii_lowercase();
    typ.strip_prefix("application/").unwrap_or(&typ) == kind
}

/// The claims of a token whose signature holds; what they say is not checked here.
fn signed_claims<T: DeserializeOwned>(
    token: &str,
    key: &DecodingKey,
    validation: &Validation,
) -> Result<T, InvalidToken> {
    let decoded = jsonwebtoken::decode(token, key, validation).map_err(|_| InvalidToken::NotGenuine)?;
    Ok(decoded.claims)
}

/// Form and signature only: times, issuer and audience are compared by us, strictly.
fn signature_only(algorithm: Algorithm) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation
}

/// Whether `now` lies between the times, in seconds since 1970, give or take the leeway.
fn check_times(issued: i64, expires: i64, now: DateTime<Utc>) -> Result<(), InvalidToken> {
    let now = now.timestamp();
    let timely = expires > now - LEEWAY && issued <= now + LEEWAY;
    timely.then_some(()).ok_or(InvalidToken::NotNow)
}

#[cfg(test)]
mod tests;
