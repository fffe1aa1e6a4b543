//! `/reset-password`

use super::{CHANGED, EMAIL, Form, NEW, SPENT, reset_link};
use crate::app::{PASSWORD, TestApp};
use crate::client::at_once;

#[tokio::test]
async fn opening_the_link_changes_nothing_and_its_form_sets_the_password_once() {
    let app = TestApp::start().await;
    let backend = app.application().await;
    let browser = app.anyone();
    let elsewhere = browser.at(&app.another_node().await);
    backend.sign_up(EMAIL).await;
    let tokens = backend.log_in(EMAIL).await;
    let link = reset_link(&app, &backend).await;

    elsewhere.get(&link).await.says(200, "Choose a new password");
    let page = browser.get(&link).await.says(200, "Acme");
    assert!(backend.admits(&tokens).await);

    let form = Form::on(&page);
    form.choose(&browser, NEW).await.says(200, CHANGED);
    assert!(!backend.admits(&tokens).await, "every session ends");
    backend.try_log_in(EMAIL, PASSWORD).await.refused(401, "invalid_credentials");
    backend.try_log_in(EMAIL, NEW).await.expect(200);
    app.mail(EMAIL, "was changed").await;

    form.choose(&elsewhere, "third tractor lagoon 79").await.says(400, SPENT);
    assert!(!browser.get(&link).await.says(400, SPENT).contains("<form"));
    backend.try_log_in(EMAIL, NEW).await.expect(200);
}

#[tokio::test]
async fn a_password_that_is_not_accepted_is_explained_and_leaves_the_link_good() {
    let app = TestApp::start().await;
    let backend = app.application().await;
    let browser = app.anyone();
    backend.sign_up(EMAIL).await;
    let tokens = backend.log_in(EMAIL).await;
    let mut form = Form::behind(&browser, &reset_link(&app, &backend).await).await;

    for (password, reason) in [
        ("kuoiEw7", "at least 8 characters"),
        ("password123", "tried first"),
        ("green7river", "too easy to guess"),
        (EMAIL, "not your email address"),
    ] {
        let page = form.choose(&browser, password).await.says(422, "role=\"alert\"");
        let (_, alert) = page.split_once("role=\"alert\"").unwrap();
        let (alert, _) = alert.split_once("</div>").unwrap();
        assert!(alert.contains(reason), "{reason} is not in {alert}");
        assert!(page.contains("Acme") && !page.contains(password), "{page}");
        form = Form::on(&page);
    }
    let page = form.send(&browser, &[("password", NEW), ("confirmation", PASSWORD)]).await;
    page.says(422, "The two passwords are not the same");
    assert!(backend.admits(&tokens).await);
    backend.log_in(EMAIL).await;

    form.choose(&browser, NEW).await.says(200, CHANGED);
    backend.try_log_in(EMAIL, NEW).await.expect(200);
}

#[tokio::test]
async fn chosen_eight_times_at_once_on_two_nodes_one_password_holds() {
    let app = TestApp::start().await;
    let backend = app.application().await;
    let browsers = [app.anyone(), app.anyone().at(&app.another_node().await)];
    backend.sign_up(EMAIL).await;
    let form = Form::behind(&browsers[0], &reset_link(&app, &backend).await).await;

    let answers = at_once((0..8).map(|n| {
        let (form, browser) = (form.clone(), browsers[n % 2].clone());
        let password = format!("another tractor lagoon {n}");
        async move { (form.choose(&browser, &password).await, password) }
    }))
    .await;

    let (good, bad): (Vec<_>, Vec<_>) = answers.into_iter().partition(|(answer, _)| answer.status == 200);
    assert_eq!(good.len(), 1);
    for (n, (answer, password)) in bad.into_iter().enumerate() {
        answer.says(400, SPENT);
        let from_elsewhere = backend.for_address(&format!("192.0.2.{n}"));
        from_elsewhere.try_log_in(EMAIL, &password).await.refused(401, "invalid_credentials");
    }
    for (answer, password) in good {
        answer.says(200, CHANGED);
        backend.try_log_in(EMAIL, &password).await.expect(200);
    }
    let jobs = "SELECT count(*) FROM jobs WHERE kind = 'password_changed'";
    let count: i64 = sqlx::query_scalar(jobs).fetch_one(&mut app.database.connect().await).await.unwrap();
    assert_eq!(count, 1, "one notice");
}

#[tokio::test]
async fn while_too_many_passwords_wait_it_asks_for_patience_and_the_link_stays_good() {
    let app = TestApp::start().await;
    let backend = app.application().await;
    let browser = app.anyone();
    backend.sign_up(EMAIL).await;
    let form = Form::behind(&browser, &reset_link(&app, &backend).await).await;

    let occupied = app.node.app.passwords.occupy().await.unwrap();
    let seconds = form.choose(&browser, NEW).await.asks_for_patience(503);
    assert!((2..=3).contains(&seconds), "{seconds}");
    drop(occupied);

    backend.log_in(EMAIL).await;
    form.choose(&browser, NEW).await.says(200, CHANGED);
}
