//! A lock that no attempt was told of, or that Postgres did not take: whoever meets it next writes it down, once.

use devauth_test_support::database::PATIENCE;

use super::EMAIL;
use super::lockout::{MINUTE, fail, locked};
use super::protection::fail_from_everywhere;
use crate::app::{PASSWORD, TestApp};
use crate::client::{TestApplication, at_once};

const HOME: &str = "127.0.0.1";
const NOBODY: &str = "nobody@example.org";

async fn acme(app: &TestApp) -> TestApplication {
    let acme = app.developer().await.application("Acme").await;
    acme.client.sign_up(EMAIL).await;
    acme
}

/// Events of locks, and entries of locks that are no events.
async fn recorded(app: &TestApp) -> (i64, i64) {
    app.node.app.login_failures.settled(PATIENCE).await;
    let sql = "SELECT (SELECT count(*) FROM events WHERE event_type = 'LoginLocked'),
                      (SELECT count(*) + coalesce(sum(suppressed), 0)::bigint FROM login_failures WHERE action = 'locked')";
    sqlx::query_as(sql).fetch_one(&mut app.database.connect().await).await.unwrap()
}

async fn locks(app: &TestApp) -> i64 {
    let sql = "SELECT count(*) FROM login_locks";
    sqlx::query_scalar(sql).fetch_one(&mut app.database.connect().await).await.unwrap()
}

#[tokio::test]
async fn a_lock_reached_by_abandoned_attempts_outlives_redis() {
    let app = TestApp::start().await;
    let acme = acme(&app).await;
    for email in [EMAIL, NOBODY] {
        app.abandon(&acme, email, HOME, 5).await;
    }
    assert_eq!(locks(&app).await, 0, "nobody was told of it");
    for email in [EMAIL, NOBODY] {
        locked(acme.client.try_log_in(email, PASSWORD).await);
    }

    app.redis_forgets().await;

    for email in [EMAIL, NOBODY] {
        locked(acme.client.try_log_in(email, PASSWORD).await);
    }
    assert_eq!(recorded(&app).await, (1, 1), "an event of Ada, and an entry of the other");
    app.pass(15 * MINUTE);
    acme.client.log_in(EMAIL).await;
}

#[tokio::test]
async fn protection_reached_by_an_abandoned_attempt_outlives_redis() {
    let app = TestApp::start().await;
    let acme = acme(&app).await;
    let known = acme.client.for_address("192.0.2.1");
    known.log_in(EMAIL).await;
    fail_from_everywhere(&acme.client, 99).await;
    app.abandon(&acme, EMAIL, "203.0.113.1", 1).await;
    let there = acme.client.for_address("203.0.113.1");
    there.try_log_in(EMAIL, PASSWORD).await.refused(429, "account_protected");

    app.redis_forgets().await;

    let elsewhere = acme.client.for_address("203.0.113.2");
    elsewhere.try_log_in(EMAIL, PASSWORD).await.refused(429, "account_protected");
    known.log_in(EMAIL).await;
    assert_eq!(recorded(&app).await, (1, 0));
}

#[tokio::test]
async fn however_many_find_it_missing_it_is_recorded_once() {
    let app = TestApp::start().await;
    let acme = acme(&app).await;
    let other = acme.client.at(&app.another_node().await);
    for email in [EMAIL, NOBODY] {
        app.abandon(&acme, email, HOME, 5).await;
    }

    let answers = at_once((0..40).map(|n| {
        let client = if n % 2 == 0 { &acme.client } else { &other }.clone();
        async move { client.try_log_in([EMAIL, NOBODY][n / 2 % 2], PASSWORD).await }
    }))
    .await;

    answers.into_iter().for_each(|answer| {
        locked(answer);
    });
    assert_eq!((locks(&app).await, recorded(&app).await), (2, (1, 1)));
}

#[tokio::test]
async fn a_lock_that_postgres_did_not_take_is_neither_row_nor_event_until_the_next_try() {
    let app = TestApp::start().await;
    let acme = acme(&app).await;
    let mut owner = app.database.connect().await;
    let refuse = "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$;
        CREATE TRIGGER refuse BEFORE INSERT ON login_locks EXECUTE FUNCTION refuse()";
    sqlx::raw_sql(refuse).execute(&mut owner).await.unwrap();
    fail(&acme.client, EMAIL, 4).await;
    assert!(acme.client.try_log_in(EMAIL, "wrong").await.status >= 500);
    assert_eq!((locks(&app).await, recorded(&app).await), (0, (0, 0)));
    sqlx::raw_sql("DROP TRIGGER refuse ON login_locks").execute(&mut owner).await.unwrap();

    for _ in 0..2 {
        locked(acme.client.try_log_in(EMAIL, PASSWORD).await);
    }

    assert_eq!((locks(&app).await, recorded(&app).await), (1, (1, 0)));
}
