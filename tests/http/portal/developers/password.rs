//! `/v1/portal/developers/password/{reset/request,reset/confirm,change}`

use std::time::Duration;

use serde_json::json;

use super::{LOGIN, ME, credentials};
use crate::app::{PASSWORD, TestApp};

const REQUEST: &str = "/v1/portal/developers/password/reset/request";
const CONFIRM: &str = "/v1/portal/developers/password/reset/confirm";
const CHANGE: &str = "/v1/portal/developers/password/change";
const NEW: &str = "orange submarine pencil 31";

async fn mailed_token(app: &TestApp) -> String {
    app.anyone().post(REQUEST, json!({"email": "grace@example.org"})).await.expect(202);
    app.mailed_token("grace@example.org", "Reset your password for DevAuth").await
}

#[tokio::test]
async fn a_reset_sets_the_password_ends_every_session_and_is_told_by_mail() {
    let app = TestApp::start().await;
    let developer = app.developer().await.client;
    let token = mailed_token(&app).await;
    let body = json!({"token": token, "password": NEW});
    let answer = app.anyone().post(CONFIRM, body.clone()).await.expect(200);
    assert_eq!(crate::client::members(&answer), ["developer"], "and no token");

    developer.get(ME).await.refused(401, "invalid_token");
    let old = app.anyone().post(LOGIN, credentials("grace@example.org", PASSWORD)).await;
    old.refused(401, "invalid_credentials");
    app.anyone().post(LOGIN, credentials("grace@example.org", NEW)).await.expect(200);
    app.mail("grace@example.org", "Your password for DevAuth was changed").await;
    app.anyone().post(CONFIRM, body).await.refused(400, "token_invalid");
}

#[tokio::test]
async fn a_reset_token_lives_an_hour_and_a_weak_password_does_not_use_it_up() {
    let app = TestApp::start().await;
    app.developer().await;
    let token = mailed_token(&app).await;
    let weak = app.anyone().post(CONFIRM, json!({"token": token, "password": "weak"})).await;
    weak.refused(422, "validation_failed");
    app.pass(Duration::from_secs(59 * 60));
    app.anyone().post(CONFIRM, json!({"token": token, "password": NEW})).await.expect(200);

    app.anyone().post(REQUEST, json!({"email": "grace@example.org"})).await.expect(202);
    let mails = app.smtp.wait_for(4).await;
    let second = mails
        .iter()
        .filter(|mail| mail.header("subject").unwrap().starts_with("Reset"))
        .map(crate::app::token_in)
        .find(|found| *found != token);
    app.pass(Duration::from_secs(3601));
    let late = app.anyone().post(CONFIRM, json!({"token": second, "password": PASSWORD})).await;
    late.refused(400, "token_invalid");
}

#[tokio::test]
async fn a_token_for_another_purpose_or_an_application_resets_nothing() {
    let app = TestApp::start().await;
    let developer = app.developer().await;
    let verification = app.mailed_token("grace@example.org", "Verify your e-mail").await;
    let body = json!({"token": verification, "password": NEW});
    app.anyone().post(CONFIRM, body).await.refused(400, "token_invalid");
    let acme = developer.application("Acme").await.client;
    let body = json!({"token": mailed_token(&app).await, "password": NEW});
    acme.post("/v1/auth/password/reset/confirm", body.clone()).await.refused(400, "token_invalid");
    app.anyone().post(LOGIN, credentials("grace@example.org", PASSWORD)).await.expect(200);
    app.anyone().post(CONFIRM, body).await.expect(200);
}

#[tokio::test]
async fn every_address_gets_the_same_answer() {
    let app = TestApp::start().await;
    app.developer().await;
    let known = app.anyone().post(REQUEST, json!({"email": "grace@example.org"})).await;
    let unknown = app.anyone().post(REQUEST, json!({"email": "nobody@example.org"})).await;
    assert_eq!((known.status, &known.text), (202, &unknown.text));
    assert_eq!(unknown.status, 202);
}

#[tokio::test]
async fn a_change_asks_for_the_current_password_and_voids_reset_tokens() {
    let app = TestApp::start().await;
    let developer = app.developer().await.client;
    let token = mailed_token(&app).await;
    let wrong = json!({"current_password": "wrong", "password": NEW});
    developer.post(CHANGE, wrong).await.refused(401, "invalid_credentials");
    let weak = json!({"current_password": PASSWORD, "password": "grace@example.org"});
    developer.post(CHANGE, weak).await.refused(422, "validation_failed");
    let unproven = json!({"password": NEW});
    developer.post(CHANGE, unproven).await.refused(422, "validation_failed");
    let change = json!({"current_password": PASSWORD, "password": NEW});
    app.anyone().post(CHANGE, change.clone()).await.refused(401, "invalid_token");
    developer.get(ME).await.expect(200);

    let changed = developer.post(CHANGE, change).await;
    assert!(
        changed.header("set-cookie").unwrap().contains("Max-Age=0"),
        "a browser is to forget the dead token"
    );
    changed.expect(204);
    let body = json!({"token": token, "password": PASSWORD});
    app.anyone().post(CONFIRM, body).await.refused(400, "token_invalid");
    app.mail("grace@example.org", "Your password for DevAuth was changed").await;
}
