//! Clients that hang up: a form that was sent runs to its end.

use url::form_urlencoded;

use super::{EMAIL, Form, NEW, link_in, reset_link};
use crate::app::{PASSWORD, TestApp};
use crate::hang_up::hang_up_at;

fn request(form: &Form, fields: &[(&str, &str)]) -> String {
    let mut body = form_urlencoded::Serializer::new(String::new());
    let body = body.append_pair("token", &form.token).extend_pairs(fields).finish();
    format!(
        "POST {} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-www-form-urlencoded\r\n\
         content-length: {}\r\n\r\n{body}",
        form.action,
        body.len(),
    )
}

#[tokio::test]
async fn a_reset_outlives_its_connection_with_everything_that_follows_its_commit() {
    let app = TestApp::start().await;
    let backend = app.application().await;
    let node = app.another_node().await;
    backend.sign_up(EMAIL).await;
    for _ in 0..5 {
        backend.try_log_in(EMAIL, "wrong").await.refused(401, "invalid_credentials");
    }
    backend.try_log_in(EMAIL, PASSWORD).await.refused(429, "account_locked");
    let form = Form::behind(&app.anyone(), &reset_link(&app, &backend).await).await;

    let chosen = request(&form, &[("password", NEW), ("confirmation", NEW)]);
    hang_up_at(&app, &node, &chosen, "secrets.password_hashes").await;
    // A node that stops has finished what it began.
    node.stop().await;

    backend.try_log_in(EMAIL, NEW).await.expect(200);
    backend.try_log_in(EMAIL, PASSWORD).await.refused(401, "invalid_credentials");
    app.mail(EMAIL, "was changed").await;
}

#[tokio::test]
async fn a_verification_outlives_its_connection() {
    let app = TestApp::start().await;
    let backend = app.application().await;
    let node = app.another_node().await;
    backend.sign_up(EMAIL).await;
    let form = Form::behind(&app.anyone(), &link_in(&app.mail(EMAIL, "Verify").await)).await;

    hang_up_at(&app, &node, &request(&form, &[]), "users").await;
    node.stop().await;

    assert_eq!(backend.log_in(EMAIL).await["user"]["email_verified"], true);
}
