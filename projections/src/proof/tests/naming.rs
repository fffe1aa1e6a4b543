//! What was changed, removed, inserted or reordered is named.

use chrono::Duration;

use super::{ADA, EVE, Finding, Kind, event, events, exported, exported_open, findings, hashed, places};
use crate::feed::StoredEvent;
use crate::proof::content;

/// Changes one event before it is written, without making its hash anew.
fn with(index: usize, change: impl FnOnce(&mut StoredEvent)) -> Vec<Finding> {
    let mut events = events();
    change(&mut events[index]);
    findings(&exported(&events))
}

#[test]
fn a_changed_event_is_named_and_what_about_it() {
    let changes: [(fn(&mut StoredEvent), &str); 6] = [
        (|event| event.payload.push(' '), "payload"),
        (|event| event.metadata = event.metadata.replace("req-1", "req-2"), "metadata"),
        (
            |event| event.event_type = "UserRestored".to_owned(),
            "its type was changed; it was SessionsRevoked",
        ),
        (|event| event.event_version = "1.1".to_owned(), "its version was changed; it was 1.0"),
        (
            |event| event.recorded_at += Duration::microseconds(1),
            "its recorded_at was changed; it was 2026-09-21T14:13:32.000036+00:00",
        ),
        (|event| event.event_hash[31] ^= 1, "hash"),
    ];
    for (change, what) in changes {
        let found = with(4, change);
        assert_eq!(places(&found), [(Kind::Changed, Some(6), Some(12), Some("usr_ada"), Some(3))]);
        assert!(found[0].what.contains(what), "{}", found[0].what);
    }
}

#[test]
fn an_untouched_event_is_not_suspected() {
    assert!(events().iter().all(|event| content::changed(event).is_none()));
}

#[test]
fn a_removed_event_is_named_by_its_position_and_by_its_stream() {
    let mut lines = exported(&events());
    lines.remove(2);
    let found = findings(&lines);
    let places = places(&found);
    assert!(places.contains(&(Kind::Removed, Some(3), Some(4), None, None)), "{found:#?}");
    assert!(places.contains(&(Kind::Removed, Some(5), None, Some("usr_ada"), Some(2))), "{found:#?}");
}

#[test]
fn the_last_event_of_a_stream_and_a_whole_stream_are_missed_too() {
    for (line, position) in [(7, 21), (3, 7), (6, 13)] {
        let mut lines = exported(&events());
        lines.remove(line);
        let found = findings(&lines);
        let named = found.iter().any(|finding| {
            finding.kind == Kind::Removed
                && (finding.position == Some(position)
                    || finding.what.ends_with(&format!("position {position}")))
        });
        assert!(named, "{position}: {found:#?}");
    }
}

#[test]
fn swapped_events_were_moved_and_not_removed() {
    let mut lines = exported(&events());
    lines.swap(2, 3);
    let found = findings(&lines);
    let places = places(&found);
    assert!(places.contains(&(Kind::Reordered, Some(4), Some(4), Some("usr_ada"), Some(2))), "{found:#?}");
    assert!(!places.iter().any(|place| place.0 == Kind::Removed), "{found:#?}");
}

#[test]
fn an_event_that_is_there_twice_is_named() {
    let mut lines = exported(&events());
    lines.insert(3, lines[2].clone());
    let found = findings(&lines);
    assert!(
        places(&found).contains(&(Kind::Inserted, Some(4), Some(4), Some("usr_ada"), Some(2))),
        "{found:#?}"
    );
}

/// With a right hash, and written as an export would have written it.
#[test]
fn a_forged_event_is_named() {
    let honest = exported(&events());
    let forged = event(5, EVE, 2, "UserErased");
    let line = exported(&[events()[1].clone(), forged])[2].clone();
    let mut lines = honest;
    lines.insert(3, line);
    let found = findings(&lines);
    let places = places(&found);
    assert!(places.contains(&(Kind::Inserted, Some(4), Some(5), Some("usr_eve"), Some(2))), "{found:#?}");
    assert!(places.contains(&(Kind::Removed, Some(4), None, Some("usr_eve"), Some(1))), "{found:#?}");
}

#[test]
fn an_event_of_another_application_does_not_belong_there() {
    let mut all = events();
    all[2].application_id = uuid::Uuid::from_u128(2);
    all[2] = hashed(all[2].clone());
    let found = findings(&exported(&all));
    assert_eq!(places(&found), [(Kind::Inserted, Some(4), Some(7), Some("usr_eve"), Some(1))]);
}

#[test]
fn what_was_opened_has_to_say_what_was_stored() {
    let mut lines = exported_open(&events());
    let (before, opened) = lines[2].split_at(lines[2].find("\"opened\"").unwrap());
    lines[2] = format!("{before}{}", opened.replace("req-1", "req-9"));
    let found = findings(&lines);
    assert_eq!(places(&found)[0], (Kind::Changed, Some(3), Some(4), Some(ADA.1), Some(2)));
}

#[test]
fn what_is_shown_on_a_terminal_can_not_command_it() {
    let mut all = events();
    all[0].aggregate_id = "usr_\u{1b}[2J".to_owned();
    let found = findings(&exported(&all));
    assert!(found.iter().all(|finding| !finding.to_string().contains('\u{1b}')), "{found:?}");
}
