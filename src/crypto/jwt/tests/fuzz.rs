//! Whatever stands after `Bearer`: it is a token only as it was signed, byte by byte.

use proptest::prelude::*;

use super::*;
use crate::crypto::jwt::{AccessClaims, PortalClaims, PortalTokens};

fn portal() -> PortalTokens {
    PortalTokens::new(&[9; 32])
}

/// Texts that nobody made, and three parts in base64url, of which two may well be JSON.
fn presented() -> impl Strategy<Value = String> {
    let algorithm = prop_oneof![Just("RS256"), Just("HS256"), Just("none"), Just("")];
    let kind = prop_oneof![Just("at+jwt"), Just("application/at+jwt"), Just("portal+jwt"), Just("JWT")];
    let parts = (algorithm, kind, any::<String>(), prop::collection::vec(any::<u8>(), 0..300));
    let shaped = parts.prop_map(|(algorithm, kind, key, signature)| {
        let header = json!({"alg": algorithm, "typ": kind, "kid": key, "jku": "https://evil.example"});
        format!("{}.{}", unsigned(&header, &access_claims()), BASE64_URL_SAFE_NO_PAD.encode(signature))
    });
    prop_oneof![any::<String>(), "[0-9A-Za-z_-]{0,40}(\\.[0-9A-Za-z_=-]{0,40}){0,4}", shaped]
}

proptest! {
    #[test]
    fn nobody_without_a_key_makes_a_token(text in presented()) {
        prop_assert!(KEY.keys().verify(&text, &EXPECTED, at(ISSUED)).is_err());
        prop_assert!(portal().verify(&text, ISSUER, at(ISSUED)).is_err());
    }

    #[test]
    fn a_changed_token_is_none(place in any::<prop::sample::Index>(), other in "[0-9A-Za-z_.=-]") {
        let access: AccessClaims = serde_json::from_value(access_claims()).unwrap();
        let issued = KEY.keys().sign(&access);
        let place = place.index(issued.len());
        let mut changed = issued.clone();
        changed.replace_range(place..=place, &other);
        if changed != issued {
            prop_assert!(KEY.keys().verify(&changed, &EXPECTED, at(ISSUED)).is_err());
        }
    }

    #[test]
    fn a_portal_token_says_what_was_signed(sub in any::<String>(), sid in any::<String>(), lives in 1i64..10_000) {
        let claims = PortalClaims { iss: ISSUER.to_owned(), sub, sid, jti: "1".to_owned(), iat: ISSUED, exp: ISSUED + lives };
        prop_assert_eq!(portal().verify(&portal().sign(&claims), ISSUER, at(ISSUED)), Ok(claims));
    }
}
