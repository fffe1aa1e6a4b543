use std::sync::Arc;

use super::*;
use crate::crypto::jwt::InvalidToken::{Malformed, NotForUs, NotGenuine, NotNow, UnknownKey, WrongKind};
use crate::crypto::jwt::{AccessClaims, InvalidToken, SigningKeys};

fn verify(token: &str) -> Result<AccessClaims, InvalidToken> {
    KEY.keys().verify(token, &EXPECTED, at(ISSUED)).map(Arc::unwrap_or_clone)
}

fn with_claims(claims: &Value) -> Result<AccessClaims, InvalidToken> {
    verify(&KEY.forge(&access_header(), claims))
}

fn with_header(header: &Value) -> Result<AccessClaims, InvalidToken> {
    verify(&KEY.forge(header, &access_claims()))
}

fn parsed_claims() -> AccessClaims {
    serde_json::from_value(access_claims()).unwrap()
}

#[test]
fn a_signed_token_is_verified_and_says_the_same() {
    let token = KEY.keys().sign(&parsed_claims());
    assert_eq!(verify(&token), Ok(parsed_claims()));
}

#[test]
fn a_token_has_exactly_the_claims_and_header_of_the_contract() {
    let token = KEY.keys().sign(&parsed_claims());
    let mut parts = token.split('.').map(|part| BASE64_URL_SAFE_NO_PAD.decode(part).unwrap());
    let mut json = || serde_json::from_slice::<Value>(&parts.next().unwrap()).unwrap();
    assert_eq!(json(), access_header());
    assert_eq!(json(), access_claims());
    let claims = AccessClaims { client_id: Some(APPLICATION.to_owned()), ..parsed_claims() };
    assert_eq!(
        serde_json::to_value(&claims).unwrap(),
        with(access_claims(), "client_id", json!(APPLICATION))
    );
}

#[test]
fn any_jwt_library_verifies_it() {
    let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::RS256);
    validation.set_audience(&[APPLICATION]);
    validation.set_issuer(&[ISSUER]);
    validation.validate_exp = false;
    let jwks: jsonwebtoken::jwk::JwkSet = serde_json::from_value(KEY.keys().jwks()).unwrap();
    let token = KEY.keys().sign(&parsed_claims());
    let kid = jsonwebtoken::decode_header(&token).unwrap().kid.unwrap();
    let key = jsonwebtoken::DecodingKey::from_jwk(jwks.find(&kid).unwrap()).unwrap();
    assert_eq!(
        jsonwebtoken::decode::<AccessClaims>(&token, &key, &validation).unwrap().claims,
        parsed_claims()
    );
}

#[test]
fn changing_any_byte_spoils_it() {
    let token = KEY.keys().sign(&parsed_claims());
    let keys = KEY.keys();
    for place in 0..token.len() {
        for other in [b'A', b'b', b'.', b'=', b'_'] {
            let mut bytes = token.clone().into_bytes();
            if std::mem::replace(&mut bytes[place], other) != other {
                let text = String::from_utf8(bytes).unwrap();
                assert!(keys.verify(&text, &EXPECTED, at(ISSUED)).is_err(), "place {place}");
            }
        }
    }
}

#[test]
fn no_text_is_more_than_malformed() {
    let token = KEY.keys().sign(&parsed_claims());
    let (message, _) = token.rsplit_once('.').unwrap();
    for text in ["", ".", "..", "...", "a.b.c", "ä.ö.ü", message, &format!("{token}.x"), &format!(" {token}")]
    {
        assert_eq!(verify(text), Err(Malformed), "{text}");
    }
    assert_eq!(verify(&format!("{message}.")), Err(NotGenuine));
    assert_eq!(verify(&format!("{token}=")), Err(NotGenuine));
}

#[test]
fn a_token_over_8_kib_is_not_looked_at() {
    let fat =
        |size: usize| KEY.forge(&access_header(), &with(access_claims(), "more", json!("x".repeat(size))));
    assert!(fat(5000).len() < 8192 && verify(&fat(5000)).is_ok());
    assert_eq!(verify(&fat(6000)), Err(Malformed));
}

#[test]
fn every_claim_must_be_there_and_of_its_type() {
    let claims = access_claims();
    for (name, value) in claims.as_object().unwrap() {
        assert_eq!(with_claims(&without(claims.clone(), name)), Err(NotGenuine), "{name}");
        for wrong in
            [json!(null), json!([value]), json!({"is": value}), json!(1.5), json!(true), json!("x"), json!(1)]
        {
            let right_type = wrong.is_string() == value.is_string()
                && wrong.is_boolean() == value.is_boolean()
                && wrong.is_i64() == value.is_i64()
                && (wrong.is_string() || wrong.is_boolean() || wrong.is_i64());
            if !right_type {
                assert_eq!(
                    with_claims(&with(claims.clone(), name, wrong.clone())),
                    Err(NotGenuine),
                    "{name}: {wrong}"
                );
            }
        }
    }
    for times in [json!("1764000900"), json!(1_764_000_900.0), json!(1e30), json!(u64::MAX)] {
        assert_eq!(with_claims(&with(claims.clone(), "exp", times.clone())), Err(NotGenuine), "{times}");
    }
    for claims in [json!([]), json!("x"), json!(null), json!({})] {
        assert_eq!(with_claims(&claims), Err(NotGenuine), "{claims}");
    }
}

