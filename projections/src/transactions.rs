//! Waiting for transactions that began before something changed: what was sealed with the keys of that time is committed by
//! then, or never.

use crate::{Error, Pool};

/// Transactions that were running at one moment.
#[derive(Debug, Clone)]
pub struct Running(Vec<String>);

/// The transactions that others run in this database now.
///
/// From the locks that every transaction has on its own number, since those are shown to every role, unlike when it began.
///
/// # Errors
/// Postgres is away.
pub async fn running(pool: &Pool) -> Result<Running, Error> {
    // Autovacuum has no user, and seals nothing.
    let numbers = sqlx::query_scalar(
        "SELECT l.virtualxid FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
         WHERE l.locktype = 'virtualxid' AND l.mode = 'ExclusiveLock' AND l.granted
           AND a.datname = current_database() AND a.usesysid IS NOT NULL AND l.pid <> pg_backend_pid()",
    )
    .fetch_all(pool)
    .await?;
    Ok(Running(numbers))
}

impl Running {
    /// How many of them still run.
    ///
    /// # Errors
    /// Postgres is away.
    pub async fn left(&self, pool: &Pool) -> Result<usize, Error> {
        let now = running(pool).await?;
        Ok(self.0.iter().filter(|number| now.0.contains(number)).count())
    }
}
