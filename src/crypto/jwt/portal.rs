//! Portal tokens: for DevAuth's own portal, signed with HS256, as nobody else has to verify them.

use std::fmt;

use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use super::{InvalidToken, check_times, header_of, signature_only, signed_claims};

const TYPE: &str = "portal+jwt";
const AUDIENCE: &str = "portal";

/// What a portal token says of a developer's session. Its audience, always `portal`, is added and checked here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortalClaims {
    /// DevAuth's public URL.
    pub iss: String,
    /// The developer (`dev_…`).
    pub sub: String,
    /// The session (`ses_…`).
    pub sid: String,
    /// The token's own id.
    pub jti: String,
    /// When it was issued, in seconds since 1970.
    pub iat: i64,
    /// When it expires, in seconds since 1970.
    pub exp: i64,
}

/// The claims with the audience, as they are in the token.
#[derive(Serialize, Deserialize)]
struct Addressed {
    aud: String,
    #[serde(flatten)]
    claims: PortalClaims,
}

/// Signs and verifies portal tokens.
pub struct PortalTokens {
    signing: EncodingKey,
    verifying: DecodingKey,
    validation: Validation,
}

impl PortalTokens {
    /// `key` is derived from the root key with `Label::PORTAL_TOKENS`.
    pub fn new(key: &[u8; 32]) -> PortalTokens {
        PortalTokens {
            signing: EncodingKey::from_secret(key),
            verifying: DecodingKey::from_secret(key),
            validation: signature_only(Algorithm::HS256),
        }
    }

    /// Signs a token.
    pub fn sign(&self, claims: &PortalClaims) -> String {
        let mut header = Header::new(Algorithm::HS256);
        header.typ = Some(TYPE.to_owned());
        let addressed = Addressed { aud: AUDIENCE.to_owned(), claims: claims.clone() };
        jsonwebtoken::encode(&header, &addressed, &self.signing)
            .expect("the key is one for HMAC, the claims are JSON")
    }

    /// The claims of a portal token that `issuer` issued and that is valid at `now`. Whether its session lives is
    /// another question.
    ///
    /// # Errors
    ///
    /// [`InvalidToken`], whatever the text.
    pub fn verify(
        &self,
        token: &str,
        issuer: &str,
        now: DateTime<Utc>,
    ) -> Result<PortalClaims, InvalidToken> {
        header_of(token, Algorithm::HS256, TYPE)?;
        let Addressed { aud, claims } = signed_claims(token, &self.verifying, &self.validation)?;
        if aud != AUDIENCE || claims.iss != issuer {
            return Err(InvalidToken::NotForUs);
        }
        check_times(claims.iat, claims.exp, now)?;
        Ok(claims)
    }
}

impl fmt::Debug for PortalTokens {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PortalTokens(redacted)")
    }
}
