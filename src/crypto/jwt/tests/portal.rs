use super::*;
use crate::crypto::jwt::InvalidToken::{Malformed, NotForUs, NotGenuine, NotNow};
use crate::crypto::jwt::{InvalidToken, PortalClaims, PortalTokens};

fn tokens() -> PortalTokens {
    PortalTokens::new(&[9; 32])
}

fn claims() -> PortalClaims {
    PortalClaims {
        iss: ISSUER.to_owned(),
        sub: "dev_1".to_owned(),
        sid: "ses_1".to_owned(),
        jti: "1".to_owned(),
        iat: ISSUED,
        exp: EXPIRES,
    }
}

fn verify(token: &str) -> Result<PortalClaims, InvalidToken> {
    tokens().verify(token, ISSUER, at(ISSUED))
}

fn forge(claims: &Value) -> String {
    let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256);
    header.typ = Some("portal+jwt".to_owned());
    jsonwebtoken::encode(&header, claims, &jsonwebtoken::EncodingKey::from_secret(&[9; 32])).unwrap()
}

#[test]
fn a_signed_token_is_verified_and_says_the_same() {
    let token = tokens().sign(&claims());
    assert_eq!(verify(&token), Ok(claims()));
    let payload = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&payload).unwrap(), portal_claims());
}

#[test]
fn changing_any_byte_spoils_it() {
    let token = tokens().sign(&claims());
    for place in 0..token.len() {
        for other in [b'A', b'b', b'.', b'=', b'_'] {
            let mut bytes = token.clone().into_bytes();
            if std::mem::replace(&mut bytes[place], other) != other {
                assert!(verify(&String::from_utf8(bytes).unwrap()).is_err(), "place {place}");
            }
        }
    }
}

#[test]
fn every_claim_must_be_there_and_of_its_type() {
    assert!(verify(&forge(&portal_claims())).is_ok());
    for (name, value) in portal_claims().as_object().unwrap() {
        assert_eq!(verify(&forge(&without(portal_claims(), name))), Err(NotGenuine), "{name}");
        for wrong in [json!(null), json!([value]), json!(1.5), json!(true)] {
            assert_eq!(verify(&forge(&with(portal_claims(), name, wrong))), Err(NotGenuine), "{name}");
        }
    }
    for aud in [json!("Portal"), json!(""), json!(APPLICATION)] {
        assert_eq!(verify(&forge(&with(portal_claims(), "aud", aud.clone()))), Err(NotForUs), "{aud}");
    }
}

#[test]
fn it_is_good_for_its_issuer_key_and_time_only() {
    let token = tokens().sign(&claims());
    assert_eq!(tokens().verify(&token, "https://other.example.com", at(ISSUED)), Err(NotForUs));
    assert_eq!(PortalTokens::new(&[8; 32]).verify(&token, ISSUER, at(ISSUED)), Err(NotGenuine));
    assert_eq!(tokens().verify(&token, ISSUER, at(EXPIRES + 5)), Err(NotNow));
    assert_eq!(tokens().verify(&token, ISSUER, at(ISSUED - 6)), Err(NotNow));
    assert_eq!(verify(&"x".repeat(100_000)), Err(Malformed));
}
