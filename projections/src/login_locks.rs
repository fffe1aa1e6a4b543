//! Locks against guessing, kept where a lost Redis can't lose them.

use chrono::{DateTime, Utc};
use devauth_aggregates::{ApplicationId, UserId};
use sqlx::PgExecutor;

use crate::{Error, Pool, Tx};

/// What is locked: a pair of an address (its keyed hash) and a network, or, with an empty network, the whole account.
#[derive(Debug, Clone)]
pub struct Lock<'a> {
    /// The application.
    pub application: ApplicationId,
    /// Keyed hash of the canonical address.
    pub address: &'a [u8],
    /// Where the tries came from.
    pub network: &'a str,
}

/// Writes a lock; of two the later end wins. Answers whether it was not there yet.
///
/// # Errors
/// Postgres is away.
pub async fn put(
    connection: impl PgExecutor<'_>,
    lock: &Lock<'_>,
    until: DateTime<Utc>,
) -> Result<bool, Error> {
    let written = sqlx::query(
        "INSERT INTO login_locks (application_id, address, network, locked_until) VALUES ($1, $2, $3, $4)
         ON CONFLICT (application_id, address, network) DO UPDATE SET locked_until = excluded.locked_until
         WHERE excluded.locked_until > login_locks.locked_until",
    )
    .bind(lock.application.uuid())
    .bind(lock.address)
    .bind(lock.network)
    .bind(until)
    .execute(connection)
    .await?;
    Ok(written.rows_affected() > 0)
}

/// Until when the pair, and until when the account, is locked.
///
/// # Errors
/// Postgres is away.
pub async fn get(
    pool: &Pool,
    lock: &Lock<'_>,
    now: DateTime<Utc>,
) -> Result<(Option<DateTime<Utc>>, Option<DateTime<Utc>>), Error> {
    Ok(sqlx::query_as(
        "SELECT max(locked_until) FILTER (WHERE network = $3), max(locked_until) FILTER (WHERE network = '')
         FROM login_locks
         WHERE application_id = $1 AND address = $2 AND network IN ($3, '') AND locked_until > $4",
    )
    .bind(lock.application.uuid())
    .bind(lock.address)
    .bind(lock.network)
    .bind(now)
    .fetch_one(pool)
    .await?)
}

/// Removes every lock of an address: a completed reset proved who it belongs to.
///
/// # Errors
/// Postgres is away.
pub async fn clear(tx: &mut Tx<'_>, application: ApplicationId, address: &[u8]) -> Result<(), Error> {
    sqlx::query("DELETE FROM login_locks WHERE application_id = $1 AND address = $2")
        .bind(application.uuid())
        .bind(address)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Removes every lock of a person's address; to be called while it is claimed.
///
/// # Errors
/// Postgres is away.
pub(crate) async fn forget(tx: &mut Tx<'_>, user: UserId) -> Result<(), Error> {
    sqlx::query(
        "DELETE FROM login_locks l USING claims c
         WHERE c.user_id = $1 AND l.application_id = c.application_id AND l.address = c.value",
    )
    .bind(user.uuid())
    .execute(&mut **tx)
    .await?;
    Ok(())
}
