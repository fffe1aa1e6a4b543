use super::*;
use crate::crypto::jwt::{KeyError, KeyProblem, SigningKeys};

const SMALL: &[u8] = include_bytes!("rsa-1024.pem");

fn problem(pem: &[u8]) -> KeyProblem {
    SigningKeys::load(&[pem.to_vec()]).unwrap_err().problem
}

#[test]
fn both_forms_of_pem_give_the_same_key() {
    let pkcs8 = KEY.keys();
    let pkcs1 = SigningKeys::load(&[KEY.pkcs1_pem()]).unwrap();
    assert_eq!(pkcs8.jwks(), pkcs1.jwks());
}

#[test]
fn all_public_keys_are_published_and_nothing_else() {
    let keys = SigningKeys::load(&[KEY.pem(), OTHER_KEY.pem(), KEY.pem()]).unwrap();
    let jwks = keys.jwks();
    let list = jwks["keys"].as_array().unwrap();
    assert_eq!(list.len(), 2, "a key given twice counts once");
    for (key, kid) in list.iter().zip(keys.key_ids()) {
        let members: Vec<&str> = key.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members, ["alg", "e", "kid", "kty", "n", "use"]);
        assert_eq!([&key["alg"], &key["e"], &key["kty"], &key["use"]], ["RS256", "AQAB", "RSA", "sig"]);
        assert_eq!(key["kid"], kid);
        assert_eq!(kid.len(), 43);
    }
}

#[test]
fn the_error_says_which_key_and_why() {
    let error = SigningKeys::load(&[KEY.pem(), SMALL.to_vec()]).unwrap_err();
    assert_eq!(error, KeyError { index: 1, problem: KeyProblem::TooSmall });
    assert_eq!(
        error.to_string(),
        "signing key 2: this key is too small; an RSA key of at least 2048 bits is needed"
    );
    assert_eq!(SigningKeys::load(&[] as &[Vec<u8>]).unwrap_err().problem, KeyProblem::Missing);
}

#[test]
fn whatever_is_no_rsa_key_is_refused_by_its_name() {
    for nothing in ["", "garbage", "-----BEGIN PUBLIC KEY-----\nAA==\n-----END PUBLIC KEY-----\n"] {
        assert_eq!(problem(nothing.as_bytes()), KeyProblem::NotPem, "{nothing}");
    }
    assert_eq!(problem(&pem("ENCRYPTED PRIVATE KEY", b"x")), KeyProblem::Encrypted);
    let traditional = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: X\n\nAA==\n-----END RSA PRIVATE KEY-----\n";
    assert_eq!(problem(traditional.as_bytes()), KeyProblem::Encrypted);
    assert_eq!(problem(&pem("PRIVATE KEY", b"not a key")), KeyProblem::NotRsa);
}

#[test]
fn a_file_may_hold_several_keys_and_each_must_be_good() {
    let both = [KEY.pem(), b"# the next one\n".to_vec(), OTHER_KEY.pkcs1_pem()].concat();
    let keys = SigningKeys::load(&[both]).unwrap();
    let apart = SigningKeys::load(&[KEY.pem(), OTHER_KEY.pem()]).unwrap();
    assert_eq!(keys.jwks(), apart.jwks());

    assert_eq!(problem(&[&KEY.pem(), SMALL].concat()), KeyProblem::TooSmall);
    assert_eq!(problem(&[KEY.pem(), pem("PRIVATE KEY", b"not a key")].concat()), KeyProblem::NotRsa);
}

#[test]
fn a_file_that_ends_anywhere_in_a_key_is_refused() {
    let (first, second) = (KEY.pem(), OTHER_KEY.pem());
    let both = [first.clone(), second].concat();
    // The last byte may be missing: it is the end of a line.
    for end in (1..both.len() - 1).filter(|end| *end < first.len() - 1 || *end > first.len()) {
        let cut = SigningKeys::load(&[both[..end].to_vec()]).map(|keys| keys.key_ids().count());
        // A few characters that begin nothing yet are no harm, nor what looks like text between keys.
        let harmless = end > first.len() && end < first.len() + 5;
        assert!(cut.is_err() || (harmless && cut == Ok(1)), "{end} of {}: {cut:?}", both.len());
    }
}

#[test]
fn an_elliptic_curve_key_is_no_rsa_key() {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
    let random = aws_lc_rs::rand::SystemRandom::new();
    let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    assert_eq!(problem(&pem("PRIVATE KEY", key.as_ref())), KeyProblem::NotRsa);
    assert_eq!(problem(&pem("EC PRIVATE KEY", key.as_ref())), KeyProblem::NotRsa);
}

#[test]
fn a_damaged_key_is_refused_at_the_start_and_not_at_the_first_signature() {
    let mut der = KEY.pkcs8.clone();
    let middle = der.len() / 2;
    der[middle] ^= 1;
    assert_eq!(problem(&pem("PRIVATE KEY", &der)), KeyProblem::NotRsa);
}

#[test]
fn keys_show_their_names_only() {
    let keys = KEY.keys();
    assert_eq!(format!("{keys:?}"), format!("[{:?}]", keys.key_ids().next().unwrap()));
}
