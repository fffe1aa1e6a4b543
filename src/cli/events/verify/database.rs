//! Verifying the log in the database.

use devauth_aggregates::ApplicationId;
use devauth_projections::feed::StoredEvent;
use devauth_projections::feed::verification::{self, Watcher};
use devauth_projections::pool;
use devauth_projections::proof::{Digest, Findings};
use secrecy::ExposeSecret as _;

use super::earlier::{Comparison, Earlier};
use super::name_of_log;
use super::verdict::Verdict;
use crate::cli::progress::Progress;
use crate::cli::{Failure, block_on, env};
use crate::config::LogAccess;

/// Shows how far it is, and compares with what was exported before.
struct Watching {
    progress: Progress,
    comparison: Option<Comparison>,
}

pub(super) fn verify(
    application: Option<ApplicationId>,
    earlier: Option<Earlier>,
) -> Result<Verdict, Failure> {
    let access = LogAccess::from_env(&env, false)?;
    let application = application.or_else(|| earlier.as_ref().and_then(Earlier::application));
    // A digest of the whole log is that of no application.
    let digested = application.unwrap_or_else(|| ApplicationId::from_uuid(uuid::Uuid::nil()));
    let comparison = earlier.map(|earlier| earlier.compare(digested, 0)).transpose()?;
    let mut watching = Watching { progress: Progress::of("events"), comparison };
    let mut verified = block_on(async {
        let mut connection = pool::reader(access.database_url.expose_secret()).await?;
        Ok(verification::verify(&mut connection, application, &mut watching).await?)
    })?;
    let Watching { progress, comparison } = watching;
    drop(progress);
    let unchanged_since = comparison.map(|comparison| comparison.finish(&mut verified.findings));
    let verdict = Verdict {
        what: name_of_log(application),
        holds: true,
        app_id: application.map(|application| application.to_string()),
        events: verified.events,
        streams: verified.streams,
        head: Some(verified.head),
        unnumbered: verified.unnumbered,
        digest: Some(verified.digest),
        unchanged_since,
        found: 0,
        findings: Vec::new(),
    };
    Ok(verdict.with(&verified.findings))
}

impl Watcher for Watching {
    fn progress(&mut self, done: u64, total: u64) {
        self.progress.show(done, total);
    }

    fn event(&mut self, event: &StoredEvent, digest: &Digest, findings: &mut Findings) {
        if let Some(comparison) = &mut self.comparison {
            comparison.event(event, || Some(digest.hex()), findings);
        }
    }
}
