//! `/verify-email`

use reqwest::Method;
use serde_json::{Value, json};

use super::{EMAIL, Form, SPENT, VERIFIED, link_in};
use crate::app::TestApp;
use crate::client::{Client, at_once, send};

/// Whether the user's address counts as verified, as the application sees it.
async fn is_verified(backend: &Client, tokens: &Value) -> bool {
    let user = backend.as_user(tokens).get("/v1/auth/me").await.expect(200);
    user["user"]["email_verified"].as_bool().unwrap()
}

#[tokio::test]
async fn opening_the_link_changes_nothing_and_its_form_verifies_the_address_once() {
    let app = TestApp::start().await;
    let backend = app.application().await;
    let browser = app.anyone();
    let elsewhere = browser.at(&app.another_node().await);
    backend.sign_up(EMAIL).await;
    let tokens = backend.log_in(EMAIL).await;
    let link = link_in(&app.mail(EMAIL, "Verify").await);

    // As a mail scanner does, and the user after it.
    assert_eq!(send(browser.request(Method::HEAD, &link)).await.status, 200);
    elsewhere.get(&link).await.says(200, "Verify your e-mail");
    let page = browser.get(&link).await.says(200, "Acme");
    assert!(!is_verified(&backend, &tokens).await);

    let form = Form::on(&page);
    form.press(&browser).await.says(200, VERIFIED);
    assert!(is_verified(&backend, &tokens).await);

    form.press(&browser).await.says(400, SPENT);
    for opened in [browser.get(&link).await, elsewhere.get(&link).await] {
        assert!(!opened.says(400, SPENT).contains("<form"));
    }
    let confirm = backend.post("/v1/auth/email/verify/confirm", json!({ "token": form.token })).await;
    confirm.refused(400, "token_invalid");
    assert!(is_verified(&backend, &tokens).await);
}

#[tokio::test]
async fn pressed_eight_times_at_once_on_two_nodes_it_works_once() {
    let app = TestApp::start().await;
    let backend = app.application().await;
    let browsers = [app.anyone(), app.anyone().at(&app.another_node().await)];
    backend.sign_up(EMAIL).await;
    let form = Form::behind(&browsers[0], &link_in(&app.mail(EMAIL, "Verify").await)).await;

    let answers = at_once((0..8).map(|n| {
        let (form, browser) = (form.clone(), browsers[n % 2].clone());
        async move { form.press(&browser).await }
    }))
    .await;

    let (good, bad): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
    assert_eq!(good.len(), 1);
    for answer in good {
        answer.says(200, VERIFIED);
    }
    for answer in bad {
        answer.says(400, SPENT);
    }
}
