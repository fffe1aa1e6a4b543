//! Events that say another thing than when they were recorded.

use devauth_projections::feed::StoredEvent;
use devauth_projections::proof::{Findings, Kind};

use super::{all_events, found_after, hash_of, named, places, row, session, user};
use crate::verification::world::World;
use crate::verification::{found, verified};

#[tokio::test]
async fn a_changed_event_is_named_and_nothing_else() {
    let world = World::new().await;
    let mut owner = world.fixture.owner().await;
    let events = all_events(&world).await;
    let event = &user(&events)[3];
    let changes = [
        ("payload = (payload::text || ' ')::json", "payload"),
        ("payload = replace(payload::text, '{', '{ ')::json", "payload"),
        ("metadata = replace(metadata::text, 'req-1', 'req-2')::json", "metadata"),
        ("event_type = 'UserSuspended'", "its type was changed; it was SessionsRevoked"),
        ("event_version = '1.1'", "its version was changed; it was 1.0"),
        ("recorded_at = recorded_at + interval '1 microsecond'", "its recorded_at was changed; it was 2026-"),
        ("event_id = gen_random_uuid()", "an id"),
        ("event_hash = sha256('')", "its hash in events was changed; the one in event_log fits"),
        ("event_hash = sha256(''), payload = '{}'", "hash"),
    ];
    for (change, what) in changes {
        let sql = format!("UPDATE events SET {change} WHERE {}", row(event));
        let findings = found_after(&world, &mut owner, &sql).await;
        assert_eq!(places(&findings), [named(Kind::Changed, event)], "{change}: {findings:#?}");
        assert!(findings[0].what.contains(what), "{change}: {}", findings[0].what);
    }
    assert_eq!(found(&world).await, []);
}

/// A hash is no signature: who changes an event can make its hash anew. The copy in `event_log` gives that away.
#[tokio::test]
async fn an_event_replaced_together_with_its_hash_is_named_as_long_as_the_copy_is_there() {
    let world = World::new().await;
    let mut owner = world.fixture.owner().await;
    let events = all_events(&world).await;
    let event = user(&events).remove(3);
    let forged = StoredEvent { event_type: "UserSuspended".to_owned(), ..event.clone() };
    let change = format!(
        "UPDATE events SET event_type = 'UserSuspended', event_hash = {} WHERE {}",
        hash_of(&forged),
        row(&event)
    );

    let findings = found_after(&world, &mut owner, &change).await;

    assert_eq!(places(&findings), [named(Kind::Changed, &event)]);
    assert!(findings[0].what.contains("another than when it got its position"), "{}", findings[0].what);
}

#[tokio::test]
async fn copies_that_no_hash_covers_are_compared() {
    let world = World::new().await;
    let mut owner = world.fixture.owner().await;
    let events = all_events(&world).await;
    let (of_user, of_session) = (user(&events).remove(1), session(&events).remove(0));
    for event in [&of_user, &of_session] {
        for (table, column) in
            [("events", "user_id"), ("event_log", "user_id"), ("event_log", "application_id")]
        {
            let sql = format!("UPDATE {table} SET {column} = gen_random_uuid() WHERE {}", row(event));
            let findings = found_after(&world, &mut owner, &sql).await;
            assert!(
                places(&findings).iter().all(|place| *place == named(Kind::Changed, event)),
                "{findings:#?}"
            );
            assert!(!findings.is_empty(), "{sql}");
        }
        let both = ["events", "event_log"].map(|table| {
            format!("UPDATE {table} SET user_id = '{}' WHERE {}", uuid::Uuid::from_u128(5), row(event))
        });
        let findings = found_after(&world, &mut owner, &both.join(";")).await;
        assert_eq!(places(&findings), [named(Kind::Changed, event)]);
    }
    let sql = format!("UPDATE events SET application_id = gen_random_uuid() WHERE {}", row(&of_user));
    let findings = found_after(&world, &mut owner, &sql).await;
    assert!(places(&findings).iter().all(|place| *place == named(Kind::Changed, &of_user)), "{findings:#?}");
    assert_eq!(findings.len(), 2, "neither its hash nor its copy fits");
}

#[tokio::test]
async fn a_stream_without_its_beginning_does_not_hold() {
    let world = World::new().await;
    let mut owner = world.fixture.owner().await;
    let events = all_events(&world).await;
    let stream = user(&events);
    // Moved down by one in both tables: its hashes, which cover the sequence, do not fit any more.
    let down = |table: &str| {
        format!(
            "DELETE FROM {table} WHERE {}; UPDATE {table} SET sequence = sequence + 1000 WHERE aggregate_id = '{1}';
             UPDATE {table} SET sequence = sequence - 1001 WHERE aggregate_id = '{1}';",
            row(&stream[0]),
            stream[0].aggregate_id
        )
    };
    let findings = found_after(&world, &mut owner, &[down("events"), down("event_log")].concat()).await;
    let first = StoredEvent { sequence: 1, ..stream[1].clone() };
    assert!(findings.iter().any(|one| one.what.contains("no stream of its type begins")), "{findings:#?}");
    assert!(places(&findings).contains(&named(Kind::Changed, &first)), "{findings:#?}");
}

#[tokio::test]
async fn triggers_that_are_off_are_told_of() {
    let world = World::new().await;
    let mut owner = world.fixture.owner().await;
    crate::fixture::run(&mut owner, "ALTER TABLE events DISABLE TRIGGER events_append_only").await;
    let findings = found(&world).await;
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].kind, Kind::Unprotected);
    assert!(findings[0].what.contains("events_append_only"), "{}", findings[0].what);
    crate::fixture::run(&mut owner, "DROP TRIGGER event_log_append_only ON event_log").await;
    assert_eq!(found(&world).await.len(), 2);
}

#[tokio::test]
async fn each_change_is_found_in_the_log_of_its_application_alone() {
    let world = World::new().await;
    let mut owner = world.fixture.owner().await;
    let events = all_events(&world).await;
    let event = user(&events).remove(1);
    let mine = usize::from(event.application_id != crate::fixture::application().uuid());
    for change in [
        format!("UPDATE events SET payload = '{{}}' WHERE {}", row(&event)),
        format!("UPDATE events SET application_id = gen_random_uuid() WHERE {}", row(&event)),
        format!("DELETE FROM events WHERE {}", row(&event)),
    ] {
        world.tamper(&mut owner, &change).await;
        let own = verified(&world, Some(mine)).await.findings;
        assert!(
            own.kept().iter().any(|finding| finding.position == Some(event.position)),
            "{change}: {own:#?}"
        );
        let others = verified(&world, Some(1 - mine)).await.findings;
        assert_eq!(others, Findings::default(), "{change}");
        world.restore(&mut owner).await;
    }
}