#[test]
fn a_claim_twice_is_refused() {
    let twice = access_claims().to_string().replacen('{', r#"{"sub":"usr_2","#, 1);
    let message = format!(
        "{}.{}",
        BASE64_URL_SAFE_NO_PAD.encode(access_header().to_string()),
        BASE64_URL_SAFE_NO_PAD.encode(twice)
    );
    let mut signature = vec![0; 256];
    let random = aws_lc_rs::rand::SystemRandom::new();
    KEY.pair.sign(&RSA_PKCS1_SHA256, &random, message.as_bytes(), &mut signature).unwrap();
    let token = format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature));
    assert_eq!(verify(&token), Err(NotGenuine));
}

#[test]
fn it_is_good_for_its_own_issuer_and_application_only() {
    let other = json!("app_01jd0000000000000000000002");
    for name in ["aud", "app_id", "client_id"] {
        assert_eq!(with_claims(&with(access_claims(), name, other.clone())), Err(NotForUs), "{name}");
    }
    assert_eq!(with_claims(&with(access_claims(), "iss", json!("https://auth.example.com/"))), Err(NotForUs));
    assert!(with_claims(&with(access_claims(), "client_id", json!(APPLICATION))).is_ok());
    assert!(with_claims(&with(access_claims(), "added_later", json!(1))).is_ok());
}

#[test]
fn it_is_good_in_its_time_with_five_seconds_of_leeway() {
    let token = KEY.keys().sign(&parsed_claims());
    let verify = |now| KEY.keys().verify(&token, &EXPECTED, at(now)).map(|_| ());
    assert_eq!(verify(EXPIRES + 4), Ok(()));
    assert_eq!(verify(EXPIRES + 5), Err(NotNow));
    assert_eq!(verify(ISSUED - 5), Ok(()));
    assert_eq!(verify(ISSUED - 6), Err(NotNow));
    assert_eq!(with_claims(&with(access_claims(), "exp", json!(i64::MIN))).map(|_| ()), Err(NotNow));
    assert_eq!(with_claims(&with(access_claims(), "iat", json!(i64::MAX))).map(|_| ()), Err(NotNow));
}

#[test]
fn the_type_must_be_that_of_an_access_token() {
    for typ in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"] {
        assert!(with_header(&with(access_header(), "typ", json!(typ))).is_ok(), "{typ}");
    }
    for typ in ["JWT", "portal+jwt", "", "at+jwt ", "application/application/at+jwt", "xat+jwt"] {
        assert_eq!(with_header(&with(access_header(), "typ", json!(typ))), Err(WrongKind), "{typ}");
    }
    assert_eq!(with_header(&without(access_header(), "typ")), Err(WrongKind));
}

#[test]
fn the_key_must_be_named_and_ours() {
    for kid in [json!("other"), json!(""), json!(null)] {
        assert_eq!(with_header(&with(access_header(), "kid", kid.clone())), Err(UnknownKey), "{kid}");
    }
    assert_eq!(with_header(&without(access_header(), "kid")), Err(UnknownKey));
    assert_eq!(verify(&OTHER_KEY.keys().sign(&parsed_claims())), Err(UnknownKey));
    // Another's signature under our key's name, with and without the key that would verify it.
    let jwk = OTHER_KEY.keys().jwks()["keys"][0].clone();
    for header in [access_header(), with(access_header(), "jwk", jwk)] {
        assert_eq!(verify(&OTHER_KEY.forge(&header, &access_claims())), Err(NotGenuine));
    }
}

#[test]
fn extensions_are_refused() {
    for crit in [json!(["exp"]), json!([]), json!(["b64"])] {
        assert_eq!(with_header(&with(access_header(), "crit", crit.clone())), Err(WrongKind), "{crit}");
    }
    assert_eq!(with_header(&with(access_header(), "crit", json!("exp"))), Err(Malformed));
}

#[test]
fn after_rotation_the_new_key_signs_and_the_old_one_still_verifies() {
    let old = KEY.keys().sign(&parsed_claims());
    let rotated = SigningKeys::load(&[OTHER_KEY.pem(), KEY.pem()]).unwrap();
    assert_eq!(rotated.verify(&old, &EXPECTED, at(ISSUED)), Ok(Arc::new(parsed_claims())));
    let new = rotated.sign(&parsed_claims());
    assert_eq!(OTHER_KEY.keys().verify(&new, &EXPECTED, at(ISSUED)), Ok(Arc::new(parsed_claims())));
    assert_eq!(verify(&new), Err(UnknownKey));
}

#[test]
fn claims_do_not_show_the_address() {
    assert!(!format!("{:?}", parsed_claims()).contains("ada"));
}
