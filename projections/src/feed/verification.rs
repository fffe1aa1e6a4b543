//! Verifying the log where it is: every event against its hash, every stream and every position, in one snapshot.
//!
//! Twice from one end to the other, in the order of the log and in the order of the streams, page by page: the memory it takes
//! does not grow. The snapshot holds no transaction id, so the sequencer goes on; it does hold up what vacuum may clean.

mod order;
mod streams;
mod triggers;

use devauth_aggregates::ApplicationId;
use sqlx::{Connection as _, Executor as _, PgConnection};

use crate::Error;
use crate::feed::StoredEvent;
use crate::proof::Findings;

/// Events looked at in one query.
const PAGE: i64 = 500;

/// What was checked, and what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Events that have a position.
    pub events: u64,
    /// Streams.
    pub streams: u64,
    /// Position of the newest event.
    pub head: i64,
    /// Events that were committed a moment ago and have no position yet.
    pub unnumbered: u64,
    /// [`crate::proof::Digest`] of the application's events, or of all.
    pub digest: String,
    /// What does not hold.
    pub findings: Findings,
}

/// Who watches a verification.
pub trait Watcher {
    /// Is told how many events will be looked at, and how many have been.
    fn progress(&mut self, done: u64, total: u64);

    /// Is shown each event that has a position, in the order of the log. May add what it finds.
    fn event(&mut self, event: &StoredEvent, digest: &crate::proof::Digest, findings: &mut Findings);
}

/// Verifies the log, or what it holds of one application. Positions are looked at altogether: they have no gaps in the whole
/// log only.
///
/// # Errors
/// Postgres is away.
pub async fn verify(
    connection: &mut PgConnection,
    application: Option<ApplicationId>,
    watcher: &mut impl Watcher,
) -> Result<Verified, Error> {
    let mut tx = connection.begin().await?;
    tx.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY").await?;
    let mut verification = Verification::begin(&mut tx, application).await?;
    triggers::check(&mut tx, &mut verification).await?;
    order::check(&mut tx, &mut verification, watcher).await?;
    streams::check(&mut tx, &mut verification, watcher).await?;
    tx.rollback().await?;
    Ok(verification.verified)
}

/// What both ways through the log share.
struct Verification {
    application: Option<ApplicationId>,
    total: u64,
    done: u64,
    verified: Verified,
}

impl Verification {
    async fn begin(connection: &mut PgConnection, application: Option<ApplicationId>) -> Result<Self, Error> {
        let head = super::head(&mut *connection).await?;
        let events: i64 = match application {
            None => sqlx::query_scalar("SELECT count(*) FROM event_log").fetch_one(connection).await?,
            Some(application) => {
                sqlx::query_scalar("SELECT count(*) FROM event_log WHERE application_id = $1")
                    .bind(application.uuid())
                    .fetch_one(connection)
                    .await?
            }
        };
        let (events, digest) = (events.unsigned_abs(), String::new());
        let findings = Findings::default();
        let verified = Verified { events: 0, streams: 0, head, unnumbered: 0, digest, findings };
        Ok(Verification { application, total: 2 * events, done: 0, verified })
    }

    fn looked_at(&mut self, events: usize, watcher: &mut impl Watcher) {
        self.done += events as u64;
        watcher.progress(self.done.min(self.total), self.total);
    }
}
