//! Checking an export, line by line: it needs nothing but the file.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::write::FOOTER_END;
use crate::feed::StoredEvent;
use crate::proof::digest::hex;
use crate::proof::line::{self, EventLine, FORMAT, Footer, Header};
use crate::proof::streams::{self, Trouble};
use crate::proof::{Digest, Finding, Findings, Kind, content};

/// A check of one file. Its memory grows with the number of streams (some fifty bytes each), not with that of events.
#[derive(Debug)]
pub struct ExportCheck {
    header: Option<Header>,
    footer: Option<Footer>,
    lines: u64,
    count: u64,
    last: Option<StoredEvent>,
    streams: HashMap<StreamKey, i64>,
    missing: BTreeMap<Missing, Finding>,
    digest: Option<Digest>,
    bytes: Sha256,
    findings: Findings,
}

/// What a file says that was checked to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Its first line; none if that can't be read.
    pub header: Option<Header>,
    /// Its last line; none if it has none.
    pub footer: Option<Footer>,
    /// How many events it holds.
    pub events: u64,
    /// In how many streams.
    pub streams: u64,
    /// [`Digest`] of these events.
    pub digest: Option<String>,
    /// What does not hold.
    pub findings: Findings,
}

/// The beginning of a digest of type and id: streams are told apart in little memory.
type StreamKey = [u8; 16];

/// An event that should have come by now. If it still comes, it was moved and not removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Missing {
    At(i64),
    Of(StreamKey, i64),
}

/// More missing events than this are told of as one.
const HOLE: i64 = 1_000;

impl Default for ExportCheck {
    fn default() -> Self {
        ExportCheck {
            header: None,
            footer: None,
            lines: 0,
            count: 0,
            last: None,
            streams: HashMap::new(),
            missing: BTreeMap::new(),
            digest: None,
            bytes: Sha256::new(),
            findings: Findings::default(),
        }
    }
}

impl ExportCheck {
    /// Takes the next line, with its end; answers the event in it, if it is one.
    pub fn line(&mut self, text: &[u8]) -> Option<(EventLine, StoredEvent)> {
        self.lines += 1;
        if self.footer.is_some() {
            self.find(Kind::Inserted, "it follows the last line of the export");
            return None;
        }
        if self.lines == 1 {
            self.header(text);
        } else if text.starts_with(b"{\"head\":") {
            self.footer(text);
        } else {
            self.bytes.update(text);
            return self.event(text);
        }
        None
    }

    /// Tells of something about the line that was taken last.
    pub fn find(&mut self, kind: Kind, what: impl Into<String>) {
        self.findings.push(Finding::new(kind, what).in_line(self.lines));
    }

