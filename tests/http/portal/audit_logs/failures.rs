//! Logins that failed: the developer sees why, the caller doesn't, and whoever guesses can't fill it.

use std::collections::BTreeSet;
use std::net::IpAddr;

use devauth::http::accounts::login::authenticate;
use devauth::http::context::RequestContext;
use devauth_projections::applications;
use devauth_projections::login_failures::Reason;
use devauth_test_support::database::PATIENCE;
use serde_json::{Value, json};

use super::{EMAIL, acme, entries};
use crate::app::{PASSWORD, TestApp};
use crate::client::{Client, TestApplication};

const NOBODY: &str = "nobody@example.org";

async fn reasons(developer: &Client, application: &TestApplication, query: &str) -> Vec<Value> {
    let query = format!("action=login_failed&{query}");
    entries(developer, application, &query).await.iter().map(|entry| entry["reason"].clone()).collect()
}

#[tokio::test]
async fn the_developer_sees_why_and_the_caller_does_not() {
    let app = TestApp::start().await;
    let (developer, acme) = acme(&app).await;
    let user = acme.client.sign_up(EMAIL).await;
    let unknown = acme.client.try_log_in(NOBODY, "wrong").await;
    let wrong = acme.client.try_log_in(EMAIL, "wrong").await;
    app.suspend(&user, true).await;
    let suspended = acme.client.try_log_in(EMAIL, PASSWORD).await;
    assert_eq!(unknown.clone().essence(), wrong.clone().essence());
    assert_eq!(unknown.essence(), suspended.essence());

    let found = entries(&developer.client, &acme, "action=login_failed").await;

    let reasons: Vec<&Value> = found.iter().map(|entry| &entry["reason"]).collect();
    assert_eq!(reasons, ["suspended", "wrong_password", "unknown_address"]);
    let users: Vec<&Value> = found.iter().map(|entry| &entry["user_id"]).collect();
    assert_eq!(users, [&user["id"], &user["id"], &Value::Null]);
    assert!(found.iter().all(|entry| entry["actor"] == json!({"type": "anonymous", "id": null})));
    assert_eq!(found[1]["request_id"].as_str(), wrong.header("x-request-id"));
}

#[tokio::test]
async fn who_is_kept_out_for_an_unverified_address_is_in_it_and_is_not_guessing() {
    let app = TestApp::start().await;
    let (developer, acme) = acme(&app).await;
    developer.set(&acme.id, json!({"require_verified_email": true})).await;
    let other = app.another_node().await;
    let client = acme.client.at(&other);
    let user = client.sign_up(EMAIL).await;
    // More than would lock the address for somebody who guesses.
    for _ in 0..6 {
        client.try_log_in(EMAIL, PASSWORD).await.refused(403, "email_unverified");
    }
    let last = client.try_log_in(EMAIL, PASSWORD).await;
    // The list waits for what its own node has yet to write, not for another's.
    other.app.login_failures.settled(PATIENCE).await;

    let found = entries(&developer.client, &acme, "action=login_failed").await;

    assert_eq!(found.len(), 7);
    for entry in &found {
        assert_eq!((&entry["reason"], &entry["user_id"]), (&json!("email_unverified"), &user["id"]));
        assert_eq!(entry["actor"], json!({"type": "anonymous", "id": null}));
    }
    assert_eq!(found[0]["request_id"].as_str(), last.header("x-request-id"));
}

