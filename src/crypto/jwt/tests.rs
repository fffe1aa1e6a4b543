use std::sync::LazyLock;

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rsa::{KeyPair, KeySize},
    signature::RSA_PKCS1_SHA256,
};
use base64::{Engine, prelude::BASE64_STANDARD, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::DateTime;
use serde_json::{Value, json};

mod access;
mod fuzz;
mod keys;
mod kinds;
mod portal;
mod remembered;

const ISSUER: &str = "https://auth.example.com";
const APPLICATION: &str = "app_01jd0000000000000000000001";
const EXPECTED: super::Expected<'static> = super::Expected { issuer: ISSUER, application: APPLICATION };
const ISSUED: i64 = 1_764_000_000;
const EXPIRES: i64 = ISSUED + 900;

/// One key for all tests, since making one takes a while.
static KEY: LazyLock<TestKey> = LazyLock::new(TestKey::generate);
static OTHER_KEY: LazyLock<TestKey> = LazyLock::new(TestKey::generate);

struct TestKey {
    pair: KeyPair,
    pkcs8: Vec<u8>,
}

impl TestKey {
    fn generate() -> TestKey {
        let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let pkcs8 = AsDer::<Pkcs8V1Der<'static>>::as_der(&pair).unwrap().as_ref().to_vec();
        TestKey { pair, pkcs8 }
    }

    fn pem(&self) -> Vec<u8> {
        pem("PRIVATE KEY", &self.pkcs8)
    }

    fn pkcs1_pem(&self) -> Vec<u8> {
        // Two headers of four bytes, version (3) and algorithm (15) stand before the PKCS#1 key.
        pem("RSA PRIVATE KEY", &self.pkcs8[26..])
    }

    fn keys(&self) -> super::SigningKeys {
        super::SigningKeys::load(&[self.pem()]).unwrap()
    }

    /// Signs whatever it is given, as somebody with the key could.
    fn forge(&self, header: &Value, claims: &Value) -> String {
        let message = unsigned(header, claims);
        let mut signature = vec![0; self.pair.public_modulus_len()];
        let random = aws_lc_rs::rand::SystemRandom::new();
        self.pair.sign(&RSA_PKCS1_SHA256, &random, message.as_bytes(), &mut signature).unwrap();
        format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
    }
}

fn pem(label: &str, der: &[u8]) -> Vec<u8> {
    let encoded = BASE64_STANDARD.encode(der);
    let lines: Vec<&str> =
        encoded.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n")).into_bytes()
}

fn unsigned(header: &Value, claims: &Value) -> String {
    let encode = |part: &Value| BASE64_URL_SAFE_NO_PAD.encode(part.to_string());
    format!("{}.{}", encode(header), encode(claims))
}

fn with(mut object: Value, member: &str, value: Value) -> Value {
    object[member] = value;
    object
}

fn without(mut object: Value, member: &str) -> Value {
    object.as_object_mut().unwrap().remove(member).unwrap();
    object
}

fn at(seconds: i64) -> DateTime<chrono::Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap()
}

fn access_header() -> Value {
    json!({"alg": "RS256", "typ": "at+jwt", "kid": KEY.keys().key_ids().next().unwrap()})
}

fn access_claims() -> Value {
    json!({
        "iss": ISSUER, "aud": APPLICATION, "app_id": APPLICATION, "sub": "usr_1", "sid": "ses_1", "jti": "1",
        "iat": ISSUED, "exp": EXPIRES, "email": "ada@example.com", "email_verified": true,
    })
}

fn portal_claims() -> Value {
    json!({"iss": ISSUER, "aud": "portal", "sub": "dev_1", "sid": "ses_1", "jti": "1", "iat": ISSUED, "exp": EXPIRES})
}
