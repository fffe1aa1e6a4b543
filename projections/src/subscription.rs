//! Following the log: a read model's rows and its checkpoint are committed together, so each event takes effect exactly once.
//!
//! Any node may take a step at any time. The row of the checkpoint is locked while rows are written, so of two nodes one
//! works and the other is sent away at once; and what was read before the lock counts only if the checkpoint is still there.

mod failure;
mod status;

use std::collections::HashSet;

use sqlx::{Connection as _, PgConnection};

pub use failure::{fail, retry};
pub use status::{ParkedStream, ProjectionStatus, parked, status};

use crate::event_log::{DataKeys, EventLog};
use crate::feed::{self, Recorded, StoredEvent};
use crate::read_models::ReadModel;
use crate::secrets::data_keys;
use crate::{Error, Tx, crash_point};

/// How far a step came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// There was nothing to project.
    Idle,
    /// Another node is at it, an operator stopped it, or somebody was erased meanwhile.
    Elsewhere,
    /// It is stopped.
    Stopped,
    /// So many events were projected, and there may be more.
    Projected(u64),
    /// So many events were projected, and those were all.
    CaughtUp(u64),
}

/// Why a step failed. It changed nothing.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// Trying later is right.
    #[error("{0}")]
    Later(Error),
    /// This event can't be projected.
    #[error("the event at position {position} can't be projected: {error}")]
    Event {
        /// Its position.
        position: i64,
        /// Why.
        error: Error,
    },
}

impl From<sqlx::Error> for StepError {
    fn from(error: sqlx::Error) -> Self {
        StepError::Later(error.into())
    }
}

/// Projects at most `limit` of the events that follow the checkpoint.
///
/// # Errors
/// See [`StepError`].
pub async fn step(log: &EventLog, model: ReadModel, limit: i64) -> Result<Progress, StepError> {
    let mut connection = log.kept().take().await.map_err(StepError::Later)?;
    let outcome = step_on(&mut connection, log, model, limit).await;
    // After a failure, what it left behind ends with the connection.
    if outcome.is_ok() {
        connection.keep();
    }
    match outcome {
        // Which of them it was is found by taking them one by one.
        Err(StepError::Event { .. }) if limit > 1 => Box::pin(step(log, model, 1)).await,
        other => other,
    }
}

async fn step_on(
    connection: &mut PgConnection,
    log: &EventLog,
    model: ReadModel,
    limit: i64,
) -> Result<Progress, StepError> {
    let Some((checkpoint, some_parked)) = checkpoint(connection, model).await? else {
        return Ok(Progress::Stopped);
    };
    // Read and opened before anything is locked: who holds a lock holds up the sequencer.
    let events = feed::after(connection, checkpoint, limit).await.map_err(StepError::Later)?;
    let Some(last) = events.last().map(|event| event.position) else { return Ok(Progress::Idle) };
    let parked = if some_parked { parked_streams(connection, model).await? } else { HashSet::new() };
    let all = i64::try_from(events.len()).is_ok_and(|count| count < limit);
    let people = feed::people_of(&events);
    let keys = data_keys::get(&mut *connection, log.keyring(), &people).await.map_err(StepError::Later)?;
    let (understood, broken) = understand(events, &keys, &parked);
    let to = |position| Range { from: checkpoint, to: position };
    match broken {
        Some(error) if understood.is_empty() => Err(error),
        Some(StepError::Event { position, .. }) => {
            write(connection, model, to(position - 1), &understood, &keys).await
        }
        Some(later @ StepError::Later(_)) => Err(later),
        None => {
            let progress = write(connection, model, to(last), &understood, &keys).await?;
            if let Progress::Projected(count) = progress
                && all
            {
                return Ok(Progress::CaughtUp(count));
            }
            Ok(progress)
        }
    }
}

