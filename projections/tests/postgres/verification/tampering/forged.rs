//! Events that were never decided, and what a log in the hands of its administrator can't show by itself.

use devauth_projections::feed::StoredEvent;
use devauth_projections::proof::since::{Known, Since};
use devauth_projections::proof::{Finding, Findings, Kind};
use devauth_projections::sequencer;

use super::{all_events, at_position, found_after, hash_of, named, places, row, user, without_position};
use crate::verification::found;
use crate::verification::world::World;

/// An event that was never decided, with everything right about it.
fn forged(after: &StoredEvent) -> StoredEvent {
    let event = StoredEvent {
        sequence: after.sequence + 1,
        event_type: "UserSuspended".to_owned(),
        payload: format!("{{\"at\":\"{}\"}}", after.recorded_at.to_rfc3339()),
        metadata: "{\"actor\":{\"type\":\"service\"}}".to_owned(),
        event_id: uuid::Uuid::from_u128(77),
        ..after.clone()
    };
    StoredEvent { event_hash: event.computed_hash().to_vec(), ..event }
}

fn insert(event: &StoredEvent, order: &str) -> String {
    format!(
        "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata, event_id,
                             application_id, user_id, recorded_at, event_hash, epoch, tx_id, insertion)
         SELECT '{}', '{}', {}, '{}', '{}', '{}', '{}', '{}', '{}', user_id, '{}', {}, {order} FROM events
         WHERE aggregate_id = '{1}' AND sequence = 1",
        event.aggregate_type,
        event.aggregate_id,
        event.sequence,
        event.event_type,
        event.event_version,
        event.payload,
        event.metadata,
        event.event_id,
        event.application_id,
        event.recorded_at.to_rfc3339(),
        hash_of(event),
    )
}

/// Where its stream's first event was committed, and a little later.
const IN_THE_PAST: &str = "epoch, tx_id, insertion";
/// Where the next event would be.
const NOW: &str = "epoch, pg_current_xact_id(), nextval('events_insertion_seq')";

#[tokio::test]
async fn a_forged_event_in_the_past_is_named_although_its_hash_is_right() {
    let world = World::new().await;
    let mut owner = world.fixture.owner().await;
    let events = all_events(&world).await;
    let stream = user(&events);
    let forged = forged(&stream[3]);

    // Nobody gives it a position: the log is past it.
    let findings = found_after(&world, &mut owner, &insert(&forged, IN_THE_PAST)).await;
    assert_eq!(places(&findings), [without_position(Kind::Inserted, &forged)], "{findings:#?}");

    // With a position at the end it was committed before its neighbours.
    let head = events.last().unwrap().position;
    let number = format!(
        "{}; INSERT INTO event_log (position, aggregate_type, aggregate_id, sequence, application_id, user_id, event_hash)
         SELECT {}, aggregate_type, aggregate_id, sequence, application_id, user_id, event_hash FROM events WHERE {}",
        insert(&forged, IN_THE_PAST),
        head + 1,
        row(&forged)
    );
    let placed = StoredEvent { position: head + 1, ..forged.clone() };
    let findings = found_after(&world, &mut owner, &number).await;
    assert!(places(&findings).contains(&named(Kind::Reordered, &placed)), "{findings:#?}");
    assert!(places(&findings).contains(&at_position(Kind::Inserted, head + 1)), "{findings:#?}");
    let with_head = format!("{number}; UPDATE log_head SET position = position + 1");
    let findings = found_after(&world, &mut owner, &with_head).await;
    assert!(places(&findings).contains(&named(Kind::Reordered, &placed)), "{findings:#?}");
    assert!(places(&findings).contains(&at_position(Kind::Changed, head + 1)), "{findings:#?}");
}

/// What was there before, against what is there now.
async fn differences(world: &World, before: &[StoredEvent]) -> Vec<Finding> {
    let head = before.last().unwrap().position;
    let mut since = Since::new(before.iter().map(Known::from), 0, head);
    let mut findings = Findings::default();
    for event in all_events(world).await {
        since.event(&Known::from(&event), &mut findings);
    }
    since.finish(&mut findings);
    findings.kept().to_vec()
}

/// The honest list: what a log in the hands of its administrator can't show by itself, and an earlier export does.
#[tokio::test]
async fn what_only_an_outside_copy_shows() {
    let world = World::new().await;
    let mut owner = world.fixture.owner().await;
    let before = all_events(&world).await;
    let event = user(&before).remove(3);

    // An event replaced with a right hash, in both places.
    let replaced = StoredEvent { event_type: "UserSuspended".to_owned(), ..event.clone() };
    let hash = hash_of(&replaced);
    let sql = format!(
        "UPDATE events SET event_type = 'UserSuspended', event_hash = {hash} WHERE {0};
         UPDATE event_log SET event_hash = {hash} WHERE {0}",
        row(&event)
    );
    world.tamper(&mut owner, &sql).await;
    assert_eq!(found(&world).await, []);
    assert_eq!(places(&differences(&world, &before).await), [named(Kind::Changed, &event)]);
    world.restore(&mut owner).await;

    // The last event of a stream removed, and every later position moved down.
    let sql = format!(
        "DELETE FROM events WHERE {0}; DELETE FROM event_log WHERE {0};
         UPDATE event_log SET position = position + 1000000 WHERE position > {1};
         UPDATE event_log SET position = position - 1000001 WHERE position > {1};
         UPDATE log_head SET position = position - 1",
        row(&event),
        event.position
    );
    world.tamper(&mut owner, &sql).await;
    assert_eq!(found(&world).await, []);
    let differences_found = differences(&world, &before).await;
    assert_eq!(differences_found[0].position, Some(event.position), "{differences_found:#?}");
    world.restore(&mut owner).await;

    // An event written as the service writes: whoever has its rights can.
    let forged = forged(&event);
    world.tamper(&mut owner, &insert(&forged, NOW)).await;
    let tick = async || sequencer::tick(world.fixture.log.kept(), 10).await.unwrap() == 1;
    crate::fixture::eventually("it is numbered", tick).await;
    assert_eq!(found(&world).await, []);
    assert_eq!(differences(&world, &before).await, [], "nothing of what was there before was touched");
}
