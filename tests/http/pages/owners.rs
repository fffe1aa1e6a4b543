//! Whose page it is, the token alone says: that of an application, of one that was deleted, of a developer.

use devauth::http::portal_pages;
use serde_json::json;

use super::{CHANGED, EMAIL, Form, NEW, SPENT, VERIFIED, link_in, reset_link};
use crate::app::{PASSWORD, TestApp};
use crate::client::Client;

/// A developer's link leads to the portal where that is built in, as it may be here, and to a form where it is not. Either way that
/// form can be sent.
async fn developers_form(app: &TestApp, browser: &Client, subject: &str, page: &str) -> Form {
    let token = app.mailed_token("grace@example.org", subject).await;
    let opened = browser.get(&format!("{page}?token={token}")).await;
    if portal_pages::are_built() {
        assert_eq!((opened.status, &*opened.text), (303, ""));
        let portal = format!("/developers{page}?token={token}");
        assert_eq!(opened.header("location"), Some(&*portal));
        return Form { action: page.to_owned(), token };
    }
    let opened = opened.says(200, "<form");
    assert!(opened.contains("<bdi>DevAuth</bdi>"), "{opened}");
    Form::on(&opened)
}

#[tokio::test]
async fn links_of_a_deleted_application_work_no_more() {
    let app = TestApp::start().await;
    let developer = app.developer().await;
    let (acme, other) = (developer.application("Acme").await, developer.application("Other").await);
    let browser = app.anyone();
    acme.client.sign_up(EMAIL).await;
    let verify = link_in(&app.mail(EMAIL, "for Acme").await);
    let reset = reset_link(&app, &acme.client).await;
    other.client.sign_up(EMAIL).await;
    let of_other = link_in(&app.mail(EMAIL, "for Other").await);
    let (to_verify, to_reset) = (Form::behind(&browser, &verify).await, Form::behind(&browser, &reset).await);

    developer.client.delete(&format!("/v1/portal/applications/{}", acme.id)).await.expect(204);

    for link in [verify, reset] {
        let page = browser.get(&link).await.says(400, SPENT);
        assert!(!page.contains("<form") && !page.contains("Acme"), "{page}");
    }
    to_verify.press(&browser).await.says(400, SPENT);
    to_reset.choose(&browser, NEW).await.says(400, SPENT);
    to_reset.choose(&browser, "weak").await.says(400, SPENT);
    let of_users = "SELECT count(*) FROM events WHERE event_type IN ('EmailVerified', 'PasswordReset')";
    let count: i64 = sqlx::query_scalar(of_users).fetch_one(&mut app.database.connect().await).await.unwrap();
    assert_eq!(count, 0);

    let page = Form::behind(&browser, &of_other).await.press(&browser).await.says(200, VERIFIED);
    assert!(page.contains("Other"), "{page}");
}

#[tokio::test]
async fn a_developer_verifies_an_address() {
    let app = TestApp::start().await;
    let developer = app.developer().await.client;
    let browser = app.anyone();
    let form = developers_form(&app, &browser, "Verify", "/verify-email").await;
    let me = "/v1/portal/developers/me";
    assert_eq!(developer.get(me).await.expect(200)["developer"]["email_verified"], json!(false));

    form.press(&browser).await.says(200, VERIFIED);

    assert_eq!(developer.get(me).await.expect(200)["developer"]["email_verified"], json!(true));
    form.press(&browser).await.says(400, SPENT);
}

#[tokio::test]
async fn a_developer_chooses_a_new_password() {
    let app = TestApp::start().await;
    let developer = app.developer().await.client;
    let browser = app.anyone();
    let email = "grace@example.org";
    let request = "/v1/portal/developers/password/reset/request";
    browser.post(request, json!({ "email": email })).await.expect(202);
    let form = developers_form(&app, &browser, "Reset", "/reset-password").await;

    form.choose(&browser, "weak").await.says(422, "at least 8 characters");
    form.choose(&browser, NEW).await.says(200, CHANGED);

    developer.get("/v1/portal/developers/me").await.refused(401, "invalid_token");
    let login = "/v1/portal/developers/login";
    let with = |password: &str| browser.post(login, json!({"email": email, "password": password}));
    with(PASSWORD).await.refused(401, "invalid_credentials");
    with(NEW).await.expect(200);
    form.choose(&browser, PASSWORD).await.says(400, SPENT);
}
