//! Events that are not there any more, or have lost their position.

use devauth_projections::feed::StoredEvent;
use devauth_projections::proof::Kind;

use super::{Place, all_events, at_position, found_after, named, places, row, user, without_position};
use crate::verification::world::World;

#[tokio::test]
async fn a_removed_event_is_named_whichever_it_is() {
    let world = World::new().await;
    let mut owner = world.fixture.owner().await;
    let events = all_events(&world).await;
    let whole = user(&events);
    for removed in
        [&whole[..1], &whole[1..2], &whole[3..], &whole[..], &events[..1], &events[events.len() - 1..]]
    {
        let expected: Vec<Place> = removed.iter().map(|event| named(Kind::Removed, event)).collect();
        let sql = removed.iter().map(|event| format!("DELETE FROM events WHERE {};", row(event)));
        let sql: String = sql.collect();
        let findings = found_after(&world, &mut owner, &sql).await;
        assert_eq!(places(&findings), expected, "{sql}");
    }
}

/// From both tables: then only the gap in the positions is left, and the hole in the stream if there is one.
#[tokio::test]
async fn an_event_removed_with_its_position_leaves_a_gap() {
    let world = World::new().await;
    let mut owner = world.fixture.owner().await;
    let events = all_events(&world).await;
    let whole = user(&events);
    let delete = |events: &[StoredEvent]| -> String {
        events
            .iter()
            .map(|event| {
                format!("DELETE FROM events WHERE {0}; DELETE FROM event_log WHERE {0};", row(event))
            })
            .collect()
    };

    let findings = found_after(&world, &mut owner, &delete(&whole[1..2])).await;
    let hole = without_position(Kind::Removed, &whole[1]);
    assert_eq!(places(&findings), [at_position(Kind::Removed, whole[1].position), hole]);

    let findings = found_after(&world, &mut owner, &delete(&whole[3..])).await;
    assert_eq!(places(&findings), [at_position(Kind::Removed, whole[3].position)]);

    let findings = found_after(&world, &mut owner, &delete(&whole)).await;
    assert_eq!(places(&findings), [at_position(Kind::Removed, whole[0].position)]);
    assert!(findings[0].what.contains(&format!("to {}", whole[3].position)), "{}", findings[0].what);

    let last = &events[events.len() - 1..];
    let findings = found_after(&world, &mut owner, &delete(last)).await;
    assert_eq!(places(&findings), [at_position(Kind::Removed, last[0].position)], "log_head remembers it");
}

#[tokio::test]
async fn a_position_taken_from_its_event_is_named() {
    let world = World::new().await;
    let mut owner = world.fixture.owner().await;
    let events = all_events(&world).await;
    let last = events.last().unwrap();
    for event in [&user(&events)[2], &events[0], last] {
        let sql = format!("DELETE FROM event_log WHERE {}", row(event));
        let findings = found_after(&world, &mut owner, &sql).await;
        let expected = [at_position(Kind::Removed, event.position), named(Kind::Removed, event)];
        assert_eq!(places(&findings), expected, "{findings:#?}");
    }
}
