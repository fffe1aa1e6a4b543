//! The nodes that run, each with the ids of the keys it works with: what a rotation of keys waits for.

use chrono::{DateTime, Duration, Utc};
use sqlx::{PgExecutor, Row as _};
use uuid::Uuid;

use crate::{Error, Pool};

/// How long a node counts as running after it was last heard of. One that was killed holds a rotation up for as long.
pub const COUNTS_FOR: Duration = Duration::seconds(60);
/// How long the row of a node that went without a word stays.
const KEPT_FOR: Duration = Duration::days(1);

/// A node that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeRow {
    /// Its id, a new one for each start.
    pub id: Uuid,
    /// When it was last heard of.
    pub seen_at: DateTime<Utc>,
    /// Ids of its encryption keys; the first seals.
    pub encryption_keys: Vec<String>,
    /// Ids of its signing keys; the first signs.
    pub signing_keys: Vec<String>,
}

/// Says that a node runs, and with which keys.
///
/// # Errors
/// Postgres is away.
pub async fn put(executor: impl PgExecutor<'_>, node: &NodeRow) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO nodes (id, started_at, seen_at, encryption_keys, signing_keys) VALUES ($1, $2, $2, $3, $4)
         ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at, encryption_keys = excluded.encryption_keys,
                                        signing_keys = excluded.signing_keys",
    )
    .bind(node.id)
    .bind(node.seen_at)
    .bind(&node.encryption_keys)
    .bind(&node.signing_keys)
    .execute(executor)
    .await?;
    Ok(())
}

/// The nodes that run at `now`, the one that began first first.
///
/// # Errors
/// Postgres is away.
pub async fn running(pool: &Pool, now: DateTime<Utc>) -> Result<Vec<NodeRow>, Error> {
    let rows = sqlx::query(
        "SELECT id, seen_at, encryption_keys, signing_keys FROM nodes WHERE seen_at > $1 ORDER BY started_at, id",
    )
    .bind(now - COUNTS_FOR)
    .fetch_all(pool)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(NodeRow {
                id: row.try_get("id")?,
                seen_at: row.try_get("seen_at")?,
                encryption_keys: row.try_get("encryption_keys")?,
                signing_keys: row.try_get("signing_keys")?,
            })
        })
        .collect()
}

/// Says that a node has ended, and forgets those that went without a word.
///
/// # Errors
/// Postgres is away.
pub async fn remove(pool: &Pool, id: Uuid, now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query("DELETE FROM nodes WHERE id = $1 OR seen_at < $2")
        .bind(id)
        .bind(now - KEPT_FOR)
        .execute(pool)
        .await?;
    Ok(())
}
