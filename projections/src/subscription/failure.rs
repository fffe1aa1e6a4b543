//! What happens to an event that can't be projected: its read model stops, or its stream is parked. Never is it passed over
//! in silence.

use sqlx::PgConnection;

use super::{StepError, blame};
use crate::event_log::EventLog;
use crate::feed::{self, Opened, StoredEvent};
use crate::read_models::{OnFailure, ReadModel};
use crate::{Error, Pool};

/// Gives up on the event at `position`: the model stops there, or goes on without the event's stream.
///
/// # Errors
/// Postgres is away.
pub async fn fail(pool: &Pool, model: ReadModel, position: i64, error: &Error) -> Result<(), Error> {
    let mut tx = pool.begin().await?;
    // Only if the model still stands before that event: another node may have been luckier.
    let next: Option<i64> =
        sqlx::query_scalar("SELECT checkpoint + 1 FROM projections WHERE name = $1 FOR UPDATE")
            .bind(model.name())
            .fetch_optional(&mut *tx)
            .await?;
    if next != Some(position) {
        return Ok(());
    }
    match model.on_failure() {
        OnFailure::Stop => stop(&mut tx, model, &describe(error)).await?,
        OnFailure::ParkStream => park(&mut tx, model, position, &describe(error)).await?,
    }
    tx.commit().await?;
    Ok(())
}

async fn stop(connection: &mut PgConnection, model: ReadModel, error: &str) -> Result<(), Error> {
    sqlx::query("UPDATE projections SET state = 'stopped', error = $2, updated_at = clock_timestamp() WHERE name = $1")
        .bind(model.name())
        .bind(error)
        .execute(connection)
        .await?;
    Ok(())
}

async fn park(
    connection: &mut PgConnection,
    model: ReadModel,
    position: i64,
    error: &str,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO parked_streams (projection, aggregate_type, aggregate_id, position, error)
         SELECT $1, aggregate_type, aggregate_id, position, $3 FROM event_log WHERE position = $2",
    )
    .bind(model.name())
    .bind(position)
    .bind(error)
    .execute(&mut *connection)
    .await?;
    sqlx::query("UPDATE projections SET checkpoint = $2, updated_at = clock_timestamp() WHERE name = $1")
        .bind(model.name())
        .bind(position)
        .execute(connection)
        .await?;
    Ok(())
}

/// What went wrong, in words that hold nothing of what was to be stored.
fn describe(error: &Error) -> String {
    let Error::Database(cause) = error else { return error.to_string() };
    let Some(refusal) = cause.as_database_error() else { return error.to_string() };
    let code = refusal.code().unwrap_or_default();
    match refusal.constraint() {
        Some(constraint) => format!("{error}: SQLSTATE {code}, constraint {constraint}"),
        None => format!("{error}: SQLSTATE {code}"),
    }
}

/// Lets a model go on after its cause was removed: it starts again where it stopped, and what parked streams missed is
/// projected. Answers how many streams are no longer parked; one that fails again stays.
///
/// # Errors
/// Postgres is away, or the first parked stream that still can't be projected.
pub async fn retry(log: &EventLog, model: ReadModel) -> Result<u64, StepError> {
    sqlx::query(
        "UPDATE projections SET state = 'running', error = NULL WHERE name = $1 AND state = 'stopped'",
    )
    .bind(model.name())
    .execute(log.pool())
    .await?;
    let parked = super::parked(log.pool(), model).await.map_err(StepError::Later)?;
    let mut freed = 0;
    for stream in parked {
        free(log, model, &stream.aggregate_type, &stream.aggregate_id, stream.position).await?;
        freed += 1;
    }
    Ok(freed)
}

/// Projects what a stream missed, under the lock that keeps the model where it is.
async fn free(
    log: &EventLog,
    model: ReadModel,
    aggregate_type: &str,
    aggregate_id: &str,
    first: i64,
) -> Result<(), StepError> {
    let mut tx = log.pool().begin().await?;
    let checkpoint: i64 = sqlx::query_scalar("SELECT checkpoint FROM projections WHERE name = $1 FOR UPDATE")
        .bind(model.name())
        .fetch_one(&mut *tx)
        .await?;
    let missed = feed::of_stream(&mut tx, aggregate_type, aggregate_id, first, checkpoint)
        .await
        .map_err(StepError::Later)?;
    let keys = log.keys_of(&missed).await.map_err(StepError::Later)?;
    let understand = |event: StoredEvent| event.open(&keys).and_then(Opened::understand);
    let events = missed.into_iter().map(understand).collect::<Result<Vec<_>, Error>>();
    let events = events.map_err(|error| StepError::Event { position: first, error })?;
    model.apply(&mut tx, &events).await.map_err(|error| blame(error, &events))?;
    sqlx::query(
        "DELETE FROM parked_streams WHERE projection = $1 AND aggregate_type = $2 AND aggregate_id = $3",
    )
    .bind(model.name())
    .bind(aggregate_type)
    .bind(aggregate_id)
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(())
}
