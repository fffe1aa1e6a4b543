//! What a reset token is good for: once, for an hour, the newest alone, in its application.

use std::time::Duration;

use serde_json::json;

use super::{NEW, confirm, reset_token};
use crate::app::{PASSWORD, TestApp};
use crate::client::at_once;

#[tokio::test]
async fn confirmed_ten_times_at_once_it_works_once() {
    let app = TestApp::start().await;
    let client = app.application().await;
    let other = client.at(&app.another_node().await);
    client.sign_up("ada@example.org").await;
    let token = reset_token(&app, &client, "ada@example.org", 1).await;

    let answers = at_once((0..10).map(|n| {
        let (client, token) = (if n % 2 == 0 { &client } else { &other }.clone(), token.clone());
        let password = format!("another tractor lagoon {n}");
        async move { (password.clone(), confirm(&client, &token, &password).await) }
    }))
    .await;

    let (good, bad): (Vec<_>, Vec<_>) = answers.into_iter().partition(|(_, answer)| answer.status == 200);
    assert_eq!(good.len(), 1);
    for (password, answer) in bad {
        answer.refused(400, "token_invalid");
        let from_elsewhere = client.for_address(&format!("192.0.2.{}", &password[password.len() - 1..]));
        from_elsewhere.try_log_in("ada@example.org", &password).await.refused(401, "invalid_credentials");
    }
    client.try_log_in("ada@example.org", &good[0].0).await.expect(200);
    app.mail("ada@example.org", "was changed").await;
    let jobs = "SELECT count(*) FROM jobs WHERE kind = 'password_changed'";
    let count: i64 = sqlx::query_scalar(jobs).fetch_one(&mut app.database.connect().await).await.unwrap();
    assert_eq!(count, 1, "one notice");
}

#[tokio::test]
async fn a_token_lives_one_hour() {
    let app = TestApp::start().await;
    let client = app.application().await;
    client.sign_up("ada@example.org").await;
    client.sign_up("eve@example.org").await;
    let ada = reset_token(&app, &client, "ada@example.org", 1).await;
    let eve = reset_token(&app, &client, "eve@example.org", 1).await;

    app.pass(Duration::from_secs(60 * 60 - 30));
    confirm(&client, &ada, NEW).await.expect(200);
    app.pass(Duration::from_secs(30));
    confirm(&client, &eve, NEW).await.refused(400, "token_invalid");
    client.log_in("eve@example.org").await;
}

#[tokio::test]
async fn only_the_newest_token_is_good() {
    let app = TestApp::start().await;
    let client = app.application().await;
    client.sign_up("ada@example.org").await;
    let first = reset_token(&app, &client, "ada@example.org", 1).await;
    let second = reset_token(&app, &client, "ADA@example.org".to_lowercase().as_str(), 2).await;

    confirm(&client, &first, NEW).await.refused(400, "token_invalid");
    confirm(&client, &second, NEW).await.expect(200);
    confirm(&client, &first, NEW).await.refused(400, "token_invalid");
}

#[tokio::test]
async fn a_changed_password_voids_it() {
    let app = TestApp::start().await;
    let client = app.application().await;
    client.sign_up("ada@example.org").await;
    let tokens = client.log_in("ada@example.org").await;
    let token = reset_token(&app, &client, "ada@example.org", 1).await;
    let change = json!({"current_password": PASSWORD, "password": NEW});
    client.as_user(&tokens).post("/v1/auth/password/change", change).await.expect(204);

    confirm(&client, &token, "third tractor lagoon 79").await.refused(400, "token_invalid");

    client.try_log_in("ada@example.org", NEW).await.expect(200);
    assert!(client.admits(&tokens).await);
}

#[tokio::test]
async fn every_token_that_is_no_good_gets_one_answer() {
    let app = TestApp::start().await;
    let developer = app.developer().await;
    let (acme, other) = (developer.application("Acme").await, developer.application("Other").await);
    for client in [&acme.client, &other.client] {
        client.sign_up("ada@example.org").await;
    }
    let token = reset_token(&app, &acme.client, "ada@example.org", 1).await;
    let verification = app.mailed_token("ada@example.org", "Verify").await;
    app.anyone()
        .post("/v1/portal/developers/password/reset/request", json!({"email": "grace@example.org"}))
        .await
        .expect(202);
    let developers = app.mailed_token("grace@example.org", "Reset").await;

    let unknown = confirm(&acme.client, "nonsense", NEW).await;
    unknown.clone().refused(400, "token_invalid");
    for bad in ["", "dvt_", "dvt_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", &verification, &developers] {
        assert_eq!(confirm(&acme.client, bad, NEW).await.essence(), unknown.clone().essence(), "{bad}");
    }
    assert_eq!(confirm(&other.client, &token, NEW).await.essence(), unknown.clone().essence(), "foreign");
    other.client.log_in("ada@example.org").await;

    confirm(&acme.client, &token, NEW).await.expect(200);
    assert_eq!(confirm(&acme.client, &token, NEW).await.essence(), unknown.essence(), "used");
    other.client.log_in("ada@example.org").await;
}
