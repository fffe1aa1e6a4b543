//! A token that was verified a moment ago is asked everything again but whether its signature holds.

use super::*;
use crate::crypto::jwt::InvalidToken::{NotForUs, NotGenuine, NotNow, UnknownKey};
use crate::crypto::jwt::{Expected, SigningKeys};

/// Keys that have just verified the token.
fn remembering() -> (SigningKeys, String) {
    let keys = KEY.keys();
    let token = KEY.forge(&access_header(), &access_claims());
    for _ in 0..2 {
        assert!(keys.verify(&token, &EXPECTED, at(ISSUED)).is_ok());
    }
    (keys, token)
}

#[test]
fn it_ends_at_its_time() {
    let (keys, token) = remembering();
    assert!(keys.verify(&token, &EXPECTED, at(EXPIRES + 4)).is_ok());
    assert_eq!(keys.verify(&token, &EXPECTED, at(EXPIRES + 5)), Err(NotNow));
    assert_eq!(keys.verify(&token, &EXPECTED, at(ISSUED - 6)), Err(NotNow));
}

#[test]
fn it_is_still_good_for_its_own_application_and_issuer_alone() {
    let (keys, token) = remembering();
    let elsewhere = Expected { application: "app_01jd0000000000000000000002", ..EXPECTED };
    assert_eq!(keys.verify(&token, &elsewhere, at(ISSUED)), Err(NotForUs));
    let elsewhere = Expected { issuer: "https://other.example.com", ..EXPECTED };
    assert_eq!(keys.verify(&token, &elsewhere, at(ISSUED)), Err(NotForUs));
}

#[test]
fn other_keys_know_nothing_of_it() {
    let (_keys, token) = remembering();
    assert_eq!(OTHER_KEY.keys().verify(&token, &EXPECTED, at(ISSUED)), Err(UnknownKey));
}

#[test]
fn what_differs_from_it_in_one_byte_is_not_it() {
    let (keys, token) = remembering();
    let (message, signature) = token.rsplit_once('.').unwrap();
    assert_eq!(keys.verify(&format!("{message}."), &EXPECTED, at(ISSUED)), Err(NotGenuine));
    let mut changed = signature.as_bytes().to_vec();
    changed[0] = if changed[0] == b'A' { b'B' } else { b'A' };
    let changed = format!("{message}.{}", String::from_utf8(changed).unwrap());
    assert_eq!(keys.verify(&changed, &EXPECTED, at(ISSUED)), Err(NotGenuine));
}

#[test]
fn a_token_that_was_refused_is_refused_again() {
    let keys = KEY.keys();
    let token = OTHER_KEY.forge(&access_header(), &access_claims());
    for _ in 0..2 {
        assert_eq!(keys.verify(&token, &EXPECTED, at(ISSUED)), Err(NotGenuine));
    }
}