    /// How many events were taken.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.count
    }

    /// The first line, once it was taken.
    #[must_use]
    pub fn begins_with(&self) -> Option<&Header> {
        self.header.as_ref()
    }

    /// The digest of the events that were taken.
    #[must_use]
    pub fn digest(&self) -> Option<String> {
        self.digest.as_ref().map(Digest::hex)
    }

    /// Ends the check.
    #[must_use]
    pub fn finish(mut self) -> Summary {
        if self.footer.is_none() {
            let what =
                "the last line of the export is missing: the file was cut off, or its export did not end";
            self.lines += 1;
            self.find(Kind::Removed, what);
        }
        let missing = std::mem::take(&mut self.missing);
        self.findings.extend(missing.into_values());
        Summary {
            digest: self.digest(),
            header: self.header,
            footer: self.footer,
            events: self.count,
            streams: self.streams.len() as u64,
            findings: self.findings,
        }
    }

    fn header(&mut self, text: &[u8]) {
        self.bytes.update(text);
        let Some(header) = line::read::<Header>(text) else {
            return self.find(Kind::Damaged, "it is not the first line of an export");
        };
        if header.format != FORMAT {
            self.find(
                Kind::Damaged,
                format!("it says that this is no {FORMAT}, and nothing else can be read"),
            );
        }
        let inside = header.app_id.parse().ok().map(|id: devauth_aggregates::ApplicationId| id.uuid());
        if inside != Some(header.application_id) {
            self.find(Kind::Changed, "its app_id and its application_id are not the same application");
        }
        self.digest = Some(Digest::new(header.application_id));
        self.header = Some(header);
    }

    fn event(&mut self, text: &[u8]) -> Option<(EventLine, StoredEvent)> {
        let read = line::read::<EventLine>(text).and_then(|line| Some((line.event()?, line)));
        let Some((event, line)) = read else {
            self.find(Kind::Damaged, "it is no event as an export writes it");
            return None;
        };
        self.count += 1;
        if let Some(digest) = &mut self.digest {
            digest.add(event.position, &event.event_hash);
        }
        let mut found = Vec::new();
        found.extend(content::changed(&event).map(|what| Finding::new(Kind::Changed, what)));
        found.extend(self.not_as_the_header_says(&line));
        let place = self.place(&line);
        if place.is_none() {
            found.extend(self.stream(&event));
        }
        found.extend(place);
        let number = self.lines;
        self.findings.extend(found.into_iter().map(|finding| finding.about(&event).in_line(number)));
        if self.last.as_ref().is_none_or(|last| last.position < event.position) {
            self.last = Some(event.clone());
        }
        Some((line, event))
    }

    fn not_as_the_header_says(&self, line: &EventLine) -> Option<Finding> {
        let header = self.header.as_ref()?;
        if line.application_id != header.application_id {
            return Some(Finding::new(Kind::Inserted, "it belongs to another application"));
        }
        if line.position <= header.after {
            let what = format!("the export begins after position {}", header.after);
            return Some(Finding::new(Kind::Inserted, what));
        }
        match (&line.opened, header.opened) {
            (None, false) => None,
            (Some(opened), true) => {
                let same = same_but_for_the_seal(&line.payload, &opened.payload)
                    && same_but_for_the_seal(&line.metadata, &opened.metadata);
                let what = "what was opened does not say the same as what was stored";
                (!same).then(|| Finding::new(Kind::Changed, what))
            }
            (None, true) => Some(Finding::new(Kind::Changed, "what was opened is missing")),
            (Some(_), false) => Some(Finding::new(Kind::Changed, "it is opened, and the export is not")),
        }
    }

    /// What is wrong with its place in the file. What it says of the event before it is noted.
    fn place(&mut self, line: &EventLine) -> Option<Finding> {
        let number = self.lines;
        if let Some(last) = self.last.as_ref().filter(|last| line.position <= last.position) {
            if line.position == last.position {
                return Some(Finding::new(Kind::Inserted, "an event with this position is there already"));
            }
            let what = format!("it stands behind position {}", last.position);
            self.missing.remove(&Missing::At(line.position));
            let key = key(line);
            self.missing.remove(&Missing::Of(key, line.sequence));
            let reached = self.streams.entry(key).or_default();
            *reached = line.sequence.max(*reached);
            return Some(Finding::new(Kind::Reordered, what));
        }
        let (last, first) = match &self.last {
            Some(last) => (last.position, false),
            None => (0, true),
        };
        if first && line.previous <= self.header.as_ref().map_or(0, |header| header.after) {
            return None;
        }
        if line.previous > last {
            let what = format!("it stood before position {}, and is not there", line.position);
            let finding = Finding::new(Kind::Removed, what).at(line.previous).in_line(number);
            self.miss(Missing::At(line.previous), finding);
        } else if line.previous < last
            && let Some(inserted) = &self.last
        {
            let what = format!("it was not there before position {}", line.position);
            self.findings.push(Finding::new(Kind::Inserted, what).about(inserted).in_line(number - 1));
        }
        None
    }

    fn stream(&mut self, event: &StoredEvent) -> Option<Finding> {
        let key = key_of(&event.aggregate_type, &event.aggregate_id);
        let previous = self.streams.get(&key).copied();
        let partial = self.header.as_ref().is_some_and(|header| header.after > 0);
        let trouble =
            streams::next(&event.aggregate_type, &event.event_type, event.sequence, previous, partial);
        self.streams.insert(key, previous.unwrap_or(0).max(event.sequence));
        let kind = match trouble? {
            Trouble::Missing { from, to } if to - from < HOLE => {
                for sequence in from..=to {
                    let what = format!("it stood before position {}, and is not there", event.position);
                    let finding = Finding::new(Kind::Removed, what).of(
                        &event.aggregate_type,
                        &event.aggregate_id,
                        sequence,
                    );
                    self.miss(Missing::Of(key, sequence), finding.in_line(self.lines));
                }
                return None;
            }
            Trouble::Missing { .. } => Kind::Removed,
            Trouble::Twice | Trouble::SecondBeginning => Kind::Inserted,
            Trouble::Late { .. } => Kind::Reordered,
            Trouble::NoBeginning => Kind::Changed,
        };
        trouble.map(|trouble| Finding::new(kind, trouble.to_string()))
    }

    /// Told at the end, if it does not come after all.
    fn miss(&mut self, missing: Missing, finding: Finding) {
        if self.missing.len() < Findings::KEPT {
            self.missing.insert(missing, finding);
        } else {
            self.findings.push(finding);
        }
    }

    fn footer(&mut self, text: &[u8]) {
        let Some(footer) = line::read::<Footer>(text) else {
            return self.find(Kind::Damaged, "it is not the last line of an export");
        };
        let value_and_end = footer.sha256.len() + FOOTER_END.len();
        self.bytes.update(&text[..text.len() - value_and_end]);
        let last = self.last.as_ref().map(|last| last.position);
        if footer.count != self.count {
            let what = format!("it says {} events, and there are {}", footer.count, self.count);
            self.find(if footer.count > self.count { Kind::Removed } else { Kind::Inserted }, what);
        }
        if last.is_some_and(|last| last != footer.last) {
            let what = format!("it says that the last event is at position {}", footer.last);
            self.find(if last < Some(footer.last) { Kind::Removed } else { Kind::Inserted }, what);
        }
        if footer.last > footer.head || last > Some(footer.head) {
            self.find(Kind::Changed, format!("it says that the export ends at position {}", footer.head));
        }
        if self.digest().is_some_and(|digest| digest != footer.digest) {
            self.find(Kind::Changed, "its digest is not that of the events before it");
        }
        if hex(&self.bytes.clone().finalize()) != footer.sha256 {
            self.find(Kind::Changed, "its sha256 is not that of the bytes before it");
        }
        self.footer = Some(footer);
    }
}

