//! `POST /v1/auth/password/reset/request`, `POST /v1/auth/password/reset/confirm`

mod tokens;

use serde_json::{Value, json};

use crate::app::{PASSWORD, TestApp, token_in};
use crate::client::{Answer, Client};

const REQUEST: &str = "/v1/auth/password/reset/request";
const CONFIRM: &str = "/v1/auth/password/reset/confirm";
const NEW: &str = "another tractor lagoon 78";

/// Asks for a reset and waits for its token, which is the `nth` that is mailed to this address.
async fn reset_token(app: &TestApp, client: &Client, email: &str, nth: usize) -> String {
    client.post(REQUEST, json!({ "email": email })).await.expect(202);
    let mut mails = 0;
    loop {
        let all = app.smtp.wait_for(mails).await;
        mails = all.len() + 1;
        let mut theirs = all.iter().filter(|mail| {
            mail.to.iter().any(|address| address.contains(email))
                && mail.header("subject").is_some_and(|subject| subject.contains("Reset"))
        });
        if let Some(mail) = theirs.nth(nth - 1) {
            return token_in(mail);
        }
    }
}

async fn confirm(client: &Client, token: &str, password: &str) -> Answer {
    client.post(CONFIRM, json!({"token": token, "password": password})).await
}

#[tokio::test]
async fn a_reset_replaces_the_password_ends_every_session_and_mails_a_notice() {
    let app = TestApp::start().await;
    let client = app.application().await;
    let other = client.at(&app.another_node().await);
    let user = client.sign_up("ada@example.org").await;
    let (one, two) = (client.log_in("ada@example.org").await, client.log_in("ada@example.org").await);
    let token = reset_token(&app, &client, "ada@example.org", 1).await;
    assert!(client.admits(&one).await, "asking changes nothing");

    let body = confirm(&client, &token, NEW).await.expect(200);

    assert_eq!(body.as_object().unwrap().len(), 1, "the user and no tokens");
    assert_eq!((&body["user"]["id"], &body["user"]["status"]), (&user["id"], &json!("active")));
    for tokens in [&one, &two] {
        assert!(!client.admits(tokens).await && !other.admits(tokens).await);
        client.refresh(&tokens["refresh_token"]).await.refused(401, "invalid_token");
    }
    client.try_log_in("ada@example.org", PASSWORD).await.refused(401, "invalid_credentials");
    let tokens = client.try_log_in("ada@example.org", NEW).await.expect(200);
    assert!(client.admits(&tokens).await);
    let notice = app.mail("ada@example.org", "was changed").await;
    assert!(!notice.message.contains("token"), "a notice has no link that does anything");
    confirm(&client, &token, NEW).await.refused(400, "token_invalid");
}

#[tokio::test]
async fn a_bad_password_is_refused_and_leaves_the_token_unused() {
    let app = TestApp::start().await;
    let client = app.application().await;
    client.sign_up("ada@example.org").await;
    let tokens = client.log_in("ada@example.org").await;
    let token = reset_token(&app, &client, "ada@example.org", 1).await;

    for (password, code) in [
        ("kuoiEw7".to_owned(), "too_short"),
        ("password123".to_owned(), "too_common"),
        ("a".repeat(257), "too_long"),
        ("green7river".to_owned(), "too_weak"),
        ("ada@example.org".to_owned(), "contains_address"),
    ] {
        let complaints = confirm(&client, &token, &password).await.invalid();
        assert!(complaints.contains(&("/password".to_owned(), code.to_owned())), "{complaints:?}");
    }
    assert!(client.admits(&tokens).await);
    // Nobody learns anything of passwords with a token that is no good.
    confirm(&client, "nonsense", "short").await.refused(400, "token_invalid");
    confirm(&client, &token, NEW).await.expect(200);
}

#[tokio::test]
async fn the_request_tells_nobody_whether_there_is_such_a_user() {
    let app = TestApp::start().await;
    let client = app.application().await;
    client.sign_up("ada@example.org").await;
    let suspended = client.sign_up("suspended@example.org").await;
    app.suspend(&suspended, true).await;

    let mut answers = Vec::new();
    for who in ["suspended", "nobody", "grace", "ada"] {
        let answer = client.post(REQUEST, json!({"email": format!("{who}@example.org")})).await;
        let names: Vec<_> = answer.headers.keys().map(|name| name.as_str().to_owned()).collect();
        answers.push((answer.status, answer.text, names));
    }

    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert_eq!((answers[0].0, answers[0].1.as_str()), (202, ""));
    app.mail("ada@example.org", "Reset").await;
    let jobs: Vec<uuid::Uuid> = sqlx::query_scalar("SELECT user_id FROM jobs WHERE kind = 'reset_password'")
        .fetch_all(&mut app.database.connect().await)
        .await
        .unwrap();
    assert_eq!(jobs.len(), 1, "Ada alone gets a mail");
}

#[tokio::test]
async fn a_suspended_user_can_not_come_back_by_a_reset() {
    let app = TestApp::start().await;
    let client = app.application().await;
    let user = client.sign_up("ada@example.org").await;
    let token = reset_token(&app, &client, "ada@example.org", 1).await;
    app.suspend(&user, true).await;

    confirm(&client, &token, NEW).await.refused(400, "token_invalid");

    app.suspend(&user, false).await;
    client.try_log_in("ada@example.org", NEW).await.refused(401, "invalid_credentials");
    client.log_in("ada@example.org").await;
}