/// How far a running model has come, and whether streams of it are parked.
async fn checkpoint(
    connection: &mut PgConnection,
    model: ReadModel,
) -> Result<Option<(i64, bool)>, sqlx::Error> {
    sqlx::query_as(
        "SELECT checkpoint, EXISTS (SELECT FROM parked_streams WHERE projection = $1)
         FROM projections WHERE name = $1 AND state = 'running'",
    )
    .bind(model.name())
    .fetch_optional(connection)
    .await
}

async fn parked_streams(
    connection: &mut PgConnection,
    model: ReadModel,
) -> Result<HashSet<(String, String)>, sqlx::Error> {
    let rows =
        sqlx::query_as("SELECT aggregate_type, aggregate_id FROM parked_streams WHERE projection = $1")
            .bind(model.name())
            .fetch_all(connection)
            .await?;
    Ok(rows.into_iter().collect())
}

/// The events that are not of parked streams, up to the first that this release can't read.
fn understand(
    events: Vec<StoredEvent>,
    keys: &DataKeys,
    parked: &HashSet<(String, String)>,
) -> (Vec<Recorded>, Option<StepError>) {
    let mut understood = Vec::with_capacity(events.len());
    for event in events {
        if parked.contains(&(event.aggregate_type.clone(), event.aggregate_id.clone())) {
            continue;
        }
        let position = event.position;
        match event.open(keys).and_then(feed::Opened::understand) {
            Ok(recorded) => understood.push(recorded),
            Err(error) => return (understood, Some(StepError::Event { position, error })),
        }
    }
    (understood, None)
}

/// From a checkpoint to the next.
#[derive(Clone, Copy)]
struct Range {
    from: i64,
    to: i64,
}

async fn write(
    connection: &mut PgConnection,
    model: ReadModel,
    Range { from, to }: Range,
    events: &[Recorded],
    keys: &DataKeys,
) -> Result<Progress, StepError> {
    let mut tx = connection.begin().await?;
    let mine = sqlx::query(
        "SELECT FROM projections WHERE name = $1 AND checkpoint = $2 AND state = 'running' FOR UPDATE SKIP LOCKED",
    )
    .bind(model.name())
    .bind(from)
    .execute(&mut *tx)
    .await?;
    if mine.rows_affected() == 0 {
        tx.rollback().await?;
        return Ok(Progress::Elsewhere);
    }
    // Asked under the lock, which whoever erases a person waits for: what was opened before must not be written after.
    if !data_keys::all_there(&mut tx, keys).await.map_err(StepError::Later)? {
        tx.rollback().await?;
        return Ok(Progress::Elsewhere);
    }
    model.apply(&mut tx, events).await.map_err(|error| blame(error, events))?;
    crash_point::reached("projection_rows_before_checkpoint");
    sqlx::query("UPDATE projections SET checkpoint = $2, updated_at = clock_timestamp() WHERE name = $1")
        .bind(model.name())
        .bind(to)
        .execute(&mut *tx)
        .await?;
    crash_point::reached("projection_before_commit");
    tx.commit().await?;
    crash_point::reached("projection_after_commit");
    Ok(Progress::Projected(u64::try_from(to - from).unwrap_or_default()))
}

/// Waits until nobody writes rows of a read model; until the end of this transaction nobody begins to.
///
/// # Errors
/// Postgres is away.
pub(crate) async fn hold(tx: &mut Tx<'_>) -> Result<(), Error> {
    sqlx::query("SELECT FROM projections ORDER BY name FOR SHARE").execute(&mut **tx).await?;
    Ok(())
}

/// An absent Postgres, or a lock that was waited for too long, is nobody's fault; anything else is the events'.
fn blame(error: Error, events: &[Recorded]) -> StepError {
    match error {
        Error::Unavailable(_) | Error::Conflict => StepError::Later(error),
        Error::AlreadyRecorded
        | Error::AddressTaken
        | Error::ReservationLost
        | Error::PersonErased
        | Error::HasLoggedIn
        | Error::Database(_)
        | Error::Corrupt(_)
        | Error::Sealing(_) => {
            let position = events.first().map_or(0, |first| first.stored.position);
            StepError::Event { position, error }
        }
    }
}
