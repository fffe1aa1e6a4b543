//! Events and positions that stand elsewhere than they stood.

use devauth_projections::feed::StoredEvent;
use devauth_projections::proof::Kind;

use super::{all_events, at_position, found_after, named, places, row, session, user};
use crate::verification::world::World;

#[tokio::test]
async fn swapped_and_moved_events_are_named() {
    let world = World::new().await;
    let mut owner = world.fixture.owner().await;
    let events = all_events(&world).await;
    let (one, other) = (&user(&events)[1], &session(&events)[1]);
    let move_to = |event: &StoredEvent, position: i64| {
        format!("UPDATE event_log SET position = {position} WHERE {};", row(event))
    };
    let swap = |one: &StoredEvent, other: &StoredEvent| {
        [move_to(one, 1_000_000), move_to(other, one.position), move_to(one, other.position)].concat()
    };

    // Two streams: the order of commits tells.
    let findings = found_after(&world, &mut owner, &swap(one, other)).await;
    assert!(findings.iter().all(|finding| finding.kind == Kind::Reordered), "{findings:#?}");
    let about = |position: i64| findings.iter().any(|finding| finding.position == Some(position));
    let (first, second) = (one.position.min(other.position), one.position.max(other.position));
    assert!(about(first + 1) && about(second), "{findings:#?}");
    assert!(findings.iter().any(|one| one.what.contains(&format!("position {first}"))), "{findings:#?}");

    // One stream: its sequences tell too.
    let stream = user(&events);
    let findings = found_after(&world, &mut owner, &swap(&stream[1], &stream[2])).await;
    let what = format!("event 2 of its stream has position {}", stream[2].position);
    assert!(findings.iter().any(|finding| finding.what == what), "{findings:#?}");

    // Two events of a stream have each other's sequence.
    let renumber = |event: &StoredEvent, sequence: i64| {
        format!("UPDATE events SET sequence = {sequence} WHERE {};", row(event))
    };
    let aside = StoredEvent { sequence: 1_000, ..stream[1].clone() };
    let sql = [renumber(&stream[1], 1_000), renumber(&stream[2], 2), renumber(&aside, 3)].concat();
    let findings = found_after(&world, &mut owner, &sql).await;
    assert!(
        findings
            .iter()
            .any(|finding| places(std::slice::from_ref(finding))[0] == named(Kind::Changed, &stream[1]))
    );
    assert!(
        findings
            .iter()
            .any(|finding| places(std::slice::from_ref(finding))[0] == named(Kind::Changed, &stream[2]))
    );
}

#[tokio::test]
async fn positions_that_were_moved_up_or_a_head_that_was_moved_are_named() {
    let world = World::new().await;
    let mut owner = world.fixture.owner().await;
    let head = world.events.cast_signed();
    let up = "UPDATE event_log SET position = position + 1000000 WHERE position > 50;
              UPDATE event_log SET position = position - 999999 WHERE position > 50";
    let findings = found_after(&world, &mut owner, up).await;
    assert!(places(&findings).contains(&at_position(Kind::Removed, 51)), "{findings:#?}");

    let findings = found_after(&world, &mut owner, "UPDATE log_head SET position = position - 1").await;
    assert!(places(&findings).contains(&at_position(Kind::Inserted, head)), "{findings:#?}");
    let findings = found_after(&world, &mut owner, "UPDATE log_head SET position = position + 3").await;
    assert_eq!(places(&findings), [at_position(Kind::Removed, head + 1)]);
    let findings = found_after(&world, &mut owner, "UPDATE log_head SET insertion = insertion - 1").await;
    assert!(places(&findings).contains(&at_position(Kind::Changed, head)), "{findings:#?}");
}
