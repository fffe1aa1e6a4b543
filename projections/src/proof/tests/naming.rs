//! What was changed, removed, inserted or reordered is named.

use chrono::Duration;
use sha2::{Digest as _, Sha256};

use super::{
    ADA, EVE, Finding, Kind, checked, event, events, exported, exported_open, findings, hashed, places,
};
use crate::feed::StoredEvent;
use crate::proof::content;
use crate::proof::digest::hex;
use crate::proof::line::{self, Footer};

/// Changes one event before it is written, without making its hash anew.
fn with(index: usize, change: impl FnOnce(&mut StoredEvent)) -> Vec<Finding> {
    let mut events = events();
    change(&mut events[index]);
    findings(&exported(&events))
}

/// Somebody's hand in an event, or in the last line of an export.
type EventChange = fn(&mut StoredEvent);
type FooterChange = fn(&mut Footer);

#[test]
fn a_changed_event_is_named_and_what_about_it() {
    let changes: [(EventChange, &str); 6] = [
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

/// The same event in another form of JSON is other bytes; which line it is in is told, not only that something is different.
#[test]
fn a_line_in_another_form_is_named() {
    let other_forms: [fn(&str) -> String; 4] = [
        |line| line.replacen(':', ": ", 1),
        |line| line.replacen("usr_ada", "\\u0075sr_ada", 1),
        |line| line.replacen("00000000-0000-0000-0000-000000000001", "00000000000000000000000000000001", 1),
        |line| line.replacen("Z\"", "+00:00\"", 1),
    ];
    for other in other_forms {
        let mut lines = exported(&events());
        let line = other(&lines[2]);
        assert_ne!(line, lines[2]);
        lines[2] = line;
        assert_eq!(places(&findings(&lines))[0], (Kind::Damaged, Some(3), None, None, None));
    }
}

/// The last line made anew, with a right SHA-256 of the bytes before it.
fn resealed(mut lines: Vec<String>, change: impl FnOnce(&mut Footer)) -> Vec<String> {
    let mut footer: Footer = line::read(lines.pop().unwrap().as_bytes()).unwrap();
    change(&mut footer);
    footer.sha256 = String::new();
    let end = line::write(&footer);
    let (before, _) = end.rsplit_once("\"}").unwrap();
    let digest = Sha256::new().chain_update(lines.concat()).chain_update(before).finalize();
    footer.sha256 = hex(&digest);
    lines.push(line::write(&footer));
    lines
}

#[test]
fn each_value_of_the_last_line_is_checked_by_itself() {
    assert_eq!(findings(&resealed(exported(&events()), |_| {})), []);
    let changes: [(FooterChange, Kind, &str); 6] = [
        (|footer| footer.count += 1, Kind::Removed, "8 events, and there are 7"),
        (|footer| footer.count -= 1, Kind::Inserted, "6 events, and there are 7"),
        (|footer| footer.last += 1, Kind::Removed, "the last event is at position 22"),
        (|footer| footer.last -= 1, Kind::Inserted, "the last event is at position 20"),
        (|footer| footer.head = 20, Kind::Changed, "the export ends at position 20"),
        (|footer| footer.digest = "0".repeat(64), Kind::Changed, "its digest"),
    ];
    for (change, kind, what) in changes {
        let found = findings(&resealed(exported(&events()), change));
        assert_eq!(places(&found), [(kind, Some(9), None, None, None)], "{found:#?}");
        assert!(found[0].what.contains(what), "{}", found[0].what);
    }
}

/// Written anew as an export writes it, with every hash and digest right.
#[test]
fn a_file_made_anew_still_needs_whole_streams() {
    let at = |index: usize, event: StoredEvent| {
        let mut events = events();
        events[index] = event;
        let found = findings(&exported(&events));
        found.into_iter().map(|finding| (finding.kind, finding.position, finding.what)).collect::<Vec<_>>()
    };
    let of = |kind, what: &str| vec![(kind, Some(12), what.to_owned())];
    assert_eq!(at(4, event(12, ADA, 2, "EmailVerified"))[0], of(Kind::Inserted, "it is there twice")[0]);
    assert_eq!(
        at(4, event(12, ADA, 1, "UserRegistered"))[0],
        of(Kind::Reordered, "it stands behind event 2 of its stream")[0]
    );
    let begun = of(Kind::Inserted, "its stream has begun already");
    assert_eq!(at(4, event(12, ADA, 3, "UserRegistered")), begun);
    let none = of(Kind::Changed, "no stream of its type begins with such an event");
    assert_eq!(at(4, event(12, ("User", "usr_new"), 1, "EmailVerified"))[0], none[0]);
}

/// Nothing in a file tells that all of it was made anew. Its digest is another: that is why one keeps it elsewhere.
#[test]
fn a_file_made_anew_without_its_last_events_holds_and_has_another_digest() {
    let (whole, shorter) = (exported(&events()), exported(&events()[..5]));
    assert_eq!((findings(&whole), findings(&shorter)), (vec![], vec![]));
    let digest = |lines: &[String]| checked(lines.concat().as_bytes()).digest;
    assert_ne!(digest(&whole), digest(&shorter));
}

#[test]
fn what_is_shown_on_a_terminal_can_not_command_it() {
    let mut all = events();
    all[0].aggregate_id = "usr_\u{1b}[2J".to_owned();
    let found = findings(&exported(&all));
    assert!(found.iter().all(|finding| !finding.to_string().contains('\u{1b}')), "{found:?}");
    let told = Finding::new(Kind::Changed, "before, usr_\u{1b}[2J had this position").to_string();
    assert!(!told.contains('\u{1b}'), "{told:?}");
}
