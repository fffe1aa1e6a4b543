//! Appending and loading: who was first, what was recorded already, what was changed behind our back.

use cqrs_es::persist::PersistedEventRepository as _;
use devauth_aggregates::{RecordedEvent as _, User, UserEvent, UserId};
use devauth_projections::event_log::{EventIdentity, event_hash};
use devauth_projections::{Error, claims};
use postgres_es::PostgresEventRepository;
use sqlx::Row as _;

use crate::fixture::{Fixture, application, at, folded, registered, rows, run};

fn revoked(seconds: i64) -> UserEvent {
    UserEvent::SessionsRevoked { at: at(seconds) }
}

/// Appends one event after `after`, as a command with this id.
async fn append(fixture: &Fixture, user: UserId, after: i64, command: uuid::Uuid) -> Result<(), Error> {
    let mut tx = fixture.pool.begin().await.unwrap();
    let context =
        |person| devauth_projections::event_log::Context { command_id: command, ..fixture.context(person) };
    fixture.append_in(&mut tx, user, after, folded::<User>(&[registered()]), &[revoked(1)], context).await?;
    Ok(tx.commit().await?)
}

#[tokio::test]
async fn of_two_writers_one_was_first() {
    let fixture = Fixture::new().await;
    let user = fixture.user().await;
    append(&fixture, user, 1, fixture.id()).await.unwrap();

    let second = append(&fixture, user, 1, fixture.id()).await;

    assert!(matches!(second, Err(Error::Conflict)), "{second:?}");
    assert_eq!(fixture.log.load::<User>(&user.to_string()).await.unwrap().sequence, 2);
}

#[tokio::test]
async fn only_the_constraint_of_the_stream_is_a_conflict() {
    let fixture = Fixture::new().await;
    let user = fixture.user().await;
    let mut tx = fixture.pool.begin().await.unwrap();

    let error = sqlx::query("INSERT INTO last_logins SELECT $1, now() FROM generate_series(1, 2)")
        .bind(user.uuid())
        .execute(&mut *tx)
        .await
        .unwrap_err();

    assert_eq!(error.as_database_error().unwrap().code().as_deref(), Some("23505"));
    assert!(matches!(Error::from(error), Error::Database(_)));
}

#[tokio::test]
async fn a_repeated_command_is_recorded_once() {
    let fixture = Fixture::new().await;
    let user = fixture.user().await;
    let command = fixture.id();
    assert!(!fixture.log.is_recorded(command).await.unwrap());
    append(&fixture, user, 1, command).await.unwrap();

    let again = append(&fixture, user, 2, command).await;

    assert!(matches!(again, Err(Error::AlreadyRecorded)), "{again:?}");
    assert!(fixture.log.is_recorded(command).await.unwrap());
    assert_eq!(fixture.log.load::<User>(&user.to_string()).await.unwrap().sequence, 2);
}

#[tokio::test]
async fn an_address_has_one_owner_in_an_application() {
    let fixture = Fixture::new().await;
    let claim = async |application, address: &[u8]| {
        let mut tx = fixture.pool.begin().await.unwrap();
        claims::insert(&mut tx, application, address, fixture.user_id()).await?;
        Ok::<(), Error>(tx.commit().await?)
    };
    claim(application(), b"ada").await.unwrap();

    assert!(matches!(claim(application(), b"ada").await, Err(Error::AddressTaken)));
    claim(application(), b"grace").await.unwrap();
    claim(devauth_aggregates::portal(), b"ada").await.unwrap();
}

#[tokio::test]
async fn rows_have_the_format_of_postgres_es() {
    let fixture = Fixture::new().await;
    let user = fixture.user().await;
    fixture.append::<User>(user, &[revoked(1)]).await;

    let loader = PostgresEventRepository::new(fixture.pool.clone());
    let events = loader.get_events::<User>(&user.to_string()).await.unwrap();

    let seen: Vec<_> = events
        .iter()
        .map(|event| (event.sequence, event.event_type.as_str(), event.event_version.as_str()))
        .collect();
    assert_eq!(seen, [(1, "UserRegistered", "1.0"), (2, "SessionsRevoked", "1.0")]);
    assert!(
        events.iter().all(|event| event.aggregate_type == "User" && event.aggregate_id == user.to_string())
    );
    assert_eq!(UserEvent::parse("SessionsRevoked", "1.0", events[1].payload.clone()).unwrap(), revoked(1));
}

