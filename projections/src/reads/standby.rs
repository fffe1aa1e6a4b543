//! Whether the standby has replayed what the primary has committed. Asked on the very connection that will read: behind one
//! address there may be several standbys.

use std::fmt::Display;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sqlx::Postgres;
use sqlx::pool::PoolConnection;
use tokio::time::{Instant, sleep};

use crate::{Error, Pool};

/// How long a reader waits for the standby to come to where the primary is: a healthy one is there in a few milliseconds.
const PATIENCE: Duration = Duration::from_millis(100);
const LOOK_AGAIN: Duration = Duration::from_millis(5);
/// How long a standby is left alone that was behind, and one that was away. Meanwhile no reader waits for it.
const BEHIND: Duration = Duration::from_secs(1);
const AWAY: Duration = Duration::from_secs(5);

pub(super) struct Standby {
    pool: Pool,
    /// When it may be asked again; none while all is well.
    alone_until: Mutex<Option<Instant>>,
}

/// Where the primary is.
struct Mark {
    /// The end of what is committed. A transaction becomes visible only when it is flushed.
    lsn: String,
    cluster: i64,
    database: String,
}

impl Standby {
    pub(super) fn new(pool: Pool) -> Self {
        Standby { pool, alone_until: Mutex::default() }
    }

    pub(super) fn may_be_asked(&self) -> bool {
        let until = *self.alone_until.lock().unwrap_or_else(PoisonError::into_inner);
        until.is_none_or(|until| Instant::now() >= until)
    }

    /// A connection whose next snapshot has everything that is committed on `primary` now, if there is one.
    ///
    /// # Errors
    /// The primary is away.
    pub(super) async fn up_to_date_with(
        &self,
        primary: &Pool,
    ) -> Result<Option<PoolConnection<Postgres>>, Error> {
        let (lsn, cluster, database) = sqlx::query_as(
            "SELECT pg_current_wal_flush_lsn()::text, system_identifier, current_database()::text FROM pg_control_system()",
        )
        .fetch_one(primary)
        .await?;
        Ok(match self.reach(&Mark { lsn, cluster, database }).await {
            Ok(Some(connection)) => {
                self.is_well();
                Some(connection)
            }
            Ok(None) => {
                self.leave_alone(BEHIND, &"it is behind");
                None
            }
            Err(error) => {
                self.failed(&error);
                None
            }
        })
    }

    async fn reach(&self, mark: &Mark) -> Result<Option<PoolConnection<Postgres>>, Error> {
        let deadline = Instant::now() + PATIENCE;
        let mut connection = self.pool.acquire().await?;
        loop {
            // One that was promoted goes its own way; what it replayed before says nothing any more.
            let reached: bool = sqlx::query_scalar(
                "SELECT pg_is_in_recovery() AND pg_last_wal_replay_lsn() >= $1::text::pg_lsn
                        AND system_identifier = $2 AND current_database() = $3 FROM pg_control_system()",
            )
            .bind(&mark.lsn)
            .bind(mark.cluster)
            .bind(&mark.database)
            .fetch_one(&mut *connection)
            .await?;
            if reached {
                return Ok(Some(connection));
            }
            if Instant::now() >= deadline {
                return Ok(None);
            }
            sleep(LOOK_AGAIN).await;
        }
    }

    pub(super) fn failed(&self, reason: &impl Display) {
        self.leave_alone(AWAY, reason);
    }

    fn leave_alone(&self, time: Duration, reason: &impl Display) {
        let mut until = self.alone_until.lock().unwrap_or_else(PoisonError::into_inner);
        if until.replace(Instant::now() + time).is_none() {
            tracing::warn!(%reason, "the standby is not asked: the primary answers the portal's reads");
        }
    }

    fn is_well(&self) {
        let mut until = self.alone_until.lock().unwrap_or_else(PoisonError::into_inner);
        if until.take().is_some() {
            tracing::info!("the standby answers the portal's reads again");
        }
    }
}