fn key(line: &EventLine) -> StreamKey {
    key_of(&line.aggregate_type, &line.aggregate_id)
}

fn key_of(aggregate_type: &str, aggregate_id: &str) -> StreamKey {
    let digest =
        Sha256::new_with_prefix(aggregate_type).chain_update([0]).chain_update(aggregate_id).finalize();
    digest[..16].try_into().expect("a SHA-256 has 32 bytes")
}

/// Whether two documents are the same where nothing is personal.
fn same_but_for_the_seal(stored: &str, opened: &str) -> bool {
    let document = |text| serde_json::from_str(text).map(without_personal);
    match (document(stored), document(opened)) {
        (Ok(stored), Ok(opened)) => stored == opened,
        (_, _) => false,
    }
}

/// The document with nothing in the places of what is personal: sealed, clear or erased.
fn without_personal(document: Value) -> Value {
    match document {
        Value::Object(members)
            if members.len() == 1
                && ["$sealed", "$personal", "$erased"].iter().any(|mark| members.contains_key(*mark)) =>
        {
            Value::String("personal".to_owned())
        }
        Value::Object(members) => {
            members.into_iter().map(|(name, value)| (name, without_personal(value))).collect()
        }
        Value::Array(values) => values.into_iter().map(without_personal).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => document,
    }
}
