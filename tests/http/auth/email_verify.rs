//! `POST /v1/auth/email/verify/request`, `POST /v1/auth/email/verify/confirm`

use std::time::Duration;

use serde_json::{Value, json};

use crate::app::{PASSWORD, TestApp, token_in};
use crate::client::{Client, at_once};

const REQUEST: &str = "/v1/auth/email/verify/request";
const CONFIRM: &str = "/v1/auth/email/verify/confirm";
const HOUR: Duration = Duration::from_secs(60 * 60);

async fn request(client: &Client, email: &str) {
    let answer = client.post(REQUEST, json!({ "email": email })).await;
    assert_eq!((answer.status, answer.text.as_str()), (202, ""));
}

async fn confirm(client: &Client, token: &str) -> crate::client::Answer {
    client.post(CONFIRM, json!({ "token": token })).await
}

/// The tokens that were mailed to this address so far, oldest first; waits until there are so many.
async fn tokens(app: &TestApp, to: &str, count: usize) -> Vec<String> {
    let mut mails = 0;
    loop {
        let all = app.smtp.wait_for(mails).await;
        mails = all.len() + 1;
        let theirs = all.iter().filter(|mail| {
            mail.to.iter().any(|address| address.contains(to))
                && mail.header("subject").is_some_and(|subject| subject.contains("Verify"))
        });
        let tokens: Vec<_> = theirs.map(token_in).collect();
        if tokens.len() >= count {
            return tokens;
        }
    }
}

#[tokio::test]
async fn the_mailed_token_verifies_once() {
    let app = TestApp::start().await;
    let client = app.application().await;
    let before = client.sign_up("ada@example.org").await;
    let token = app.mailed_token("ada@example.org", "Verify").await;

    app.pass(Duration::from_secs(5));
    let body = confirm(&client, &token).await.expect(200);

    assert_eq!(body.as_object().unwrap().len(), 1, "the user and no tokens");
    let mut expected = before.clone();
    expected["email_verified"] = json!(true);
    expected["updated_at"] = body["user"]["updated_at"].clone();
    assert_eq!(body["user"], expected);
    assert_ne!(body["user"]["updated_at"], before["updated_at"]);
    confirm(&client, &token).await.refused(400, "token_invalid");
}

#[tokio::test]
async fn confirmed_twice_at_once_it_works_once() {
    let app = TestApp::start().await;
    let client = app.application().await;
    let other = client.at(&app.another_node().await);
    client.sign_up("ada@example.org").await;
    let token = app.mailed_token("ada@example.org", "Verify").await;

    let answers = at_once((0..8).map(|n| {
        let (client, token) = (if n % 2 == 0 { &client } else { &other }.clone(), token.clone());
        async move { confirm(&client, &token).await }
    }))
    .await;

    let (good, bad): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
    assert_eq!(good.len(), 1);
    for answer in bad {
        answer.refused(400, "token_invalid");
    }
}

#[tokio::test]
async fn only_the_newest_token_is_good() {
    let app = TestApp::start().await;
    let client = app.application().await;
    client.sign_up("ada@example.org").await;
    tokens(&app, "ada@example.org", 1).await;
    request(&client, "ADA@example.org").await;
    let mailed = tokens(&app, "ada@example.org", 2).await;
    let (first, second) = (&mailed[0], &mailed[1]);

    assert_ne!(first, second);
    confirm(&client, first).await.refused(400, "token_invalid");
    confirm(&client, second).await.expect(200);
}

#[tokio::test]
async fn a_token_lives_24_hours() {
    let app = TestApp::start().await;
    let client = app.application().await;
    client.sign_up("ada@example.org").await;
    client.sign_up("eve@example.org").await;
    let ada = app.mailed_token("ada@example.org", "Verify").await;
    let eve = app.mailed_token("eve@example.org", "Verify").await;

    app.pass(24 * HOUR - Duration::from_secs(60));
    confirm(&client, &ada).await.expect(200);
    app.pass(Duration::from_secs(60));
    confirm(&client, &eve).await.refused(400, "token_invalid");

    request(&client, "eve@example.org").await;
    let fresh = tokens(&app, "eve@example.org", 2).await;
    confirm(&client, &fresh[1]).await.expect(200);
}

