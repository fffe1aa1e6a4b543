//! Verifying an export: without a database, without keys, without any configuration.

use std::path::Path;

use devauth_aggregates::ApplicationId;
use devauth_projections::proof::Findings;
use devauth_projections::proof::export::ExportCheck;

use super::super::lines::Lines;
use super::earlier::{Comparison, Earlier};
use super::verdict::Verdict;
use crate::cli::Failure;

pub(super) fn verify(path: &Path, mut earlier: Option<Earlier>) -> Result<Verdict, Failure> {
    let mut check = ExportCheck::default();
    let mut comparison: Option<Comparison> = None;
    let mut differences = Findings::default();
    for text in Lines::open(path)? {
        let event = check.line(&text?);
        if let (Some(header), Some(earlier)) = (check.begins_with(), earlier.take_if(|_| event.is_none())) {
            let application = ApplicationId::from_uuid(header.application_id);
            comparison = Some(earlier.compare(application, header.after)?);
        }
        if let (Some((_, event)), Some(comparison)) = (event, &mut comparison) {
            comparison.event(&event, || check.digest(), &mut differences);
        }
    }
    let unchanged_since = comparison.map(|comparison| comparison.finish(&mut differences));
    let mut summary = check.finish();
    summary.findings.append(differences);
    let verdict = Verdict {
        what: path.display().to_string(),
        holds: true,
        app_id: summary.header.map(|header| header.app_id),
        events: summary.events,
        streams: summary.streams,
        head: summary.footer.map(|footer| footer.head),
        unnumbered: 0,
        digest: summary.digest,
        unchanged_since,
        found: 0,
        findings: Vec::new(),
    };
    Ok(verdict.with(&summary.findings))
}