#[tokio::test]
async fn the_stored_rows_prove_their_hashes() {
    let fixture = Fixture::new().await;
    let user = fixture.user().await;
    fixture.append::<User>(user, &[revoked(1), revoked(2)]).await;
    fixture.session(user, 0).await;

    let stored =
        sqlx::query("SELECT *, payload::text AS payload_text, metadata::text AS metadata_text FROM events")
            .fetch_all(&fixture.pool)
            .await
            .unwrap();

    assert_eq!(stored.len(), 4);
    for row in &stored {
        let recorded_at: chrono::DateTime<chrono::Utc> = row.get("recorded_at");
        let identity = EventIdentity {
            event_id: row.get("event_id"),
            application_id: row.get("application_id"),
            aggregate_type: row.get("aggregate_type"),
            aggregate_id: row.get("aggregate_id"),
            sequence: row.get("sequence"),
            event_type: row.get("event_type"),
            event_version: row.get("event_version"),
            recorded_at: recorded_at.timestamp_micros(),
        };
        let (payload, metadata): (&str, &str) = (row.get("payload_text"), row.get("metadata_text"));
        assert_eq!(row.get::<Vec<u8>, _>("event_hash"), event_hash(&identity, payload, metadata));
        let changed = payload.replace("at", "At");
        assert_ne!(row.get::<Vec<u8>, _>("event_hash"), event_hash(&identity, &changed, metadata));
    }
}

#[tokio::test]
async fn a_stream_with_a_hole_is_refused() {
    let fixture = Fixture::new().await;
    let user = fixture.user().await;
    fixture.append::<User>(user, &[revoked(1), revoked(2)]).await;
    let mut owner = fixture.owner().await;
    run(&mut owner, "ALTER TABLE events DISABLE TRIGGER ALL; DELETE FROM events WHERE sequence = 2").await;

    let loaded = fixture.log.load::<User>(&user.to_string()).await;

    assert!(matches!(&loaded, Err(Error::Corrupt(what)) if what.ends_with("has no event 2")), "{loaded:?}");
}

#[tokio::test]
async fn a_rolled_back_command_leaves_no_trace() {
    let fixture = Fixture::new().await;
    let user = fixture.user_id();
    let mut owner = fixture.owner().await;
    let mut tx = fixture.pool.begin().await.unwrap();
    let context = |person| fixture.context(person);
    fixture.append_in(&mut tx, user, 0, User::default(), &[registered()], context).await.unwrap();
    tx.rollback().await.unwrap();

    for table in ["events", "users", "secrets.data_keys"] {
        assert!(rows(&mut owner, table).await.is_empty(), "{table}");
    }
    assert_eq!(fixture.log.load::<User>(&user.to_string()).await.unwrap().sequence, 0);
}

/// The limits are there for a server in trouble: whoever meets one may come back, and it is no bug of ours.
#[tokio::test]
async fn waiting_too_long_is_an_outage() {
    let fixture = Fixture::new().await;
    let user = fixture.user().await;
    let mut other = fixture.pool.begin().await.unwrap();
    sqlx::query("SELECT FROM users FOR UPDATE").execute(&mut *other).await.unwrap();
    for (limit, code) in [("lock_timeout", "55P03"), ("statement_timeout", "57014")] {
        let mut tx = fixture.pool.begin().await.unwrap();
        sqlx::query(&format!("SET LOCAL {limit} = '1ms'")).execute(&mut *tx).await.unwrap();

        let error = sqlx::query("SELECT FROM users WHERE id = $1 FOR UPDATE")
            .bind(user.uuid())
            .execute(&mut *tx)
            .await
            .unwrap_err();

        assert_eq!(error.as_database_error().unwrap().code().as_deref(), Some(code));
        assert!(matches!(Error::from(error), Error::Unavailable(_)), "{limit}");
    }
}
