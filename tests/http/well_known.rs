//! `/.well-known/*`: what verifiers of tokens go by

mod rotation;

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::members;

async fn keys(app: &TestApp) -> (JwkSet, Value) {
    let answer = app.anyone().get("/.well-known/jwks.json").await;
    assert!(answer.header("cache-control").unwrap().starts_with("public, max-age="));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let body = answer.expect(200);
    (serde_json::from_value(body.clone()).unwrap(), body)
}

#[tokio::test]
async fn a_token_verifies_with_the_published_key_and_no_part_of_it_can_be_changed() {
    let app = TestApp::start().await;
    let acme = app.developer().await.application("Acme").await;
    let user = acme.client.sign_up("ada@example.org").await;
    let tokens = acme.client.log_in("ada@example.org").await;
    let token = tokens["access_token"].as_str().unwrap();

    let header = decode_header(token).unwrap();
    assert_eq!((header.alg, header.typ.as_deref()), (Algorithm::RS256, Some("at+jwt")));
    let (keys, _) = keys(&app).await;
    let key = keys.find(header.kid.as_deref().unwrap()).expect("the key that signed is published");
    let key = DecodingKey::from_jwk(key).unwrap();
    let mut expected = Validation::new(Algorithm::RS256);
    expected.set_audience(&[&acme.id]);
    expected.set_issuer(&["https://auth.example.com"]);
    expected.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    let claims = decode::<Value>(token, &key, &expected).unwrap().claims;
    assert_eq!(
        members(&claims),
        ["app_id", "aud", "client_id", "email", "email_verified", "exp", "iat", "iss", "jti", "sid", "sub"]
    );
    assert_eq!((&claims["sub"], &claims["app_id"]), (&user["id"], &json!(acme.id)));
    assert_eq!(claims["email"], "ada@example.org");

    let (head, signature) = token.rsplit_once('.').unwrap();
    let (header, payload) = head.split_once('.').unwrap();
    let longer = format!("{header}.{payload}A.{signature}");
    assert!(decode::<Value>(&longer, &key, &expected).is_err());
    let me = |token: &str| acme.client.bearing(token);
    me(token).get("/v1/auth/me").await.expect(200);
    me(&longer).get("/v1/auth/me").await.refused(401, "invalid_token");
}

#[tokio::test]
async fn public_keys_and_nothing_but_public_keys_are_published() {
    let app = TestApp::start().await;
    let (_, body) = keys(&app).await;
    assert_eq!(members(&body), ["keys"]);
    for key in body["keys"].as_array().unwrap() {
        assert_eq!(members(key), ["alg", "e", "kid", "kty", "n", "use"]);
        assert_eq!([&key["kty"], &key["alg"], &key["use"]], ["RSA", "RS256", "sig"]);
        assert!(key["n"].as_str().unwrap().len() >= 342, "2048 bits in base64url");
    }
    let elsewhere = app.anyone().at(&app.another_node().await);
    assert_eq!(elsewhere.get("/.well-known/jwks.json").await.expect(200), body);
}

#[tokio::test]
async fn the_metadata_leads_to_routes_that_are_there() {
    let app = TestApp::start().await;
    let metadata = app.anyone().get("/.well-known/oauth-authorization-server").await.expect(200);
    assert_eq!(metadata["issuer"], "https://auth.example.com");
    // RFC 8414 2: required; and left out, the grants would be those of an authorization endpoint, which isn't there.
    assert_eq!(metadata["response_types_supported"], json!(["none"]));
    assert_eq!(metadata["grant_types_supported"], json!(["refresh_token"]));
    for (name, value) in metadata.as_object().unwrap() {
        assert!(value.as_array().is_none_or(|values| !values.is_empty()), "3.2: {name} has no element");
        let endpoint = name.split_once("_endpoint_").map(|(endpoint, _)| format!("{endpoint}_endpoint"));
        assert!(endpoint.is_none_or(|endpoint| metadata[endpoint].is_string()), "{name} of nothing");
    }
    assert!(
        metadata["introspection_endpoint_auth_methods_supported"]
            .as_array()
            .unwrap()
            .contains(&json!("client_secret_basic"))
    );
    for name in ["jwks_uri", "introspection_endpoint", "service_documentation"] {
        let path =
            metadata[name].as_str().unwrap().strip_prefix("https://auth.example.com").unwrap().to_owned();
        assert_ne!(app.anyone().get(&path).await.status, 404, "{name}");
    }
}
