//! How many forms a client may send: whoever guesses tokens gets thirty tries a minute.

use std::time::Duration;

use super::{CHANGED, EMAIL, Form, NEW, SPENT, VERIFIED, link_in, reset_link};
use crate::app::TestApp;

#[tokio::test]
async fn the_31st_form_of_a_minute_has_to_wait_and_its_link_stays_good() {
    let proxy = "127.0.0.1/32".parse().unwrap();
    let app = TestApp::start_with(|config| config.trusted_proxies = vec![proxy]).await;
    let backend = app.application().await;
    let browser = app.anyone().with("x-forwarded-for", "192.0.2.7");
    let elsewhere = browser.at(&app.another_node().await);
    backend.sign_up(EMAIL).await;
    let verify = link_in(&app.mail(EMAIL, "Verify").await);
    let reset = reset_link(&app, &backend).await;
    let (to_verify, to_reset) = (Form::behind(&browser, &verify).await, Form::behind(&browser, &reset).await);

    // Both forms count together, on all nodes.
    let guess = |form: &Form| Form { token: "nonsense".to_owned(), ..form.clone() };
    for _ in 0..15 {
        guess(&to_verify).press(&browser).await.says(400, SPENT);
        guess(&to_reset).choose(&elsewhere, NEW).await.says(400, SPENT);
    }
    for node in [&browser, &elsewhere] {
        for refused in [to_verify.press(node).await, to_reset.choose(node, NEW).await] {
            let seconds = refused.asks_for_patience(429);
            assert!((1..=60).contains(&seconds), "{seconds}");
        }
    }
    // Links open as before, and others have tries of their own.
    browser.get(&verify).await.says(200, "<form");
    to_verify.press(&browser.with("x-forwarded-for", "192.0.2.8")).await.says(200, VERIFIED);

    app.pass(Duration::from_secs(60));
    to_reset.choose(&browser, NEW).await.says(200, CHANGED);
}
