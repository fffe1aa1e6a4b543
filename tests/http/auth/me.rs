//! `GET /v1/auth/me`, and the access tokens it is asked with

mod forged;

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use devauth_aggregates::{SessionId, UserId};
use serde_json::{Value, json};

use crate::app::{PASSWORD, TestApp};

pub const PATH: &str = "/v1/auth/me";

/// A part of a token, decoded.
pub fn part(token: &str, index: usize) -> Value {
    let text = token.split('.').nth(index).unwrap();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap()
}

#[tokio::test]
async fn it_shows_the_user_with_exactly_the_members_of_the_contract() {
    let app = TestApp::start().await;
    let client = app.application().await;
    let body =
        json!({"email": "Ada@Example.org", "password": PASSWORD, "metadata": {"plan": ["pro", 1.5, null]}});
    let signed_up = client.post("/v1/auth/signup", body).await.expect(201)["user"].clone();
    let tokens = client.log_in("ada@example.org").await;

    let answer = client.as_user(&tokens).get(PATH).await;

    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let me = answer.expect(200);
    assert_eq!(me, json!({"user": tokens["user"]}));
    let mut expected = signed_up;
    expected["last_login_at"] = me["user"]["last_login_at"].clone();
    assert_eq!(me["user"], expected);
    let names: Vec<_> = me["user"].as_object().unwrap().keys().map(String::as_str).collect();
    let mut contract = [
        "id",
        "app_id",
        "email",
        "email_verified",
        "status",
        "metadata",
        "created_at",
        "updated_at",
        "last_login_at",
    ];
    contract.sort_unstable();
    assert_eq!(names, contract);
    for time in ["created_at", "updated_at", "last_login_at"] {
        let text = me["user"][time].as_str().unwrap();
        assert!(text.ends_with('Z') && chrono::DateTime::parse_from_rfc3339(text).is_ok(), "{text}");
    }
}

#[tokio::test]
async fn an_access_token_says_what_the_contract_says() {
    let app = TestApp::start().await;
    let client = app.application().await;
    let user = client.sign_up("Ada@Example.org").await;
    let tokens = client.log_in("ada@example.org").await;
    let token = tokens["access_token"].as_str().unwrap();

    let (header, claims) = (part(token, 0), part(token, 1));

    let keys = app.anyone().get("/.well-known/jwks.json").await.expect(200);
    assert_eq!(header, json!({"typ": "at+jwt", "alg": "RS256", "kid": keys["keys"][0]["kid"]}));
    let (iat, exp) = (claims["iat"].as_i64().unwrap(), claims["exp"].as_i64().unwrap());
    assert_eq!(exp - iat, 900);
    assert!((app.clock.now().timestamp() - iat).abs() <= 20);
    let sid: SessionId = claims["sid"].as_str().unwrap().parse().unwrap();
    assert_eq!(claims["sub"].as_str().unwrap().parse::<UserId>().unwrap().to_string(), user["id"]);
    assert_eq!(
        claims,
        json!({
            "iss": "https://auth.example.com", "aud": user["app_id"], "app_id": user["app_id"],
            "client_id": user["app_id"], "sub": user["id"], "sid": sid.to_string(), "jti": claims["jti"],
            "iat": iat, "exp": exp, "email": "Ada@Example.org", "email_verified": false,
        })
    );
    let again = client.refresh(&tokens["refresh_token"]).await.expect(200);
    let again = part(again["access_token"].as_str().unwrap(), 1);
    assert_eq!(again["sid"], claims["sid"]);
    assert_ne!(again["jti"], claims["jti"]);
}

#[tokio::test]
async fn a_token_ends_after_fifteen_minutes() {
    let app = TestApp::start().await;
    let client = app.application().await;
    client.sign_up("ada@example.org").await;
    let tokens = client.log_in("ada@example.org").await;

    app.pass(Duration::from_secs(890));
    assert!(client.admits(&tokens).await);
    app.pass(Duration::from_secs(15));
    assert!(!client.admits(&tokens).await);
    assert!(client.admits(&client.refresh(&tokens["refresh_token"]).await.expect(200)).await);
}

#[tokio::test]
async fn a_suspended_user_is_out_at_once_and_stays_out_of_old_sessions() {
    let app = TestApp::start().await;
    let client = app.application().await;
    let user = client.sign_up("ada@example.org").await;
    let tokens = client.log_in("ada@example.org").await;

    app.suspend(&user, true).await;
    assert!(!client.admits(&tokens).await);
    client.refresh(&tokens["refresh_token"]).await.refused(401, "invalid_token");

    app.suspend(&user, false).await;
    assert!(!client.admits(&tokens).await);
    client.refresh(&tokens["refresh_token"]).await.refused(401, "invalid_token");
    assert!(client.admits(&client.log_in("ada@example.org").await).await);
}

#[tokio::test]
async fn what_the_user_is_now_counts_and_not_what_the_token_says() {
    let app = TestApp::start().await;
    let client = app.application().await;
    client.sign_up("ada@example.org").await;
    let tokens = client.log_in("ada@example.org").await;
    let token = app.mailed_token("ada@example.org", "Verify").await;
    client.post("/v1/auth/email/verify/confirm", json!({ "token": token })).await.expect(200);

    let other_node = app.another_node().await;
    let me = client.at(&other_node).as_user(&tokens).get(PATH).await.expect(200);

    assert_eq!(me["user"]["email_verified"], true);
}
