//! The log can be added to and read. Nothing else, whoever asks.

use sqlx::PgConnection;

use crate::fixture::{Fixture, eventually, refused, rows, run};
use devauth_projections::sequencer;

const REFUSED: &str = "42501";

/// Changes, those that would match no row too.
const CHANGES: [&str; 12] = [
    "UPDATE events SET payload = '{}'",
    "UPDATE events SET payload = '{}' WHERE false",
    "DELETE FROM events",
    "DELETE FROM events WHERE false",
    "TRUNCATE events",
    "TRUNCATE events, event_log CASCADE",
    "INSERT INTO events SELECT * FROM events ON CONFLICT (event_id) DO UPDATE SET payload = '{}'",
    "UPDATE event_log SET position = 7",
    "UPDATE event_log SET position = 7 WHERE false",
    "DELETE FROM event_log",
    "DELETE FROM event_log WHERE false",
    "TRUNCATE event_log",
];

/// What the service would have to do to get around the triggers, and to lie about the schema.
const WAYS_AROUND: [&str; 11] = [
    "ALTER TABLE events DISABLE TRIGGER ALL",
    "ALTER TABLE events DISABLE TRIGGER events_append_only",
    "DROP TRIGGER events_append_only ON events",
    "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
    "SET session_replication_role = replica",
    "ALTER TABLE events RENAME TO forgotten",
    "DROP TABLE events",
    "INSERT INTO _sqlx_migrations SELECT * FROM _sqlx_migrations",
    "UPDATE _sqlx_migrations SET checksum = ''",
    "DELETE FROM _sqlx_migrations WHERE false",
    "TRUNCATE _sqlx_migrations",
];

async fn log_with_one_event() -> Fixture {
    let fixture = Fixture::new().await;
    fixture.user().await;
    eventually("the event is numbered", async || sequencer::tick(fixture.log.kept(), 10).await.unwrap() == 1)
        .await;
    fixture
}

async fn content(connection: &mut PgConnection) -> (Vec<String>, Vec<String>) {
    (rows(connection, "events").await, rows(connection, "event_log").await)
}

#[tokio::test]
async fn not_even_the_owner_changes_the_log() {
    let fixture = log_with_one_event().await;
    let mut owner = fixture.owner().await;
    let before = content(&mut owner).await;

    for sql in CHANGES {
        assert_eq!(refused(&mut owner, sql).await, REFUSED, "{sql}");
    }

    assert_eq!(content(&mut owner).await, before);
}

#[tokio::test]
async fn the_running_service_changes_nothing_and_finds_no_way_around() {
    let fixture = log_with_one_event().await;
    let mut service = fixture.pool.acquire().await.unwrap();
    let before = content(&mut service).await;
    let role: String =
        sqlx::query_scalar("SELECT current_user::text").fetch_one(&mut *service).await.unwrap();
    assert_eq!(role, devauth_projections::roles::SERVICE_ROLE);

    for sql in CHANGES.iter().chain(&WAYS_AROUND) {
        assert_eq!(refused(&mut service, sql).await, REFUSED, "{sql}");
    }

    assert_eq!(content(&mut service).await, before);
}

/// So that the tests above are known to be able to fail.
#[tokio::test]
async fn without_the_triggers_the_owner_could() {
    let fixture = log_with_one_event().await;
    let mut owner = fixture.owner().await;
    run(&mut owner, "ALTER TABLE events DISABLE TRIGGER events_append_only").await;

    run(&mut owner, "DELETE FROM events").await;

    assert!(rows(&mut owner, "events").await.is_empty());
}
