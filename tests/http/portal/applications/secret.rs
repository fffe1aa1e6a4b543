//! `POST /v1/portal/applications/{app_id}/secret/rotate`

use reqwest::Method;
use serde_json::json;

use super::APPLICATIONS;
use crate::app::TestApp;
use crate::client::{Answer, Client, members, send};

async fn introspect(anyone: &Client, id: &str, secret: &str, token: &str) -> Answer {
    let request = anyone.request(Method::POST, "/v1/auth/introspect").basic_auth(id, Some(secret));
    let form = "application/x-www-form-urlencoded";
    send(request.header("content-type", form).body(format!("token={token}"))).await
}

#[tokio::test]
async fn the_new_secret_works_and_the_old_one_is_dead_on_every_node() {
    let app = TestApp::start().await;
    let developer = app.developer().await;
    let acme = developer.application("Acme").await;
    let elsewhere = app.anyone().at(&app.another_node().await);
    acme.client.sign_up("ada@example.org").await;
    let token = acme.client.log_in("ada@example.org").await["access_token"].as_str().unwrap().to_owned();
    let before = introspect(&elsewhere, &acme.id, &acme.secret, &token).await.expect(200);
    assert_eq!(before["active"], true);

    let path = format!("{APPLICATIONS}/{}", acme.id);
    let rotated =
        send(developer.client.request(Method::POST, &format!("{path}/secret/rotate"))).await.expect(200);
    let secret = rotated["app_secret"].as_str().unwrap();
    assert_ne!(secret, acme.secret);
    assert_eq!(rotated["app_id"], json!(acme.id));

    for node in [app.anyone(), elsewhere] {
        let old = introspect(&node, &acme.id, &acme.secret, &token).await;
        assert!(old.header("www-authenticate").unwrap().starts_with("Basic "));
        old.refused(401, "invalid_api_key");
        let new = introspect(&node, &acme.id, secret, &token).await.expect(200);
        assert_eq!(new, before);
    }
    let shown = developer.client.get(&path).await;
    assert!(!shown.text.contains(secret) && !members(&shown.body).contains(&"app_secret"));
    acme.client.post("/v1/auth/introspect", json!({"token": token})).await.expect(200);
}

#[tokio::test]
async fn rotations_at_once_leave_exactly_one_secret_that_works() {
    let app = TestApp::start().await;
    let developer = app.developer().await;
    let acme = developer.application("Acme").await;
    let path = format!("{APPLICATIONS}/{}/secret/rotate", acme.id);
    let (one, two) = (&developer.client, developer.client.at(&app.another_node().await));
    let (a, b, c) = tokio::join!(
        send(one.request(Method::POST, &path)),
        send(two.request(Method::POST, &path)),
        send(one.request(Method::POST, &path)),
    );
    let mut working = 0;
    for answer in [a, b, c] {
        let secret = answer.expect(200)["app_secret"].as_str().unwrap().to_owned();
        working += usize::from(introspect(&app.anyone(), &acme.id, &secret, "x").await.status == 200);
    }
    assert_eq!(working, 1);
    introspect(&app.anyone(), &acme.id, &acme.secret, "x").await.refused(401, "invalid_api_key");
}
