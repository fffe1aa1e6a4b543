//! Scheduled tasks: every node wakes at the appointed time, one of them gets the lease and works.

use chrono::{DateTime, Duration, Utc};
use serde_json::Value;

use crate::{Error, Pool};

/// Takes the task for `lease`, unless another node has it. A node that dies in the middle loses it when the lease ends.
///
/// # Errors
/// Postgres is away.
pub async fn take(pool: &Pool, name: &str, now: DateTime<Utc>, lease: Duration) -> Result<bool, Error> {
    let taken = sqlx::query(
        "UPDATE scheduled_tasks SET leased_until = $3, started_at = $2
         WHERE name = $1 AND (leased_until IS NULL OR leased_until <= $2)",
    )
    .bind(name)
    .bind(now)
    .bind(now + lease)
    .execute(pool)
    .await?;
    Ok(taken.rows_affected() == 1)
}

/// Gives the task back, with what this run did; `started` tells it from a run that took it over meanwhile.
///
/// # Errors
/// Postgres is away.
pub async fn finish(
    pool: &Pool,
    name: &str,
    started: DateTime<Utc>,
    now: DateTime<Utc>,
    outcome: &Value,
) -> Result<(), Error> {
    sqlx::query(
        "UPDATE scheduled_tasks SET leased_until = NULL, finished_at = $3, outcome = $4
         WHERE name = $1 AND started_at = $2",
    )
    .bind(name)
    .bind(started)
    .bind(now)
    .bind(outcome)
    .execute(pool)
    .await?;
    Ok(())
}
