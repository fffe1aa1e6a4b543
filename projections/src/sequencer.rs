//! The sequencer gives committed events contiguous positions. Everybody who reads the log in order (projections, feeds,
//! auditors) checkpoints on the position; nobody else has to know how commit order is found.
//!
//! An insertion number is drawn when a row is inserted and the row becomes visible when its transaction commits, so a reader
//! that remembers the highest number it saw passes over rows that commit later with a lower one. Below the oldest running
//! transaction nothing can appear any more; there, in order of (epoch, transaction, insertion), rows are settled for good.

mod backlog;
mod listener;

use sqlx::{Connection as _, PgConnection, Row as _};

pub use backlog::{Backlog, backlog};
pub use listener::Listener;

use crate::pool::Kept;
use crate::{Error, crash_point};

/// The channel on which Postgres tells who follows the log that it has grown.
pub const NUMBERED: &str = "devauth_numbered";

/// Numbers at most `limit` settled events; answers how many it numbered. Any node may call it at any time: the row lock on
/// the head lets one work and sends the others away at once.
///
/// # Errors
/// Postgres is away.
pub async fn tick(connections: &Kept, limit: i64) -> Result<u64, Error> {
    let mut connection = connections.take().await?;
    let numbered = number(&mut connection, limit).await;
    // After a failure, what it left behind ends with the connection.
    if numbered.is_ok() {
        connection.keep();
    }
    numbered
}

async fn number(connection: &mut PgConnection, limit: i64) -> Result<u64, Error> {
    // A look without a transaction id of its own: an idle node must not write.
    if !has_settled(connection).await? {
        return Ok(0);
    }
    let mut tx = connection.begin().await?;
    let locked = sqlx::query("SELECT FROM log_head FOR UPDATE SKIP LOCKED").execute(&mut *tx).await?;
    if locked.rows_affected() == 0 {
        tx.rollback().await?;
        return Ok(0);
    }
    // A statement of its own, because only then its snapshot is younger than the lock. To tell who listens costs nobody anything
    // here: only one such transaction runs at a time.
    let numbered = sqlx::query(
        "WITH settled AS (
             SELECT e.aggregate_type, e.aggregate_id, e.sequence, e.application_id, e.user_id, e.event_hash,
                    e.epoch, e.tx_id, e.insertion,
                    (SELECT position FROM log_head)
                        + row_number() OVER (ORDER BY e.epoch, e.tx_id, e.insertion) AS position
             FROM events e
             WHERE (e.epoch, e.tx_id, e.insertion)
                   > ((SELECT epoch FROM log_head), (SELECT tx_id FROM log_head), (SELECT insertion FROM log_head))
               AND (e.epoch < (SELECT epoch FROM cluster_state) OR e.tx_id < pg_snapshot_xmin(pg_current_snapshot()))
             ORDER BY e.epoch, e.tx_id, e.insertion
             LIMIT $1
         ), numbered AS (
             INSERT INTO event_log (position, aggregate_type, aggregate_id, sequence, application_id, user_id, event_hash)
             SELECT position, aggregate_type, aggregate_id, sequence, application_id, user_id, event_hash FROM settled
         )
         UPDATE log_head SET position = last.position, epoch = last.epoch, tx_id = last.tx_id, insertion = last.insertion
         FROM (SELECT * FROM settled ORDER BY position DESC LIMIT 1) last
         RETURNING (SELECT count(*) FROM settled), pg_notify($2, '')",
    )
    .bind(limit)
    .bind(NUMBERED)
    .fetch_optional(&mut *tx)
    .await?;
    let count: i64 = numbered.map(|row| row.try_get(0)).transpose()?.unwrap_or(0);
    crash_point::reached("sequencer_before_commit");
    tx.commit().await?;
    crash_point::reached("sequencer_after_commit");
    Ok(count.unsigned_abs())
}

// Here and above the head is asked for in subqueries, one a column: joined to it, the planner compares the rows one by one
// from the beginning of the log. And no EXISTS, which drops the order and with it the reason to use the index.
async fn has_settled(connection: &mut PgConnection) -> Result<bool, Error> {
    Ok(sqlx::query_scalar(
        "SELECT count(*) > 0 FROM (
             SELECT FROM events e
             WHERE (e.epoch, e.tx_id, e.insertion)
                   > ((SELECT epoch FROM log_head), (SELECT tx_id FROM log_head), (SELECT insertion FROM log_head))
               AND (e.epoch < (SELECT epoch FROM cluster_state) OR e.tx_id < pg_snapshot_xmin(pg_current_snapshot()))
             ORDER BY e.epoch, e.tx_id, e.insertion
             LIMIT 1) AS first",
    )
    .fetch_one(connection)
    .await?)
}
