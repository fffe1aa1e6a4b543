//! What the scheduled clean-up removes, and when: not a moment early, and never what somebody holds.

use std::time::Duration;

use devauth::schedule::clean_up::{self, Removed};
use devauth::service::Service;
use devauth_test_support::database::PATIENCE;
use serde_json::json;
use sqlx::{Connection as _, Executor as _};
use tokio_util::sync::CancellationToken;

use crate::app::TestApp;
use crate::client::{Client, Developer};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

async fn run(node: &Service) -> Option<Removed> {
    clean_up::run(&node.app, &CancellationToken::new()).await.unwrap()
}

/// How many rows of this kind a run removes now.
async fn removed(app: &TestApp, kind: &str) -> u64 {
    run(&app.node).await.expect("nobody else is at it")[kind]
}

/// Nothing a minute before, everything a minute later.
async fn is_removed_after(app: &TestApp, kind: &str, time: Duration, count: u64) {
    app.pass(time - MINUTE);
    assert_eq!(removed(app, kind).await, 0, "{kind} too early");
    app.pass(MINUTE * 2);
    assert_eq!(removed(app, kind).await, count, "{kind}");
    assert_eq!(removed(app, kind).await, 0, "{kind} again");
}

#[tokio::test]
async fn verification_tokens_go_48_hours_after_their_expiry() {
    let app = TestApp::start().await;
    app.application().await.sign_up("ada@example.org").await;
    // The developer's own too.
    is_removed_after(&app, "verification_tokens", 24 * HOUR + 48 * HOUR, 2).await;
}

#[tokio::test]
async fn reset_tokens_go_24_hours_after_their_expiry() {
    let app = TestApp::start().await;
    let backend = app.application().await;
    backend.sign_up("ada@example.org").await;
    backend.post("/v1/auth/password/reset/request", json!({"email": "ada@example.org"})).await.expect(202);
    is_removed_after(&app, "reset_tokens", HOUR + 24 * HOUR, 1).await;
}

#[tokio::test]
async fn sessions_go_90_days_after_their_end_however_they_ended() {
    let app = TestApp::start().await;
    let backend = app.application().await;
    backend.sign_up("ada@example.org").await;
    let (ended, _expires) =
        (backend.log_in("ada@example.org").await, backend.log_in("ada@example.org").await);
    backend.post("/v1/auth/logout", json!({"refresh_token": ended["refresh_token"]})).await.expect(204);

    // The one that was logged out; the developer's, which lived for half an hour; the other, which lived for a week.
    is_removed_after(&app, "sessions", 90 * DAY, 1).await;
    is_removed_after(&app, "sessions", 29 * MINUTE, 1).await;
    is_removed_after(&app, "sessions", 7 * DAY - 31 * MINUTE, 1).await;

    app.until("SELECT (SELECT count(*) FROM sessions) + (SELECT count(*) FROM secrets.refresh_tokens) = 0")
        .await;
    app.until("SELECT sessions_ended_until > 'epoch' FROM retention").await;
    app.until("SELECT count(*) > 0 FROM events WHERE aggregate_type = 'Session'").await;
}

#[tokio::test]
async fn stored_answers_go_after_a_day_and_locks_when_they_are_over() {
    let app = TestApp::start().await;
    let backend = app.application().await;
    let body = json!({"email": "ada@example.org", "password": crate::app::PASSWORD});
    let keyed = backend.with("idempotency-key", "0123456789abcdef");
    keyed.post("/v1/auth/signup", body).await.expect(201);
    for _ in 0..5 {
        backend.try_log_in("ada@example.org", "wrong").await.refused(401, "invalid_credentials");
    }
    backend.try_log_in("ada@example.org", "wrong").await.refused(429, "account_locked");

    is_removed_after(&app, "login_locks", 15 * MINUTE, 1).await;
    is_removed_after(&app, "idempotency_keys", 24 * HOUR - 17 * MINUTE, 1).await;
}

#[tokio::test]
async fn failed_logins_go_30_days_after_they_happened() {
    let app = TestApp::start().await;
    let backend = app.application().await;
    for _ in 0..2 {
        backend.try_log_in("nobody@example.org", "wrong").await.refused(401, "invalid_credentials");
    }
    app.node.app.login_failures.settled(PATIENCE).await;
    is_removed_after(&app, "login_failures", 30 * DAY, 2).await;
}

#[tokio::test]
async fn jobs_that_are_done_go_after_30_days() {
    let app = TestApp::start().await;
    app.application().await;
    app.until("SELECT count(*) = 1 FROM jobs WHERE state = 'done'").await;
    is_removed_after(&app, "jobs", 30 * DAY, 1).await;
}

/// A week after the last link ran out; a link lives for a day.
const SIGNUP: Duration = Duration::from_secs(8 * 86_400);

/// A backend of an application that admits only proven addresses.
async fn strict(developer: &Developer) -> Client {
    let acme = developer.application("Acme").await;
    developer.set(&acme.id, json!({"require_verified_email": true})).await;
    acme.client
}

#[tokio::test]
async fn a_signup_that_was_never_verified_is_erased_and_its_address_is_free() {
    let app = TestApp::start().await;
    let acme = strict(&app.developer().await).await;
    let body = json!({"email": "ada@example.org", "password": crate::app::PASSWORD});
    acme.sign_up("ada@example.org").await;
    acme.post("/v1/auth/signup", body.clone()).await.refused(409, "email_taken");

    is_removed_after(&app, "expired_signups", SIGNUP, 1).await;

    app.until("SELECT count(*) = 1 FROM users").await;
    app.until("SELECT count(*) = 1 FROM events WHERE event_type = 'UserErased' AND metadata #>> '{actor,type}' = 'service'").await;
    acme.post("/v1/auth/signup", body).await.expect(201);
}