#[tokio::test]
async fn every_token_that_is_no_good_gets_one_answer() {
    let app = TestApp::start().await;
    let developer = app.developer().await;
    let (acme, other) = (developer.application("Acme").await, developer.application("Other").await);
    for client in [&acme.client, &other.client] {
        client.sign_up("ada@example.org").await;
    }
    let token = app.mailed_token("ada@example.org", "for Acme").await;
    let theirs = app.mailed_token("ada@example.org", "for Other").await;
    let developers = app.mailed_token("grace@example.org", "Verify").await;
    acme.client
        .post("/v1/auth/password/reset/request", json!({"email": "ada@example.org"}))
        .await
        .expect(202);
    let reset = app.mailed_token("ada@example.org", "Reset").await;
    let long = "x".repeat(10_000);

    let unknown = confirm(&acme.client, "nonsense").await;
    unknown.clone().refused(400, "token_invalid");
    for bad in
        ["", "dvt_", "dvt_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", &theirs, &developers, &reset, &long]
    {
        assert_eq!(confirm(&acme.client, bad).await.essence(), unknown.clone().essence(), "{bad}");
    }
    let other_case = token.to_lowercase();
    assert_eq!(confirm(&acme.client, &other_case).await.essence(), unknown.clone().essence());

    confirm(&acme.client, &token).await.expect(200);
    assert_eq!(confirm(&acme.client, &token).await.essence(), unknown.essence(), "a used one too");
    confirm(&other.client, &theirs).await.expect(200);
    let path = "/v1/auth/password/reset/confirm";
    let body = json!({"token": reset, "password": "another tractor lagoon 78"});
    acme.client.post(path, body).await.expect(200);
}

#[tokio::test]
async fn the_request_tells_nobody_whether_there_is_such_a_user() {
    let app = TestApp::start().await;
    let client = app.application().await;
    client.sign_up("ada@example.org").await;
    client.sign_up("verified@example.org").await;
    let suspended = client.sign_up("suspended@example.org").await;
    confirm(&client, &app.mailed_token("verified@example.org", "Verify").await).await.expect(200);
    app.suspend(&suspended, true).await;

    let mut answers = Vec::new();
    for who in ["verified", "suspended", "nobody", "grace", "ada"] {
        let answer = client.post(REQUEST, json!({"email": format!("{who}@example.org")})).await;
        let names: Vec<_> = answer.headers.keys().map(|name| name.as_str().to_owned()).collect();
        answers.push((answer.status, answer.text, names));
    }

    assert!(answers.iter().all(|answer| *answer == answers[0] && answer.0 == 202), "{answers:?}");
    // Three of the signups and one for Ada, who alone has something to verify; the developer's own.
    tokens(&app, "ada@example.org", 2).await;
    let jobs = "SELECT count(*) FROM jobs WHERE kind = 'verify_email'";
    let count: i64 = sqlx::query_scalar(jobs).fetch_one(&mut app.database.connect().await).await.unwrap();
    assert_eq!(count, 5);
}

#[tokio::test]
async fn links_lead_to_the_configured_url_and_never_to_the_requests_host() {
    let app = TestApp::start().await;
    let developer = app.developer().await;
    let acme = developer.application("Acme").await;
    let evil = acme
        .client
        .with("host", "evil.example")
        .with("x-forwarded-host", "evil.example")
        .with("forwarded", "host=evil.example")
        .with("user-agent", "curl");
    evil.sign_up("ada@example.org").await;
    let plain =
        |mail: devauth_test_support::smtp::Received| mail.message.replace("=\r\n", "").replace("=3D", "=");

    let mail = plain(app.mail("ada@example.org", "Verify").await);
    assert!(mail.contains("https://auth.example.com/verify-email?token=dvt_"), "{mail}");
    assert!(!mail.contains("evil"));

    developer.set(&acme.id, json!({"app_url": "https://acme.example/welcome/"})).await;
    let at_once_known = evil.at(&app.another_node().await);
    at_once_known
        .post("/v1/auth/password/reset/request", json!({"email": "ada@example.org"}))
        .await
        .expect(202);
    at_once_known.sign_up("eve@example.org").await;
    let reset = plain(app.mail("ada@example.org", "Reset").await);
    let verify = plain(app.mail("eve@example.org", "Verify").await);
    assert!(reset.contains("https://acme.example/welcome/reset-password?token=dvt_"), "{reset}");
    assert!(verify.contains("https://acme.example/welcome/verify-email?token=dvt_"), "{verify}");
    assert!(!reset.contains("evil") && !verify.contains("evil"));
}

#[tokio::test]
async fn an_application_may_let_in_verified_addresses_alone() {
    let app = TestApp::start().await;
    let developer = app.developer().await;
    let acme = developer.application("Acme").await;
    developer.set(&acme.id, json!({"require_verified_email": true})).await;
    let client = acme.client.at(&app.another_node().await);
    client.sign_up("ada@example.org").await;

    client.try_log_in("ada@example.org", PASSWORD).await.refused(403, "email_unverified");
    client.try_log_in("ada@example.org", "wrong tractor lagoon").await.refused(401, "invalid_credentials");
    let sessions = "SELECT count(*) FROM sessions WHERE application_id <> $1";
    let count: i64 = sqlx::query_scalar(sessions)
        .bind(devauth_aggregates::portal().uuid())
        .fetch_one(&mut app.database.connect().await)
        .await
        .unwrap();
    assert_eq!(count, 0);

    confirm(&client, &app.mailed_token("ada@example.org", "Verify").await).await.expect(200);
    let tokens = client.log_in("ada@example.org").await;
    assert_eq!(tokens["user"]["email_verified"], Value::Bool(true));
}