#[tokio::test]
async fn an_address_that_nobody_has_leaves_the_same_kind_of_entries() {
    let app = TestApp::start().await;
    let (developer, acme) = acme(&app).await;
    let user = acme.client.sign_up(EMAIL).await;
    let mut answers = Vec::new();
    for email in [EMAIL, NOBODY] {
        for _ in 0..7 {
            answers.push(acme.client.for_address("192.0.2.1").try_log_in(email, "wrong").await.essence());
        }
    }
    assert_eq!(answers[..7], answers[7..]);

    let all = entries(&developer.client, &acme, "").await;
    let of = |id: &Value| {
        let shown = |entry: &Value| {
            json!([entry["action"], entry["actor"], entry["client_address"], entry["user_agent"]])
        };
        let mine = |entry: &&Value| entry["user_id"] == *id && entry["client_address"] == "192.0.2.1";
        all.iter().filter(mine).map(shown).collect::<Vec<_>>()
    };

    let (known, unknown) = (of(&user["id"]), of(&Value::Null));
    assert_eq!(known, unknown);
    let expected = ["login_failed", "login_failed", "locked"].into_iter().chain(["login_failed"; 5]);
    let shown: Vec<&Value> = known.iter().map(|entry| &entry[0]).collect();
    assert_eq!(shown, expected.collect::<Vec<_>>());
    let locked = "account_locked";
    let mut expected = vec![json!("wrong_password"); 5];
    expected.splice(0..0, [json!(locked), json!(locked)]);
    let of_user = format!("user_id={}", user["id"].as_str().unwrap());
    assert_eq!(reasons(&developer.client, &acme, &of_user).await, expected);
}

#[tokio::test]
async fn every_lock_is_an_entry_also_while_an_earlier_one_holds() {
    let app = TestApp::start().await;
    let (developer, acme) = acme(&app).await;
    let user = acme.client.sign_up(EMAIL).await;
    for email in [EMAIL, NOBODY] {
        for client in ["192.0.2.1", "192.0.2.2"] {
            for _ in 0..5 {
                acme.client
                    .for_address(client)
                    .try_log_in(email, "wrong")
                    .await
                    .refused(401, "invalid_credentials");
            }
        }
    }
    let locked = entries(&developer.client, &acme, "action=locked").await;

    let shown: Vec<Value> = locked
        .iter()
        .map(|entry| json!([entry["user_id"], entry["client_address"], entry["reason"]]))
        .collect();
    let one = |user: &Value, client: &str| json!([user, client, null]);
    let nobody = Value::Null;
    let expected = [
        one(&nobody, "192.0.2.2"),
        one(&nobody, "192.0.2.1"),
        one(&user["id"], "192.0.2.2"),
        one(&user["id"], "192.0.2.1"),
    ];
    assert_eq!(shown, expected);
}

/// Tries of somebody who guesses, through everything but the wire.
async fn guess(app: &TestApp, application: &TestApplication, email: &str, tries: usize) {
    let node = &app.node.app;
    let id = application.id.parse().unwrap();
    let row = applications::for_service(&node.pool, id).await.unwrap().unwrap();
    let email = devauth_aggregates::EmailAddress::parse(email).unwrap();
    for n in 0..tries {
        let request = RequestContext {
            request_id: format!("guess-{n:06}"),
            client_address: IpAddr::from([198, 51, 100, u8::try_from(n % 10).unwrap()]),
            user_agent: Some("guesser".to_owned()),
        };
        assert!(authenticate(node, &row, &request, &email, "wrong").await.is_err());
    }
}

#[tokio::test]
async fn ten_thousand_guesses_leave_a_few_rows_and_no_event_but_locks() {
    let app = TestApp::start().await;
    let (developer, acme) = acme(&app).await;
    let user = acme.client.sign_up(EMAIL).await;
    let counted = "SELECT (SELECT count(*) FROM events WHERE event_type <> 'LoginLocked'),
                          (SELECT count(*) FROM events WHERE event_type = 'LoginLocked')";
    let mut database = app.database.connect().await;
    let before: (i64, i64) = sqlx::query_as(counted).fetch_one(&mut database).await.unwrap();

    guess(&app, &acme, EMAIL, 10_000).await;

    let found = entries(&developer.client, &acme, &format!("user_id={}", user["id"].as_str().unwrap())).await;
    let failed: Vec<&Value> = found.iter().filter(|entry| entry["action"] == "login_failed").collect();
    // The tries may have begun shortly before a quarter of an hour was over.
    assert!((20..=40).contains(&failed.len()), "{}", failed.len());
    let suppressed: i64 = failed.iter().filter_map(|entry| entry["suppressed"].as_i64()).sum();
    assert_eq!(failed.len() + usize::try_from(suppressed).unwrap(), 10_000);
    let after: (i64, i64) = sqlx::query_as(counted).fetch_one(&mut database).await.unwrap();
    assert_eq!(after.0, before.0);
    assert_eq!(after.1 - before.1, 1, "and that once while it holds");
    assert!(found.iter().any(|entry| entry["action"] == "signup"), "what happened before is still there");
}

