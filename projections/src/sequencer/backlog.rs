//! What the sequencer has before it, and what holds it up.

use chrono::{DateTime, Utc};
use sqlx::Row as _;

use crate::{Error, Pool};

/// How the log stands.
#[derive(Debug, Clone, Copy)]
pub struct Backlog {
    /// Position of the newest event.
    pub position: i64,
    /// When the first event was recorded that has no position yet.
    pub waiting_since: Option<DateTime<Utc>>,
    /// When the oldest transaction began that may still write; of other roles' only where the role may see them
    /// (`pg_read_all_stats`). No event younger than it gets a position.
    pub oldest_transaction: Option<DateTime<Utc>>,
}

/// How the log stands now.
///
/// # Errors
/// Postgres is away.
pub async fn backlog(pool: &Pool) -> Result<Backlog, Error> {
    let row = sqlx::query(
        "SELECT (SELECT position FROM log_head) AS position,
                (SELECT recorded_at FROM events
                 WHERE (epoch, tx_id, insertion) > ((SELECT epoch FROM log_head), (SELECT tx_id FROM log_head),
                                                    (SELECT insertion FROM log_head))
                 ORDER BY epoch, tx_id, insertion LIMIT 1) AS waiting_since,
                (SELECT min(xact_start) FROM pg_stat_activity WHERE backend_xid IS NOT NULL) AS oldest_transaction",
    )
    .fetch_one(pool)
    .await?;
    Ok(Backlog {
        position: row.try_get("position")?,
        waiting_since: row.try_get("waiting_since")?,
        oldest_transaction: row.try_get("oldest_transaction")?,
    })
}