/// Redis was away for a moment, and still has the lock.
#[tokio::test]
async fn a_reset_opens_a_lock_also_where_nobody_was_told_of_the_reset() {
    let app = TestApp::start().await;
    let acme = app.developer().await.application("Acme").await;
    let client = &acme.client;
    client.sign_up("ada@example.org").await;
    for _ in 0..5 {
        client.try_log_in("ada@example.org", "wrong").await.refused(401, "invalid_credentials");
    }
    let before = app.redis_content().await;
    let token = reset_token(&app, client, "ada@example.org", 1).await;
    confirm(client, &token, NEW).await.expect(200);
    app.redis_missed_what_came_after(before.clone()).await;

    client.try_log_in("ada@example.org", NEW).await.expect(200);

    let mut database = app.database.connect().await;
    let mut written = async || -> (i64, i64) {
        let sql = "SELECT (SELECT count(*) FROM login_locks),
                          (SELECT count(*) FROM events WHERE event_type = 'LoginLocked')";
        sqlx::query_as(sql).fetch_one(&mut database).await.unwrap()
    };
    assert_eq!(written().await, (0, 1), "the one from before the reset, whose row is gone");
    // What is reached afterwards holds, however late anybody notices.
    app.abandon(&acme, "ada@example.org", "127.0.0.1", 5).await;
    for _ in 0..2 {
        client.try_log_in("ada@example.org", NEW).await.refused(429, "account_locked");
    }
    assert_eq!(written().await, (1, 2));
}

#[tokio::test]
async fn a_completed_reset_opens_a_locked_login() {
    let app = TestApp::start().await;
    let client = app.application().await;
    let other = client.at(&app.another_node().await);
    client.sign_up("ada@example.org").await;
    for _ in 0..5 {
        client.try_log_in("ada@example.org", "wrong").await.refused(401, "invalid_credentials");
    }
    client.try_log_in("ada@example.org", PASSWORD).await.refused(429, "account_locked");
    let token = reset_token(&app, &client, "ada@example.org", 1).await;
    confirm(&client, &token, "short").await.complains("/password", "too_short");
    client.try_log_in("ada@example.org", PASSWORD).await.refused(429, "account_locked");

    confirm(&client, &token, NEW).await.expect(200);

    for node in [&client, &other] {
        node.try_log_in("ada@example.org", NEW).await.expect(200);
    }
    // And all five tries are there again.
    for _ in 0..4 {
        client.try_log_in("ada@example.org", "wrong").await.refused(401, "invalid_credentials");
    }
    client.try_log_in("ada@example.org", NEW).await.expect(200);
}

#[tokio::test]
async fn a_login_that_raced_a_reset_with_the_old_password_leaves_no_living_session() {
    let app = TestApp::start().await;
    let client = app.application().await;
    let other = client.at(&app.another_node().await);
    client.sign_up("ada@example.org").await;
    let token = reset_token(&app, &client, "ada@example.org", 1).await;

    let (logins, reset) = tokio::join!(
        crate::client::at_once((0..8).map(|_| {
            let client = client.clone();
            async move { client.try_log_in("ada@example.org", PASSWORD).await }
        })),
        confirm(&other, &token, NEW)
    );

    reset.expect(200);
    for login in logins.into_iter().filter(|login| login.status == 200) {
        assert!(!client.admits(&login.body).await, "the old password opens nothing");
    }
    let living: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM sessions s JOIN users u ON u.id = s.user_id
         WHERE s.ended_at IS NULL AND s.generation = u.session_generation AND s.application_id <> $1",
    )
    .bind(devauth_aggregates::portal().uuid())
    .fetch_one(&mut app.database.connect().await)
    .await
    .unwrap();
    assert_eq!(living, 0);
    assert_ne!(client.try_log_in("ada@example.org", NEW).await.expect(200)["access_token"], Value::Null);
}

/// As many mails were sent as anybody asked for, to whomever they liked.
#[tokio::test]
async fn nobody_fills_a_mailbox_and_nobody_learns_that_it_is_enough() {
    let app = TestApp::start().await;
    let client = app.application().await;
    client.sign_up("ada@example.org").await;
    let mut newest = String::new();
    for nth in 1..=10 {
        newest = reset_token(&app, &client, "ada@example.org", nth).await;
    }
    for _ in 0..3 {
        let withheld = client.post(REQUEST, json!({"email": "ada@example.org"})).await;
        let unknown = client.post(REQUEST, json!({"email": "nobody@example.org"})).await;
        assert_eq!((withheld.status, withheld.body), (unknown.status, unknown.body));
    }
    let verify = "/v1/auth/email/verify/request";
    client.post(verify, json!({"email": "ada@example.org"})).await.expect(202);

    confirm(&client, &newest, NEW).await.expect(200);
    app.pass(std::time::Duration::from_secs(61 * 60));
    let next = reset_token(&app, &client, "ada@example.org", 11).await;
    confirm(&client, &next, PASSWORD).await.expect(200);
}
