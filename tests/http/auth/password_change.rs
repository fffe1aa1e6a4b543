//! `POST /v1/auth/password/change`

use serde_json::json;

use crate::app::{PASSWORD, TestApp};
use crate::client::{Answer, Client, at_once};

const PATH: &str = "/v1/auth/password/change";
const NEW: &str = "another tractor lagoon 78";

async fn change(client: &Client, current: &str, new: &str) -> Answer {
    client.post(PATH, json!({"current_password": current, "password": new})).await
}

#[tokio::test]
async fn it_keeps_the_current_session_ends_the_others_and_mails_a_notice() {
    let app = TestApp::start().await;
    let client = app.application().await;
    let other = client.at(&app.another_node().await);
    client.sign_up("ada@example.org").await;
    let (ends, stays) = (client.log_in("ada@example.org").await, client.log_in("ada@example.org").await);

    let answer = change(&client.as_user(&stays), PASSWORD, NEW).await;

    assert_eq!((answer.status, answer.text.as_str()), (204, ""));
    for node in [&client, &other] {
        assert!(node.admits(&stays).await && !node.admits(&ends).await);
        node.refresh(&ends["refresh_token"]).await.refused(401, "invalid_token");
    }
    let refreshed = client.refresh(&stays["refresh_token"]).await.expect(200);
    assert!(client.admits(&refreshed).await);
    client.try_log_in("ada@example.org", PASSWORD).await.refused(401, "invalid_credentials");
    let fresh = client.try_log_in("ada@example.org", NEW).await.expect(200);
    app.mail("ada@example.org", "was changed").await;

    // The session that was kept does not outlive the next change by another.
    change(&client.as_user(&fresh), NEW, PASSWORD).await.expect(204);
    assert!(client.admits(&fresh).await && !client.admits(&refreshed).await);
}

#[tokio::test]
async fn the_current_password_must_be_right() {
    let app = TestApp::start().await;
    let client = app.application().await;
    client.sign_up("ada@example.org").await;
    let tokens = client.log_in("ada@example.org").await;
    let as_ada = client.as_user(&tokens);

    change(&as_ada, "wrong", NEW).await.refused(401, "invalid_credentials");
    change(&as_ada, "", NEW).await.refused(401, "invalid_credentials");

    assert!(client.admits(&tokens).await);
    client.log_in("ada@example.org").await;
}

#[tokio::test]
async fn guessing_the_current_password_locks_like_guessing_at_login() {
    let app = TestApp::start().await;
    let client = app.application().await;
    client.sign_up("ada@example.org").await;
    let tokens = client.log_in("ada@example.org").await;
    let as_ada = client.as_user(&tokens);

    for n in 0..5 {
        change(&as_ada, &format!("guess {n}"), NEW).await.refused(401, "invalid_credentials");
    }

    change(&as_ada, PASSWORD, NEW).await.refused(429, "account_locked");
    client.try_log_in("ada@example.org", PASSWORD).await.refused(429, "account_locked");
    assert!(client.admits(&tokens).await, "the session goes on");
}

#[tokio::test]
async fn a_bad_new_password_is_refused_and_changes_nothing() {
    let app = TestApp::start().await;
    let client = app.application().await;
    client.sign_up("ada@example.org").await;
    let (tokens, other) = (client.log_in("ada@example.org").await, client.log_in("ada@example.org").await);
    let as_ada = client.as_user(&tokens);

    for (password, code) in [
        ("kuoiEw7".to_owned(), "too_short"),
        ("password123".to_owned(), "too_common"),
        ("a".repeat(257), "too_long"),
        ("green7river".to_owned(), "too_weak"),
        ("ADA@example.org".to_owned(), "contains_address"),
    ] {
        let complaints = change(&as_ada, PASSWORD, &password).await.invalid();
        assert!(complaints.contains(&("/password".to_owned(), code.to_owned())), "{complaints:?}");
    }

    assert!(client.admits(&tokens).await && client.admits(&other).await);
    client.log_in("ada@example.org").await;
    let jobs = "SELECT count(*) FROM jobs WHERE kind = 'password_changed'";
    let count: i64 = sqlx::query_scalar(jobs).fetch_one(&mut app.database.connect().await).await.unwrap();
    assert_eq!(count, 0);
}

#[tokio::test]
async fn of_changes_at_once_from_two_sessions_one_is_made() {
    let app = TestApp::start().await;
    let client = app.application().await;
    let node = app.another_node().await;
    client.sign_up("ada@example.org").await;
    let (one, two) = (client.log_in("ada@example.org").await, client.log_in("ada@example.org").await);

    let answers = at_once((0..4).map(|n| {
        let tokens = if n % 2 == 0 { &one } else { &two };
        let client = if n < 2 { client.clone() } else { client.at(&node) }.as_user(tokens);
        let new = format!("another tractor lagoon {n}");
        async move { (n, new.clone(), change(&client, PASSWORD, &new).await) }
    }))
    .await;

    let (good, bad): (Vec<_>, Vec<_>) = answers.into_iter().partition(|(_, _, answer)| answer.status == 204);
    assert_eq!(good.len(), 1, "{good:?} {bad:?}");
    for (_, _, answer) in bad {
        assert_eq!(answer.status, 401, "{}", answer.text);
    }
    let (winner, password, _) = &good[0];
    client.for_address("192.0.2.9").try_log_in("ada@example.org", password).await.expect(200);
    let (kept, ended) = if winner % 2 == 0 { (&one, &two) } else { (&two, &one) };
    assert!(client.admits(kept).await && !client.admits(ended).await);
}
