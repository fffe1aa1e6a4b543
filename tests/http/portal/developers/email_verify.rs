//! `/v1/portal/developers/email/verify/{request,confirm}`

use std::time::Duration;

use devauth::http::portal_pages::are_built;
use serde_json::json;

use super::{ME, SIGNUP, credentials};
use crate::app::{PASSWORD, TestApp, token_in};

const REQUEST: &str = "/v1/portal/developers/email/verify/request";
const CONFIRM: &str = "/v1/portal/developers/email/verify/confirm";
const SUBJECT: &str = "Verify your e-mail for DevAuth";

#[tokio::test]
async fn the_mailed_token_verifies_the_address_once() {
    let app = TestApp::start().await;
    let developer = app.developer().await.client;
    let mail = app.mail("grace@example.org", SUBJECT).await;
    let link = "https://auth.example.com/verify-email?token=";
    assert!(mail.message.replace("=\r\n", "").replace("=3D", "=").contains(link), "{}", mail.message);
    let token = token_in(&mail);

    let verified = app.anyone().post(CONFIRM, json!({"token": token})).await.expect(200);
    assert_eq!(verified["developer"]["email_verified"], true);
    assert_eq!(developer.get(ME).await.expect(200)["developer"]["email_verified"], true);
    app.anyone().post(CONFIRM, json!({"token": token})).await.refused(400, "token_invalid");
}

#[tokio::test]
async fn the_mailed_link_leads_to_the_portal_if_there_is_one() {
    let app = TestApp::start().await;
    let developer = app.developer().await;
    let acme = developer.application("Acme").await.client;
    acme.sign_up("ada@example.org").await;
    let ada = app.mailed_token("ada@example.org", "Verify your e-mail for Acme").await;
    let grace = app.mailed_token("grace@example.org", SUBJECT).await;
    let open = async |token: &str| app.anyone().get(&format!("/verify-email?token={token}")).await;

    for _ in 0..2 {
        let opened = open(&grace).await;
        if are_built() {
            let portal = format!("/developers/verify-email?token={grace}");
            assert_eq!((opened.status, opened.header("location")), (303, Some(&*portal)));
        } else {
            assert_eq!(opened.status, 200);
            assert!(opened.text.contains("DevAuth") && opened.text.contains("method=\"post\""));
        }
    }
    let opened = open(&ada).await;
    assert_eq!(opened.status, 200, "who is no developer has no page in the portal");
    assert!(opened.text.contains("Acme"));
    assert_eq!(open("dvt_nonsense").await.status, 400);

    app.anyone().post(CONFIRM, json!({"token": grace})).await.expect(200);
}

#[tokio::test]
async fn a_new_request_voids_the_token_before() {
    let app = TestApp::start().await;
    app.anyone().post(SIGNUP, credentials("grace@example.org", PASSWORD)).await.expect(201);
    let first = app.mailed_token("grace@example.org", SUBJECT).await;
    app.anyone().post(REQUEST, json!({"email": "GRACE@example.org"})).await.expect(202);
    let mails = app.smtp.wait_for(2).await;
    let second = mails.iter().map(token_in).find(|token| *token != first).unwrap();
    app.anyone().post(CONFIRM, json!({"token": first})).await.refused(400, "token_invalid");
    app.anyone().post(CONFIRM, json!({"token": second})).await.expect(200);
}

#[tokio::test]
async fn every_address_gets_the_same_answer() {
    let app = TestApp::start().await;
    app.developer().await;
    let anyone = app.anyone().with("x-request-id", "same-request-id");
    let known = anyone.post(REQUEST, json!({"email": "grace@example.org"})).await;
    let unknown = anyone.post(REQUEST, json!({"email": "nobody@example.org"})).await;
    assert_eq!((known.status, &known.text), (202, &unknown.text));
    assert_eq!(unknown.status, 202);
}

#[tokio::test]
async fn a_token_dies_after_a_day_and_is_good_for_developers_alone() {
    let app = TestApp::start().await;
    let developer = app.developer().await;
    let token = app.mailed_token("grace@example.org", SUBJECT).await;
    let acme = developer.application("Acme").await.client;
    acme.post("/v1/auth/email/verify/confirm", json!({"token": token})).await.refused(400, "token_invalid");
    acme.sign_up("ada@example.org").await;
    let users = app.mailed_token("ada@example.org", "Verify your e-mail for Acme").await;
    app.anyone().post(CONFIRM, json!({"token": users})).await.refused(400, "token_invalid");
    app.anyone().post(CONFIRM, json!({"token": "nonsense"})).await.refused(400, "token_invalid");
    let me = developer.client.get(ME).await.expect(200);
    assert_eq!(me["developer"]["email_verified"], false, "nor did it do so unsaid");

    app.pass(Duration::from_secs(24 * 3600 + 1));
    app.anyone().post(CONFIRM, json!({"token": token})).await.refused(400, "token_invalid");
}
