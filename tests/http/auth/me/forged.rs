//! Tokens that somebody else made, or made something else of.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use devauth::crypto::generate::{SigningKeySize, signing_key_pem};
use devauth::crypto::jwt::{AccessClaims, SigningKeys};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use super::{PATH, part};
use crate::app::TestApp;

fn encode(part: &Value) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(part.to_string())
}

#[tokio::test]
async fn a_token_that_was_changed_or_made_by_others_is_refused() {
    let app = TestApp::start().await;
    let client = app.application().await;
    client.sign_up("ada@example.org").await;
    client.sign_up("eve@example.org").await;
    let tokens = client.log_in("ada@example.org").await;
    let good = tokens["access_token"].as_str().unwrap();
    let (header, claims) = (part(good, 0), part(good, 1));
    let signature = good.split('.').nth(2).unwrap();
    let forged = |name: &str, value: Value| {
        let mut header = header.clone();
        header[name] = value;
        format!("{}.{}.{signature}", encode(&header), encode(&claims))
    };
    let eve = part(client.log_in("eve@example.org").await["access_token"].as_str().unwrap(), 1);
    let claimed = |name: &str, value: Value| {
        let mut claims = claims.clone();
        claims[name] = value;
        format!("{}.{}.{signature}", encode(&header), encode(&claims))
    };
    let mut flipped = signature.to_owned();
    flipped.replace_range(..1, if signature.starts_with('A') { "B" } else { "A" });
    let unsigned = json!({"alg": "none", "typ": "at+jwt", "kid": header["kid"]});

    for token in [
        forged("alg", json!("none")),
        forged("alg", json!("HS256")),
        forged("alg", json!("RS512")),
        forged("typ", json!("JWT")),
        forged("kid", json!("another")),
        forged("crit", json!(["exp"])),
        claimed("exp", json!(claims["exp"].as_i64().unwrap() + 3_600)),
        claimed("sub", eve["sub"].clone()),
        claimed("sid", eve["sid"].clone()),
        format!("{}.{}.{flipped}", encode(&header), encode(&claims)),
        format!("{}.{}.", encode(&header), encode(&claims)),
        format!("{}.{}.", encode(&unsigned), encode(&claims)),
        format!("{}.{}", encode(&unsigned), encode(&claims)),
        format!("{good}.{signature}"),
    ] {
        client.bearing(&token).get(PATH).await.refused(401, "invalid_token");
        let told = client.post("/v1/auth/introspect", json!({ "token": token })).await;
        assert_eq!(told.expect(200), json!({"active": false}));
    }
    assert!(client.admits(&tokens).await);
}

#[tokio::test]
async fn a_token_signed_by_a_key_that_is_not_ours_is_refused() {
    let app = TestApp::start().await;
    let client = app.application().await;
    client.sign_up("ada@example.org").await;
    let tokens = client.log_in("ada@example.org").await;
    let claims: AccessClaims =
        serde_json::from_value(part(tokens["access_token"].as_str().unwrap(), 1)).unwrap();
    let pem = signing_key_pem(SigningKeySize::Rsa2048).expose_secret().as_bytes().to_vec();
    let theirs = SigningKeys::load(&[pem]).unwrap();

    client.bearing(&theirs.sign(&claims)).get(PATH).await.refused(401, "invalid_token");
    client.bearing(&app.node.app.keys.signing().sign(&claims)).get(PATH).await.expect(200);
}

/// With our own signature: what else a token must say to be good.
#[tokio::test]
async fn a_token_of_ours_with_the_wrong_claims_is_refused() {
    let app = TestApp::start().await;
    let client = app.application().await;
    client.sign_up("ada@example.org").await;
    client.sign_up("eve@example.org").await;
    let tokens = client.log_in("ada@example.org").await;
    let good: AccessClaims =
        serde_json::from_value(part(tokens["access_token"].as_str().unwrap(), 1)).unwrap();
    let eve = part(client.log_in("eve@example.org").await["access_token"].as_str().unwrap(), 1);
    let text = |name: &str| eve[name].as_str().unwrap().to_owned();
    let now = app.clock.now().timestamp();

    for claims in [
        AccessClaims { iss: "https://evil.example".to_owned(), ..good.clone() },
        AccessClaims { aud: "app_other".to_owned(), ..good.clone() },
        AccessClaims { app_id: "app_other".to_owned(), ..good.clone() },
        AccessClaims { client_id: Some("app_other".to_owned()), ..good.clone() },
        AccessClaims { sub: text("sub"), ..good.clone() },
        AccessClaims { sid: text("sid"), ..good.clone() },
        AccessClaims { sid: "nonsense".to_owned(), ..good.clone() },
        AccessClaims { sid: good.sub.clone(), ..good.clone() },
        AccessClaims { exp: now - 10, ..good.clone() },
        AccessClaims { iat: now + 60, ..good.clone() },
    ] {
        let token = app.node.app.keys.signing().sign(&claims);
        client.bearing(&token).get(PATH).await.refused(401, "invalid_token");
    }
}
