//! What was exported before, against what is there now.

use std::path::{Path, PathBuf};

use devauth_aggregates::ApplicationId;
use devauth_projections::feed::StoredEvent;
use devauth_projections::proof::export::ExportCheck;
use devauth_projections::proof::line::{self, EventLine, Footer, Header};
use devauth_projections::proof::since::{Known, Since};
use devauth_projections::proof::{Finding, Findings, Kind};

use super::super::lines::Lines;
use crate::cli::Failure;

/// An earlier export as it was named on the command line.
pub(super) enum Earlier {
    Digest(String),
    Export { path: PathBuf, header: Header, footer: Footer },
}

/// The comparison with it.
pub(super) enum Comparison {
    /// The digest, and after how many events it came up.
    Digest(String, Option<u64>, u64),
    Export(Since<Box<dyn Iterator<Item = Known>>>),
}

impl Earlier {
    /// Reads a digest, or an export that holds.
    ///
    /// # Errors
    /// It is neither.
    pub(super) fn read(text: &str) -> Result<Self, Failure> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if text.len() == 64 && text.bytes().all(is_digit) {
            return Ok(Earlier::Digest(text.to_owned()));
        }
        let path = PathBuf::from(text);
        if path == Path::new("-") {
            return Err(Failure::usage("--since reads its file twice, so it can't be stdin"));
        }
        let mut check = ExportCheck::default();
        for line in Lines::open(&path)? {
            check.line(&line?);
        }
        let summary = check.finish();
        match (summary.header, summary.footer) {
            (Some(header), Some(footer)) if summary.findings.is_empty() => {
                Ok(Earlier::Export { path, header, footer })
            }
            (_, _) => Err(Failure::failed(format!(
                "{text} does not hold itself, so nothing can be compared with it; `devauth events verify {text}` says why"
            ))),
        }
    }

    /// The application that it is of.
    pub(super) fn application(&self) -> Option<ApplicationId> {
        match self {
            Earlier::Digest(_) => None,
            Earlier::Export { header, .. } => Some(ApplicationId::from_uuid(header.application_id)),
        }
    }

    /// Begins to compare it with the log of `application` after a position.
    ///
    /// # Errors
    /// They can't be compared.
    pub(super) fn compare(self, application: ApplicationId, after: i64) -> Result<Comparison, Failure> {
        let (path, header, footer) = match self {
            Earlier::Digest(digest) => return Ok(Comparison::Digest(digest, None, 0)),
            Earlier::Export { path, header, footer } => (path, header, footer),
        };
        if header.application_id != application.uuid() {
            return Err(Failure::usage(format!("{} is of another application", path.display())));
        }
        if after >= footer.head {
            return Err(Failure::usage(format!(
                "{} ends with position {}, and this begins after {after}: they have nothing in common",
                path.display(),
                footer.head
            )));
        }
        // It was verified, so every line in between is an event.
        let events = Lines::open(&path)?
            .filter_map(Result::ok)
            .filter_map(|text| line::read::<EventLine>(&text))
            .filter_map(|line| line.event())
            .map(|event| Known::from(&event));
        Ok(Comparison::Export(Since::new(Box::new(events), after.max(header.after), footer.head)))
    }
}

impl Comparison {
    /// Takes the next event; `digest` is that of all up to it.
    pub(super) fn event(
        &mut self,
        event: &StoredEvent,
        digest: impl FnOnce() -> Option<String>,
        findings: &mut Findings,
    ) {
        match self {
            Comparison::Digest(wanted, found, events) => {
                *events += 1;
                if found.is_none() && digest().as_ref() == Some(wanted) {
                    *found = Some(*events);
                }
            }
            Comparison::Export(since) => since.event(&Known::from(event), findings),
        }
    }

    /// Ends; answers how many events are the same.
    pub(super) fn finish(self, findings: &mut Findings) -> u64 {
        match self {
            Comparison::Digest(_, Some(events), _) => events,
            Comparison::Digest(wanted, None, _) => {
                let what = format!("no beginning of what is there has the digest {wanted}");
                findings.push(Finding::new(Kind::Changed, what));
                0
            }
            Comparison::Export(since) => since.finish(findings),
        }
    }
}
