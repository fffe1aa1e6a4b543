//! The portal token: what it opens, and when it dies

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::{LOGIN, LOGOUT, ME, credentials};
use crate::app::{PASSWORD, TestApp};
use crate::client::send;

const CHANGE: &str = "/v1/portal/developers/password/change";

#[tokio::test]
async fn a_token_dies_with_its_logout_on_every_node_and_takes_no_other_with_it() {
    let app = TestApp::start().await;
    let one = app.developer().await.client;
    let login = app.anyone().post(LOGIN, credentials("grace@example.org", PASSWORD)).await.expect(200);
    let two = app.anyone().bearing(login["access_token"].as_str().unwrap());

    let answer = send(one.request(Method::POST, LOGOUT)).await;
    assert!(answer.text.is_empty());
    answer.expect(204);

    one.get(ME).await.refused(401, "invalid_token");
    one.at(&app.another_node().await).get(ME).await.refused(401, "invalid_token");
    send(one.request(Method::POST, LOGOUT)).await.refused(401, "invalid_token");
    two.get(ME).await.expect(200);
}

#[tokio::test]
async fn every_token_dies_with_a_password_change() {
    let app = TestApp::start().await;
    let one = app.developer().await.client;
    let login = app.anyone().post(LOGIN, credentials("grace@example.org", PASSWORD)).await.expect(200);
    let two = app.anyone().bearing(login["access_token"].as_str().unwrap());

    let new = "orange submarine pencil 31";
    one.post(CHANGE, json!({"current_password": PASSWORD, "password": new})).await.expect(204);

    two.get(ME).await.refused(401, "invalid_token");
    one.get(ME).await.refused(401, "invalid_token");
    app.anyone()
        .post(LOGIN, credentials("grace@example.org", PASSWORD))
        .await
        .refused(401, "invalid_credentials");
    app.anyone().post(LOGIN, credentials("grace@example.org", new)).await.expect(200);
}

#[tokio::test]
async fn a_token_lives_thirty_minutes() {
    let app = TestApp::start().await;
    let developer = app.developer().await.client;
    app.pass(Duration::from_secs(29 * 60 + 50));
    developer.get(ME).await.expect(200);
    // Five seconds of leeway for the clocks of others, and not more.
    app.pass(Duration::from_secs(16));
    let dead = developer.get(ME).await;
    assert_eq!(dead.header("www-authenticate"), Some(r#"Bearer realm="devauth", error="invalid_token""#));
    dead.refused(401, "invalid_token");
}

#[tokio::test]
async fn portal_and_users_tokens_do_not_pass_for_each_other() {
    let app = TestApp::start().await;
    let developer = app.developer().await;
    let acme = developer.application("Acme").await.client;
    // Even the same address with the same password is another person.
    acme.sign_up("grace@example.org").await;
    let users = acme.log_in("grace@example.org").await["access_token"].as_str().unwrap().to_owned();
    let login = app.anyone().post(LOGIN, credentials("grace@example.org", PASSWORD)).await.expect(200);
    let portals = login["access_token"].as_str().unwrap();

    acme.bearing(&users).get("/v1/auth/me").await.expect(200);
    app.anyone().bearing(&users).get(ME).await.refused(401, "invalid_token");
    app.anyone().bearing(&users).get("/v1/portal/applications").await.refused(401, "invalid_token");
    app.anyone().bearing(portals).get(ME).await.expect(200);
    acme.bearing(portals).get("/v1/auth/me").await.refused(401, "invalid_token");
    acme.bearing(portals).get("/v1/auth/sessions").await.refused(401, "invalid_token");
    let introspected = acme.post("/v1/auth/introspect", json!({"token": portals})).await.expect(200);
    assert_eq!(introspected, json!({"active": false}));
}

#[tokio::test]
async fn no_token_and_every_kind_of_bad_token_are_refused() {
    let app = TestApp::start().await;
    let developer = app.developer().await.client;
    let bearer = developer.own_header("authorization").unwrap().to_owned();
    let (head, signature) = bearer.rsplit_once('.').unwrap();
    let flipped = if signature.starts_with('A') { "B" } else { "A" };
    let tampered = format!("{head}.{flipped}{}", &signature[1..]);
    let unsigned = format!("{head}.");
    // {"alg":"none"}
    let payload = head.rsplit_once('.').unwrap().1;
    let none = format!("Bearer eyJhbGciOiJub25lIiwidHlwIjoicG9ydGFsK2p3dCJ9.{payload}.");
    for value in [&tampered, &unsigned, &none, "Bearer", "Bearer ", "Bearer x", "Basic Zzp4", "dvk_sk_x"] {
        let refused = app.anyone().with("authorization", value).get(ME).await;
        assert!(refused.header("www-authenticate").unwrap().starts_with("Bearer "));
        refused.refused(401, "invalid_token");
    }
    let without = app.anyone().get(ME).await;
    assert_eq!(without.header("www-authenticate"), Some(r#"Bearer realm="devauth""#));
    assert_eq!(without.refused(401, "invalid_token")["errors"], Value::Null);
    developer.with("authorization", &bearer.replace("Bearer", "bearer")).get(ME).await.expect(200);
}
