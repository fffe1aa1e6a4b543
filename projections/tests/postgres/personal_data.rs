//! What is personal is sealed, stays where it was sealed, and is gone with its key.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use devauth_aggregates::{Personal, Session, User, UserEvent};
use devauth_projections::Error;
use devauth_projections::inline::Inline as _;
use devauth_projections::sealing::SealingError;

use crate::fixture::{AGENT, CLIENT, EMAIL, Fixture, at, rows, run};

const EVERY_TABLE: &str = "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
     WHERE schemaname IN ('public', 'secrets') AND tablename <> '_sqlx_migrations' ORDER BY 1";

/// A datum as it would look in a dump: in clear, in hexadecimal (bytea), in base64 from each of three offsets.
fn disguises(datum: &str) -> Vec<String> {
    let bytes = datum.as_bytes();
    let hex = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    // The first and last characters of base64 depend on the neighbours.
    let base64 = (0..3).map(|skip| {
        let whole = &bytes[skip..bytes.len() - (bytes.len() - skip) % 3];
        BASE64_STANDARD_NO_PAD.encode(whole)
    });
    [datum.to_owned(), hex].into_iter().chain(base64).collect()
}

#[tokio::test]
async fn only_the_read_models_that_answer_with_it_hold_personal_data_in_clear() {
    let fixture = Fixture::new().await;
    let user = fixture.user().await;
    fixture.session(user, 0).await;
    let mut owner = fixture.owner().await;
    let tables: Vec<String> = sqlx::query_scalar(EVERY_TABLE).fetch_all(&mut owner).await.unwrap();
    assert!(tables.len() > 15, "{tables:?}");

    let mut found = Vec::new();
    for table in &tables {
        let content = rows(&mut owner, table).await.concat();
        for datum in [EMAIL, CLIENT, AGENT, "Countess"] {
            if disguises(datum).iter().any(|disguise| content.contains(disguise)) {
                found.push((table.as_str(), datum));
            }
        }
    }

    let expected = [
        ("public.sessions", CLIENT),
        ("public.sessions", AGENT),
        ("public.users", EMAIL),
        ("public.users", "Countess"),
    ];
    assert_eq!(found, expected);
    let log = rows(&mut owner, "events").await.concat();
    // Payload and metadata of both events, two values each, plus where they are.
    assert_eq!(log.matches("$sealed").count() / 2, 4, "{log}");
}

#[tokio::test]
async fn whoever_has_the_key_reads_it_again() {
    let fixture = Fixture::new().await;
    let user = fixture.user().await;
    let session = fixture.session(user, 0).await;

    let user = fixture.log.load::<User>(&user.to_string()).await.unwrap().state;
    let session = fixture.log.load::<Session>(&session.to_string()).await.unwrap().state;

    assert_eq!(user.email, Personal::Clear(EMAIL.to_owned()));
    assert_eq!(session.client_address, Personal::Clear(Some(CLIENT.to_owned())));
}

#[tokio::test]
async fn a_forgotten_person_reads_as_erased_and_has_no_rows_any_more() {
    let fixture = Fixture::new().await;
    let (user, other) = (fixture.user().await, fixture.user().await);
    let session = fixture.session(user, 0).await;
    let mut owner = fixture.owner().await;
    let only_the_key = format!("DELETE FROM secrets.data_keys WHERE user_id = '{}'", user.uuid());
    run(&mut owner, &only_the_key).await;
    run(&mut owner, "DELETE FROM sessions; DELETE FROM last_logins").await;

    // Their events don't say yet that they were erased: so a rebuild reads them that comes from far behind.
    let loaded = fixture.log.load::<User>(&user.to_string()).await.unwrap();
    assert_eq!((&loaded.state.email, &loaded.state.metadata), (&Personal::Erased, &Personal::Erased));
    let of_session = fixture.log.load::<Session>(&session.to_string()).await.unwrap();
    assert_eq!(of_session.state.client_address, Personal::Erased);
    let mut tx = fixture.pool.begin().await.unwrap();
    loaded.state.write(&mut tx, user, 1).await.unwrap();
    of_session.state.write(&mut tx, session, 1).await.unwrap();
    tx.commit().await.unwrap();

    let left: Vec<uuid::Uuid> =
        sqlx::query_scalar("SELECT id FROM users").fetch_all(&mut owner).await.unwrap();
    assert_eq!(left, [other.uuid()]);
    assert!(rows(&mut owner, "sessions").await.is_empty());
    assert!(rows(&mut owner, "last_logins").await.is_empty());
    let other = fixture.log.load::<User>(&other.to_string()).await.unwrap().state;
    assert_eq!(other.email, Personal::Clear(EMAIL.to_owned()));
}

#[tokio::test]
async fn what_happens_to_a_forgotten_person_is_recorded_without_them() {
    let fixture = Fixture::new().await;
    let user = fixture.user().await;
    run(&mut fixture.owner().await, "DELETE FROM secrets.data_keys").await;

    fixture.append::<User>(user, &[UserEvent::UserErased { at: at(1) }]).await;

    let metadata: String = sqlx::query_scalar("SELECT metadata::text FROM events WHERE sequence = 2")
        .fetch_one(&fixture.pool)
        .await
        .unwrap();
    assert!(metadata.contains(r#""client_address":{"$erased":true}"#), "{metadata}");
}

async fn tampered(change: &str) -> bool {
    let fixture = Fixture::new().await;
    let user = fixture.user().await;
    let _other = fixture.user().await;
    assert!(fixture.log.load::<User>(&user.to_string()).await.is_ok());
    run(&mut fixture.owner().await, &format!("ALTER TABLE events DISABLE TRIGGER ALL; {change}")).await;
    match fixture.log.load::<User>(&user.to_string()).await {
        Ok(_) => false,
        Err(Error::Sealing(SealingError::Tampered)) => true,
        Err(other) => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_changed_or_moved_value_is_tampering() {
    let content = "payload->'email'->'$sealed'->>'content'";
    let of = |id: &str, field: &str| {
        format!("(SELECT (payload->'{field}')::text FROM events ORDER BY aggregate_id {id} LIMIT 1)")
    };
    let set = |field: &str, value: &str| {
        format!("UPDATE events SET payload = jsonb_set(payload::jsonb, '{{{field}}}', {value}::jsonb)")
    };

    assert!(!tampered(&set("email", "(payload->'email')::text")).await, "the same value, written anew");
    assert!(
        tampered(&format!(
            "UPDATE events SET payload = replace(payload::text, left({content}, 20),
        reverse(left({content}, 20)))::json"
        ))
        .await,
        "other bytes"
    );
    assert!(tampered(&set("email", &of("DESC", "email"))).await, "from another's stream");
    assert!(tampered(&set("email", &of("ASC", "metadata"))).await, "from another field");
    let person = format!("replace((payload->'email')::text, {content}, 'AAAA')");
    assert!(tampered(&set("email", &person)).await, "too short to be anything");
}

#[tokio::test]
async fn a_wrapped_key_moved_to_another_person_is_tampering() {
    let fixture = Fixture::new().await;
    let (user, _other) = (fixture.user().await, fixture.user().await);
    let mut owner = fixture.owner().await;
    run(&mut owner, "UPDATE secrets.data_keys SET wrapped = (SELECT wrapped FROM secrets.data_keys ORDER BY user_id DESC LIMIT 1)").await;

    let loaded = fixture.log.load::<User>(&user.to_string()).await;

    assert!(matches!(loaded, Err(Error::Sealing(SealingError::Tampered))));
}