#[tokio::test]
async fn reasons_are_of_a_fixed_set_and_nothing_shows_the_address_or_the_password() {
    let app = TestApp::start().await;
    let (developer, acme) = acme(&app).await;
    acme.client.sign_up(EMAIL).await;
    for email in [EMAIL, NOBODY] {
        for _ in 0..7 {
            acme.client.try_log_in(email, "wrong").await;
        }
    }
    let answer = developer.client.get(&super::path(&acme, "limit=100")).await;
    for told in [EMAIL, NOBODY, "wrong\"", "nobody"] {
        assert!(!answer.text.contains(told), "{told}");
    }
    let mut database = app.database.connect().await;
    let reasons: Vec<Option<String>> = sqlx::query_scalar("SELECT DISTINCT reason FROM login_failures")
        .fetch_all(&mut database)
        .await
        .unwrap();
    let known = Reason::ALL.map(Reason::name);
    let reasons: BTreeSet<String> = reasons.into_iter().flatten().collect();
    assert!(
        reasons.iter().all(|reason| known.contains(&reason.as_str())) && reasons.len() >= 3,
        "{reasons:?}"
    );
    let text: Vec<String> =
        sqlx::query_scalar("SELECT f::text FROM login_failures f").fetch_all(&mut database).await.unwrap();
    assert!(!text.concat().contains('@'));
}

#[tokio::test]
async fn a_postgres_that_refuses_the_row_changes_no_answer() {
    let app = TestApp::start().await;
    let (developer, acme) = acme(&app).await;
    acme.client.sign_up(EMAIL).await;
    let before = acme.client.try_log_in(EMAIL, "wrong").await.essence();
    let mut owner = app.database.connect().await;
    sqlx::raw_sql("ALTER TABLE login_failures RENAME TO away").execute(&mut owner).await.unwrap();
    assert_eq!(acme.client.try_log_in(EMAIL, "wrong").await.essence(), before);
    acme.client.try_log_in(NOBODY, "wrong").await.refused(401, "invalid_credentials");
    app.node.app.login_failures.settled(PATIENCE).await;
    sqlx::raw_sql("ALTER TABLE away RENAME TO login_failures").execute(&mut owner).await.unwrap();

    acme.client.try_log_in(EMAIL, "wrong").await.refused(401, "invalid_credentials");

    assert_eq!(reasons(&developer.client, &acme, "").await.len(), 2, "the first and the last");
}

#[tokio::test]
async fn what_failed_just_before_a_node_stops_is_written() {
    let app = TestApp::start().await;
    let (_, acme) = acme(&app).await;
    let mut owner = app.database.connect().await;
    // The writer stands before a locked table when the node begins to stop.
    sqlx::raw_sql("BEGIN; LOCK TABLE login_failures IN EXCLUSIVE MODE").execute(&mut owner).await.unwrap();
    for n in 0..3 {
        acme.client
            .try_log_in(&format!("nobody{n}@example.org"), "wrong")
            .await
            .refused(401, "invalid_credentials");
    }
    let stopping = tokio::spawn(app.node.stop());
    sqlx::raw_sql("COMMIT").execute(&mut owner).await.unwrap();
    stopping.await.unwrap();

    let count: i64 =
        sqlx::query_scalar("SELECT count(*) FROM login_failures").fetch_one(&mut owner).await.unwrap();
    assert_eq!(count, 3);
}

#[tokio::test]
async fn what_failed_on_one_node_is_listed_by_the_other() {
    let app = TestApp::start().await;
    let (developer, acme) = acme(&app).await;
    let other = app.another_node().await;
    acme.client.at(&other).try_log_in(NOBODY, "wrong").await.refused(401, "invalid_credentials");
    other.app.login_failures.settled(PATIENCE).await;
    assert_eq!(reasons(&developer.client, &acme, "").await, ["unknown_address"]);
}
