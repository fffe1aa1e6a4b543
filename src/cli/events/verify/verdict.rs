//! The answer of a verification.

use std::fmt;

use devauth_projections::proof::{Finding, Findings};
use serde::Serialize;

use crate::cli::progress::grouped;

/// What was verified, and what was found.
#[derive(Debug, Serialize)]
pub(super) struct Verdict {
    /// The file, or that it was the log.
    pub(super) what: String,
    pub(super) holds: bool,
    pub(super) app_id: Option<String>,
    pub(super) events: u64,
    pub(super) streams: u64,
    /// Position up to which there is everything.
    pub(super) head: Option<i64>,
    /// Events that have no position yet; those are not verified.
    pub(super) unnumbered: u64,
    pub(super) digest: Option<String>,
    /// Events that are the same as in the earlier export.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) unchanged_since: Option<u64>,
    /// How many things do not hold.
    pub(super) found: u64,
    /// The first thousand of them.
    pub(super) findings: Vec<Finding>,
}

impl Verdict {
    /// Takes what was found.
    pub(super) fn with(self, findings: &Findings) -> Self {
        let (found, kept) = (findings.total(), findings.kept().to_vec());
        Verdict { holds: findings.is_empty(), found, findings: kept, ..self }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.findings {
            writeln!(f, "{finding}")?;
        }
        let untold = self.found - self.findings.len() as u64;
        if untold > 0 {
            writeln!(f, "… and {} more", grouped(untold))?;
        }
        let judgement = if self.holds {
            "holds".to_owned()
        } else {
            format!("does not hold: {} found", grouped(self.found))
        };
        let (events, streams) = (grouped(self.events), grouped(self.streams));
        write!(f, "{} {judgement}; {events} events in {streams} streams", self.what)?;
        if let Some(head) = self.head {
            write!(f, ", up to position {}", grouped(head.unsigned_abs()))?;
        }
        writeln!(f)?;
        if self.unnumbered > 0 {
            writeln!(f, "{} events have no position yet and were not verified", grouped(self.unnumbered))?;
        }
        if let Some(unchanged) = self.unchanged_since {
            writeln!(f, "{} events have the hashes of the earlier export", grouped(unchanged))?;
        }
        match &self.digest {
            Some(digest) => writeln!(f, "digest {digest}"),
            None => Ok(()),
        }
    }
}
