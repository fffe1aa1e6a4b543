//! An earlier export against a later one.

use super::{EVE, Kind, event, events, hashed, places};
use crate::feed::StoredEvent;
use crate::proof::since::{Known, Since};
use crate::proof::{Finding, Findings};

fn compared(was: &[StoredEvent], now: &[StoredEvent]) -> (u64, Vec<Finding>) {
    let mut since = Since::new(was.iter().map(Known::from), 0, 15);
    let mut findings = Findings::default();
    for event in now {
        since.event(&Known::from(event), &mut findings);
    }
    let same = since.finish(&mut findings);
    (same, findings.kept().to_vec())
}

/// What an export up to position 15 has.
fn earlier() -> Vec<StoredEvent> {
    events()[..6].to_vec()
}

#[test]
fn what_was_only_added_to_holds() {
    assert_eq!(compared(&earlier(), &events()), (6, vec![]));
    assert_eq!(compared(&[], &events()[6..]), (0, vec![]));
}

#[test]
fn an_event_replaced_with_a_right_hash_is_named() {
    let mut now = events();
    now[2].payload = "{}".to_owned();
    now[2] = hashed(now[2].clone());
    let (same, found) = compared(&earlier(), &now);
    assert_eq!(same, 5);
    assert_eq!(places(&found), [(Kind::Changed, None, Some(7), Some("usr_eve"), Some(1))]);
}

#[test]
fn a_removed_and_an_inserted_event_are_named() {
    for gone in [0, 3, 5] {
        let mut now = events();
        let event = now.remove(gone);
        let (_, found) = compared(&earlier(), &now);
        let place =
            (Kind::Removed, None, Some(event.position), Some(&*event.aggregate_id), Some(event.sequence));
        assert_eq!(places(&found), [place]);
    }
    let mut now = events();
    now.insert(2, event(5, EVE, 2, "UserErased"));
    let (_, found) = compared(&earlier(), &now);
    assert_eq!(places(&found), [(Kind::Inserted, None, Some(5), Some("usr_eve"), Some(2))]);
}

/// All hashes are right and no position is missing: only an earlier copy tells.
#[test]
fn renumbered_positions_are_named() {
    let mut now = events();
    (now[2].position, now[3].position) = (now[3].position, now[2].position);
    now.swap(2, 3);
    let (_, found) = compared(&earlier(), &now);
    assert_eq!(
        places(&found),
        [
            (Kind::Reordered, None, Some(7), Some("ses_1"), Some(1)),
            (Kind::Reordered, None, Some(8), Some("usr_eve"), Some(1)),
        ]
    );
}

#[test]
fn a_log_that_ends_earlier_than_it_did_lacks_its_end() {
    let (same, found) = compared(&earlier(), &events()[..2]);
    assert_eq!((same, found.len()), (2, 4));
    assert!(found.iter().all(|finding| finding.kind == Kind::Removed));
}
