//! What does not hold, and which event it is about.

use std::fmt;

use serde::Serialize;

use crate::feed::StoredEvent;

/// What was done to the log or to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Something says another thing than when it was recorded.
    Changed,
    /// Something that was there is not there any more.
    Removed,
    /// Something is there that was not, or twice.
    Inserted,
    /// Something stands elsewhere than it stood.
    Reordered,
    /// A file is not as an export writes it.
    Damaged,
    /// The log could be changed without anybody noticing at once.
    Unprotected,
}

/// One thing that does not hold. Holds nothing personal: no payload, no metadata.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// What was done.
    pub kind: Kind,
    /// Line of the file, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// Position in the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<i64>,
    /// Type of the stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aggregate_type: Option<String>,
    /// The stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aggregate_id: Option<String>,
    /// Place in the stream, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequence: Option<i64>,
    /// In words, what about it.
    pub what: String,
}

impl Finding {
    /// One that is about no event yet.
    #[must_use]
    pub fn new(kind: Kind, what: impl Into<String>) -> Self {
        let what = what.into();
        let (aggregate_type, aggregate_id) = (None, None);
        Finding { kind, line: None, position: None, aggregate_type, aggregate_id, sequence: None, what }
    }

    /// The same about an event.
    #[must_use]
    pub fn about(self, event: &StoredEvent) -> Self {
        self.at(event.position).of(&event.aggregate_type, &event.aggregate_id, event.sequence)
    }

    /// The same at a position.
    #[must_use]
    pub fn at(self, position: i64) -> Self {
        Finding { position: Some(position), ..self }
    }

    /// The same about an event of a stream.
    #[must_use]
    pub fn of(self, aggregate_type: &str, aggregate_id: &str, sequence: i64) -> Self {
        Finding {
            aggregate_type: Some(aggregate_type.to_owned()),
            aggregate_id: Some(aggregate_id.to_owned()),
            sequence: Some(sequence),
            ..self
        }
    }

    /// The same in a line of a file.
    #[must_use]
    pub fn in_line(self, line: u64) -> Self {
        Finding { line: Some(line), ..self }
    }
}

impl fmt::Display for Finding {
    /// Escaped, because who changed something may have put anything there, and a terminal obeys what it is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            Kind::Changed => "changed",
            Kind::Removed => "removed",
            Kind::Inserted => "inserted",
            Kind::Reordered => "reordered",
            Kind::Damaged => "damaged",
            Kind::Unprotected => "unprotected",
        };
        write!(f, "{kind:<11} ")?;
        let stream = match (&self.aggregate_type, &self.aggregate_id, self.sequence) {
            (Some(aggregate_type), Some(id), Some(sequence)) => {
                Some(format!("{} {} event {sequence}", aggregate_type.escape_debug(), id.escape_debug()))
            }
            (_, _, _) => None,
        };
        let place = [
            self.line.map(|line| format!("line {line}")),
            self.position.map(|position| format!("position {position}")),
            stream,
        ];
        let place: Vec<String> = place.into_iter().flatten().collect();
        if !place.is_empty() {
            write!(f, "{}: ", place.join(", "))?;
        }
        write!(f, "{}", self.what.escape_debug())
    }
}

/// What was found: all of it counted, the first of it kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    kept: Vec<Finding>,
    total: u64,
}

impl Findings {
    /// As many are kept: who changed everything should not fill the memory of who looks.
    pub const KEPT: usize = 1_000;

    /// Adds one.
    pub fn push(&mut self, finding: Finding) {
        self.total += 1;
        if self.kept.len() < Self::KEPT {
            self.kept.push(finding);
        }
    }

    /// Adds those of another check.
    pub fn append(&mut self, other: Findings) {
        let room = Self::KEPT.saturating_sub(self.kept.len());
        self.kept.extend(other.kept.into_iter().take(room));
        self.total += other.total;
    }

    /// Whether nothing was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// How many there are, the ones not kept too.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The first [`Findings::KEPT`] of them.
    #[must_use]
    pub fn kept(&self) -> &[Finding] {
        &self.kept
    }
}

impl Extend<Finding> for Findings {
    fn extend<I: IntoIterator<Item = Finding>>(&mut self, findings: I) {
        findings.into_iter().for_each(|finding| self.push(finding));
    }
}
