//! Files that were changed in every way we can think of, and in many we can't.

mod changes;
mod naming;
mod since;

use chrono::DateTime;
use devauth_aggregates::ApplicationId;
use uuid::Uuid;

use super::export::{ExportCheck, ExportWriter, Summary};
use super::line::Header;
use super::{Finding, Kind};
use crate::feed::{Opened, StoredEvent};

fn application() -> ApplicationId {
    ApplicationId::from_uuid(Uuid::from_u128(1))
}

/// An event whose hash fits.
fn event(position: i64, stream: (&str, &str), sequence: i64, event_type: &str) -> StoredEvent {
    let at = DateTime::from_timestamp_micros(1_790_000_000_000_000 + position * 1_000_003).unwrap();
    let sealed = r#"{"$sealed":{"content":"b3BhcXVl","person":"usr_00000000000000000000000007"}}"#;
    hashed(StoredEvent {
        position,
        application_id: application().uuid(),
        user_id: None,
        aggregate_type: stream.0.to_owned(),
        aggregate_id: stream.1.to_owned(),
        sequence,
        event_type: event_type.to_owned(),
        event_version: "1.0".to_owned(),
        payload: format!(r#"{{"at":"{}","email":{sealed}}}"#, at.to_rfc3339()),
        metadata: format!(r#"{{"actor":{{"type":"user"}},"client_address":{sealed},"request_id":"req-1"}}"#),
        event_id: Uuid::from_u128(position.unsigned_abs().into()),
        recorded_at: at,
        event_hash: Vec::new(),
    })
}

fn hashed(event: StoredEvent) -> StoredEvent {
    let event_hash = event.computed_hash().to_vec();
    StoredEvent { event_hash, ..event }
}

const ADA: (&str, &str) = ("User", "usr_ada");
const EVE: (&str, &str) = ("User", "usr_eve");
const LOGIN: (&str, &str) = ("Session", "ses_1");

/// Seven events of three streams, with other applications' events between them.
fn events() -> Vec<StoredEvent> {
    vec![
        event(3, ADA, 1, "UserRegistered"),
        event(4, ADA, 2, "EmailVerified"),
        event(7, EVE, 1, "UserRegistered"),
        event(8, LOGIN, 1, "SessionStarted"),
        event(12, ADA, 3, "SessionsRevoked"),
        event(13, LOGIN, 2, "SessionEnded"),
        event(21, ADA, 4, "UserSuspended"),
    ]
}

/// The lines of an export of these events.
fn exported(events: &[StoredEvent]) -> Vec<String> {
    let (mut writer, first) = ExportWriter::begin(&Header::new(application(), 0, false), 0);
    let mut lines = vec![first];
    lines.extend(events.iter().map(|event| writer.sealed(event)));
    lines.push(writer.end(25).1);
    lines
}

/// The same opened.
fn exported_open(events: &[StoredEvent]) -> Vec<String> {
    let (mut writer, first) = ExportWriter::begin(&Header::new(application(), 0, true), 0);
    let mut lines = vec![first];
    lines.extend(events.iter().map(|event| {
        let open = |document: &str| {
            let clear = document.replace(
                r#"{"$sealed":{"content":"b3BhcXVl","person":"usr_00000000000000000000000007"}}"#,
                r#"{"$personal":"ada@example.org"}"#,
            );
            serde_json::from_str(&clear).unwrap()
        };
        let (payload, metadata) = (open(&event.payload), open(&event.metadata));
        writer.opened(&Opened { stored: event.clone(), payload, metadata })
    }));
    lines.push(writer.end(25).1);
    lines
}

fn checked(file: &[u8]) -> Summary {
    let mut check = ExportCheck::default();
    for line in file.split_inclusive(|byte| *byte == b'\n') {
        check.line(line);
    }
    check.finish()
}

fn findings(lines: &[String]) -> Vec<Finding> {
    checked(lines.concat().as_bytes()).findings.kept().to_vec()
}

/// Kind, line, position, stream and sequence of a finding.
type NamedPlace<'a> = (Kind, Option<u64>, Option<i64>, Option<&'a str>, Option<i64>);

/// Where each finding is.
fn places(findings: &[Finding]) -> Vec<NamedPlace<'_>> {
    findings
        .iter()
        .map(|one| (one.kind, one.line, one.position, one.aggregate_id.as_deref(), one.sequence))
        .collect()
}

#[test]
fn an_untouched_export_holds() {
    for lines in [exported(&events()), exported_open(&events()), exported(&[])] {
        let summary = checked(lines.concat().as_bytes());
        assert!(summary.findings.is_empty(), "{:?}", summary.findings);
        assert_eq!(summary.footer.unwrap().count, summary.events);
    }
    let summary = checked(exported(&events()).concat().as_bytes());
    assert_eq!((summary.events, summary.streams), (7, 3));
}

#[test]
fn an_export_that_begins_later_holds_too() {
    let all = events();
    let (mut writer, first) = ExportWriter::begin(&Header::new(application(), 9, false), 8);
    let mut lines = vec![first];
    lines.extend(all[4..].iter().map(|event| writer.sealed(event)));
    lines.push(writer.end(25).1);

    assert_eq!(findings(&lines), []);
    lines.remove(1);
    assert!(!findings(&lines).is_empty());
}

/// The format is for ever: these lines were written once and must never be edited.
#[test]
fn the_format_never_changes() {
    let golden = include_str!("tests/golden-1.jsonl");
    assert_eq!(exported(&events()[..2]).concat(), golden);
    assert!(checked(golden.as_bytes()).findings.is_empty());
}
