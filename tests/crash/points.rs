//! A node dies at each named place while it works with another one; afterwards everything that anybody was told is true, and
//! happened once. `./dev test --crash` goes through each place many times, with random moments.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use devauth_test_support::database::PATIENCE;
use sqlx::PgConnection;

use crate::deployment::Deployment;
use crate::story::{Backend, Record};

/// One test a place: the node dies the given time that it comes there.
macro_rules! dies_at {
    ($($place:ident @ $times:literal;)*) => {$(
        #[tokio::test]
        async fn $place() {
            for round in 0..rounds() {
                dies_at(stringify!($place), $times + round * 3).await;
            }
        }
    )*};
}

dies_at! {
    command_between_events_and_rows @ 9;
    command_before_commit @ 11;
    command_after_commit @ 12;
    sequencer_before_commit @ 2;
    sequencer_after_commit @ 2;
    projection_rows_before_checkpoint @ 2;
    projection_before_commit @ 3;
    projection_after_commit @ 3;
    mail_taken @ 2;
    mail_sent @ 2;
    mail_marked @ 2;
}

fn rounds() -> u32 {
    std::env::var("CRASH_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(1)
}

/// Users who live at the same time.
const AT_ONCE: usize = 4;
/// Users who live after the death, so that there is something for the survivor to do.
const AFTERWARDS: usize = 4;

async fn dies_at(place: &str, times: u32) {
    let deployment = Deployment::new().await;
    let survivor = deployment.start().await;
    let client = deployment.application(&survivor).await;
    let dying = deployment.start_with(&[("CRASH_AT", &format!("{place}@{times}"))]).await;
    let backend = Backend { first: client.at(&dying), second: client.clone(), first_is_dead: Arc::default() };

    let lives = live_until_it_dies(&backend);
    let records = tokio::time::timeout(PATIENCE * 3, lives).await.expect("it comes to that place");
    assert!(!dying.ended().await.success());
    let successor = deployment.start().await;

    let mut owner = deployment.database.connect().await;
    work_is_done(&mut owner).await;
    everything_happened_once(&mut owner, &records).await;
    mails_came(&deployment, &records);
    for record in &records {
        record.holds_at(&client).await;
        record.holds_at(&client.at(&successor)).await;
    }
    work_is_done(&mut owner).await;
    read_models_equal_the_fold(&mut owner).await;
    deployment.nothing_was_given_away();
}

/// Lives one user after the other, several at once, until the node is dead, and then a few more.
async fn live_until_it_dies(backend: &Backend) -> Vec<Record> {
    let (next, left) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(AFTERWARDS)));
    let lives = (0..AT_ONCE).map(|_| {
        let (backend, next, left) = (backend.clone(), next.clone(), left.clone());
        tokio::spawn(async move {
            let mut records = Vec::new();
            let take = |left: usize| left.checked_sub(1);
            while !backend.first_is_dead.load(Ordering::SeqCst)
                || left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take).is_ok()
            {
                records.push(backend.live(next.fetch_add(1, Ordering::SeqCst)).await);
            }
            records
        })
    });
    let mut records = Vec::new();
    for life in lives.collect::<Vec<_>>() {
        records.extend(life.await.unwrap());
    }
    records
}

/// Until all is numbered, projected and mailed. What the dead node had leased is free at once: the tests don't wait for it.
async fn work_is_done(owner: &mut PgConnection) {
    sqlx::query("UPDATE jobs SET leased_until = NULL, run_at = created_at WHERE state = 'ready'")
        .execute(&mut *owner)
        .await
        .unwrap();
    let done = "SELECT (SELECT count(*) FROM events) = (SELECT position FROM log_head)
        AND (SELECT min(checkpoint) FROM projections) = (SELECT position FROM log_head)
        AND NOT EXISTS (SELECT FROM jobs WHERE state = 'ready')";
    let waiting =
        async { while !sqlx::query_scalar::<_, bool>(done).fetch_one(&mut *owner).await.unwrap() {} };
    tokio::time::timeout(PATIENCE, waiting).await.expect("the survivors do all that was left");
}

async fn count(owner: &mut PgConnection, of: &str) -> u64 {
    let sql = format!("SELECT count(*) FROM {of}");
    sqlx::query_scalar::<_, i64>(&sql).fetch_one(owner).await.unwrap().unsigned_abs()
}

async fn everything_happened_once(owner: &mut PgConnection, records: &[Record]) {
    let told = |what: fn(&Record) -> bool| records.iter().filter(|record| what(record)).count() as u64;
    let unanswered: u64 = records.iter().map(|record| record.unanswered).sum();
    // The developer is a user too, and logged in once.
    assert_eq!(count(owner, "events WHERE event_type = 'UserRegistered'").await, told(|_| true) + 1);
    assert_eq!(count(owner, "users").await, told(|_| true) + 1);
    assert_eq!(count(owner, "claims").await, told(|_| true) + 1);
    assert_eq!(
        count(owner, "events WHERE event_type = 'PasswordChanged'").await,
        told(|record| record.changed)
    );
    assert_eq!(
        count(owner, "events WHERE event_type = 'SessionEnded'").await,
        told(|record| record.ended.is_some())
    );
    // A login whose answer was lost is repeated and is another session.
    let sessions = count(owner, "events WHERE event_type = 'SessionStarted'").await;
    assert!(
        (told(|_| true) + 1..=told(|_| true) + 1 + unanswered).contains(&sessions),
        "{sessions} sessions"
    );
    assert_eq!(count(owner, "sessions").await, sessions);
    let refreshes = count(owner, "events WHERE event_type = 'SessionRefreshed'").await;
    assert_eq!(refreshes, 2 * told(|_| true), "also one that was repeated counts once");
}

/// Every mail came, and one that the dead node had in its hands came twice at most.
fn mails_came(deployment: &Deployment, records: &[Record]) {
    let mails = deployment.smtp.mails();
    let mut again = 0;
    for record in records {
        let theirs = mails.iter().filter(|mail| mail.to.contains(&record.email)).count();
        let wanted = 1 + usize::from(record.changed);
        assert!(theirs >= wanted, "{} got {theirs} of {wanted} mails", record.email);
        again += theirs - wanted;
    }
    // As many as a node has on their way at once.
    assert!(again <= 4, "{again} mails came twice");
}

/// What the log's follower made of it equals what the commands wrote.
async fn read_models_equal_the_fold(owner: &mut PgConnection) {
    let different = "(SELECT id, application_id, email, metadata, email_verified, status, created_at, updated_at FROM users)
        AS live (a, b, c, d, e, f, g, h) FULL JOIN
        (SELECT user_id, application_id, email, metadata, email_verified, status, created_at, updated_at FROM portal_users)
        AS followed (a, b, c, d, e, f, g, h) ON live = followed WHERE live IS NULL OR followed IS NULL";
    assert_eq!(count(owner, different).await, 0);
}