#[tokio::test]
async fn who_asks_for_another_link_has_more_time() {
    let app = TestApp::start().await;
    let acme = strict(&app.developer().await).await;
    acme.sign_up("ada@example.org").await;
    app.pass(6 * DAY);
    acme.post("/v1/auth/email/verify/request", json!({"email": "ada@example.org"})).await.expect(202);

    is_removed_after(&app, "expired_signups", SIGNUP, 1).await;
}

#[tokio::test]
async fn who_verified_and_whose_application_admits_anybody_stay() {
    let app = TestApp::start().await;
    let developer = app.developer().await;
    let (strict, open) = (strict(&developer).await, developer.application("Open").await.client);
    strict.sign_up("ada@example.org").await;
    let token = app.mailed_token("ada@example.org", "").await;
    strict.post("/v1/auth/email/verify/confirm", json!({"token": token})).await.expect(200);
    open.sign_up("alan@example.org").await;

    app.pass(100 * DAY);

    assert_eq!(removed(&app, "expired_signups").await, 0);
    app.until("SELECT count(*) = 3 FROM users").await;
}

#[tokio::test]
async fn who_has_ever_logged_in_stays_when_their_application_begins_to_ask() {
    let app = TestApp::start().await;
    let developer = app.developer().await;
    let acme = developer.application("Acme").await;
    acme.client.sign_up("ada@example.org").await;
    acme.client.sign_up("alan@example.org").await;
    acme.client.log_in("ada@example.org").await;
    // Their session ended and its row is gone, and that they were here is known all the same.
    app.pass(100 * DAY);
    assert!(removed(&app, "sessions").await > 0);

    developer_again(&app).await.set(&acme.id, json!({"require_verified_email": true})).await;

    assert_eq!(removed(&app, "expired_signups").await, 1, "the one who never was");
    app.until("SELECT count(*) = 1 FROM users WHERE email = 'ada@example.org'").await;
    app.until("SELECT count(*) = 0 FROM users WHERE email = 'alan@example.org'").await;
    let refused = acme.client.try_log_in("ada@example.org", crate::app::PASSWORD).await;
    refused.refused(403, "email_unverified");
}

/// The developer's token lives for half an hour.
async fn developer_again(app: &TestApp) -> Developer {
    let credentials = json!({"email": "grace@example.org", "password": crate::app::PASSWORD});
    let login = app.anyone().post("/v1/portal/developers/login", credentials).await.expect(200);
    Developer::new(app.anyone(), login["access_token"].as_str().unwrap())
}

/// What a login does to the database: it holds the person's key, and writes that they were here.
const HOLD: &str = "SELECT FROM secrets.data_keys JOIN users ON id = user_id WHERE email = 'ada@example.org'
    FOR KEY SHARE OF data_keys";
const LOG_IN: &str = "INSERT INTO last_logins (user_id, last_login_at) SELECT id, now() FROM users WHERE email = 'ada@example.org'";

#[tokio::test]
async fn a_login_at_that_moment_is_not_lost() {
    let app = TestApp::start().await;
    let acme = strict(&app.developer().await).await;
    acme.sign_up("ada@example.org").await;
    app.pass(SIGNUP + MINUTE);
    let mut database = app.database.connect().await;
    let mut login = database.begin().await.unwrap();
    login.execute(HOLD).await.unwrap();
    login.execute(LOG_IN).await.unwrap();

    let committing = async {
        app.until(
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'
                 AND query LIKE '%secrets.data_keys%FOR UPDATE%' AND datname = current_database())",
        )
        .await;
        login.commit().await.unwrap();
    };
    let (erased, ()) = tokio::join!(removed(&app, "expired_signups"), committing);

    assert_eq!(erased, 0);
    app.until(
        "SELECT count(*) = 1 FROM users JOIN last_logins ON user_id = id WHERE email = 'ada@example.org'",
    )
    .await;
    app.until("SELECT count(*) = 0 FROM events WHERE event_type = 'UserErased'").await;
    let again = json!({"email": "ada@example.org", "password": crate::app::PASSWORD});
    acme.post("/v1/auth/signup", again).await.refused(409, "email_taken");
}

#[tokio::test]
async fn one_node_at_a_time_and_another_after_one_that_died() {
    let app = TestApp::start().await;
    let other = app.another_node().await;
    let mut database = app.database.connect().await;
    let now = app.clock.now();
    sqlx::query("UPDATE scheduled_tasks SET leased_until = $1, started_at = $2")
        .bind(now + chrono::Duration::minutes(10))
        .bind(now)
        .execute(&mut database)
        .await
        .unwrap();

    assert_eq!(run(&other).await, None);
    app.pass(11 * MINUTE);
    assert!(run(&other).await.is_some());
    assert!(run(&app.node).await.is_some(), "it was given back");
    other.stop().await;
}

/// So many reset tokens that expired long ago.
const MANY_TOKENS: &str = "INSERT INTO secrets.one_time_tokens
    SELECT sha256(n::text::bytea), gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'reset_password', 'epoch'
    FROM generate_series(1, 1203) n";

#[tokio::test]
async fn all_is_removed_in_batches_but_what_somebody_holds() {
    let app = TestApp::start().await;
    let mut database = app.database.connect().await;
    database.execute(MANY_TOKENS).await.unwrap();
    let mut holding = database.begin().await.unwrap();
    holding
        .execute("SELECT FROM secrets.one_time_tokens WHERE hash = sha256('77') FOR UPDATE")
        .await
        .unwrap();

    assert_eq!(removed(&app, "reset_tokens").await, 1202);
    holding.rollback().await.unwrap();
    assert_eq!(removed(&app, "reset_tokens").await, 1);
}
