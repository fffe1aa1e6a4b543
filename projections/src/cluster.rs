//! Which Postgres cluster wrote here last. Transaction ids order the log only within one cluster: after a dump was restored
//! into another, they start again, so a new epoch begins and everything older counts as settled.

use chrono::{DateTime, Utc};

use crate::{Error, Pool};

/// Begins a new epoch if the database was moved to another cluster since it was last used; to be called before the first
/// append. Answers the epoch.
///
/// A node that appends under the old epoch after this would be passed over by the sequencer; none can: every node calls this
/// at its start, the row lock makes the second one wait, and the append reads the epoch as it is then.
///
/// # Errors
/// Postgres is away.
pub async fn begin_epoch_if_moved(pool: &Pool) -> Result<i32, Error> {
    // A cluster that has written here, and did so last, stays the one: nothing to wait for.
    let current: Option<i32> = sqlx::query_scalar(
        "SELECT epoch FROM cluster_state c, pg_control_system() s WHERE c.system_identifier = s.system_identifier::text",
    )
    .fetch_optional(pool)
    .await?;
    if let Some(epoch) = current {
        return Ok(epoch);
    }
    let mut tx = pool.begin().await?;
    let here: String = sqlx::query_scalar("SELECT system_identifier::text FROM pg_control_system()")
        .fetch_one(&mut *tx)
        .await?;
    sqlx::query("INSERT INTO cluster_state (system_identifier, epoch) VALUES ($1, 1) ON CONFLICT DO NOTHING")
        .bind(&here)
        .execute(&mut *tx)
        .await?;
    let (known, epoch): (String, i32) =
        sqlx::query_as("SELECT system_identifier, epoch FROM cluster_state FOR UPDATE")
            .fetch_one(&mut *tx)
            .await?;
    if known == here {
        tx.commit().await?;
        return Ok(epoch);
    }
    sqlx::query("UPDATE cluster_state SET system_identifier = $1, epoch = epoch + 1")
        .bind(&here)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    tracing::warn!(
        epoch = epoch + 1,
        "the database was moved to another Postgres cluster: a new epoch of the log begins"
    );
    Ok(epoch + 1)
}

/// The database's time.
///
/// # Errors
/// Postgres is away.
pub async fn time(pool: &Pool) -> Result<DateTime<Utc>, Error> {
    Ok(sqlx::query_scalar("SELECT clock_timestamp()").fetch_one(pool).await?)
}
