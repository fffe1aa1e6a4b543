//! One kind of token never passes for the other, nor for a kind we don't have.

use super::*;
use crate::crypto::jwt::InvalidToken::{Malformed, NotGenuine, WrongKind};
use crate::crypto::jwt::{InvalidToken, PortalTokens};
use aws_lc_rs::hmac;

const PORTAL_KEY: [u8; 32] = [9; 32];

fn as_access(token: &str) -> Result<(), InvalidToken> {
    KEY.keys().verify(token, &EXPECTED, at(ISSUED)).map(|_| ())
}

fn as_portal(token: &str) -> Result<(), InvalidToken> {
    PortalTokens::new(&PORTAL_KEY).verify(token, ISSUER, at(ISSUED)).map(|_| ())
}

fn hmac_signed(key: &[u8], header: &Value, claims: &Value) -> String {
    let message = unsigned(header, claims);
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message.as_bytes());
    format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(tag))
}

/// Claims that would do for both kinds.
fn both() -> Value {
    let mut claims = access_claims();
    claims.as_object_mut().unwrap().extend(portal_claims().as_object().unwrap().clone());
    claims
}

#[test]
fn each_kind_is_good_for_its_own_side_only() {
    let access = KEY.forge(&access_header(), &access_claims());
    let portal = hmac_signed(&PORTAL_KEY, &json!({"alg": "HS256", "typ": "portal+jwt"}), &portal_claims());
    assert_eq!((as_access(&access), as_portal(&access)), (Ok(()), Err(WrongKind)));
    assert_eq!((as_access(&portal), as_portal(&portal)), (Err(WrongKind), Ok(())));
}

#[test]
fn not_even_the_right_key_makes_the_wrong_type_pass() {
    for typ in ["JWT", "at+jwt", "PORTAL", ""] {
        assert_eq!(
            as_portal(&hmac_signed(&PORTAL_KEY, &json!({"alg": "HS256", "typ": typ}), &both())),
            Err(WrongKind)
        );
    }
    let header = with(access_header(), "typ", json!("portal+jwt"));
    assert_eq!(as_access(&KEY.forge(&header, &both())), Err(WrongKind));
    assert_eq!(as_portal(&KEY.forge(&header, &both())), Err(WrongKind));
}

#[test]
fn unsigned_tokens_are_refused() {
    for alg in ["none", "None", "NONE", ""] {
        for signature in ["", "AA"] {
            let access = format!(
                "{}.{signature}",
                unsigned(&with(access_header(), "alg", json!(alg)), &access_claims())
            );
            let portal = format!(
                "{}.{signature}",
                unsigned(&json!({"alg": alg, "typ": "portal+jwt"}), &portal_claims())
            );
            assert_eq!((as_access(&access), as_portal(&portal)), (Err(Malformed), Err(Malformed)), "{alg}");
        }
    }
}

/// The old trick: HMAC with the public key, which everybody knows, as its secret.
#[test]
fn the_public_key_is_no_secret() {
    let jwk = KEY.keys().jwks()["keys"][0].clone();
    let modulus = BASE64_URL_SAFE_NO_PAD.decode(jwk["n"].as_str().unwrap()).unwrap();
    let public = aws_lc_rs::signature::KeyPair::public_key(&KEY.pair).as_ref().to_vec();
    let spki = AsDer::<aws_lc_rs::encoding::PublicKeyX509Der<'_>>::as_der(
        aws_lc_rs::signature::KeyPair::public_key(&KEY.pair),
    );
    let spki = spki.unwrap().as_ref().to_vec();
    let spki_pem = pem("PUBLIC KEY", &spki);
    for secret in [modulus, public, spki, spki_pem, jwk.to_string().into_bytes(), vec![]] {
        for (alg, refusal) in [("HS256", WrongKind), ("RS256", NotGenuine)] {
            let header = with(access_header(), "alg", json!(alg));
            assert_eq!(as_access(&hmac_signed(&secret, &header, &access_claims())), Err(refusal), "{alg}");
        }
    }
}

#[test]
fn other_algorithms_of_the_same_family_are_refused() {
    for alg in ["RS384", "RS512", "PS256", "ES256", "EdDSA", "HS256"] {
        assert_eq!(
            as_access(&KEY.forge(&with(access_header(), "alg", json!(alg)), &access_claims())),
            Err(WrongKind)
        );
    }
    for alg in ["HS384", "HS512", "RS256"] {
        let header = json!({"alg": alg, "typ": "portal+jwt"});
        assert_eq!(as_portal(&hmac_signed(&PORTAL_KEY, &header, &portal_claims())), Err(WrongKind), "{alg}");
    }
    let header = with(access_header(), "alg", json!("RS1"));
    assert_eq!(as_access(&KEY.forge(&header, &access_claims())), Err(Malformed));
}
