//! What became of each key: since when it is known, when it last sealed or signed, until when it is needed. It tells a key that
//! was added to come into service from one that is on its way out, which the order in a file can't.

use std::fmt;

use chrono::{DateTime, Utc};
use sqlx::pool::PoolConnection;
use sqlx::{PgExecutor, Postgres, Row as _};

use crate::{Error, Pool};

/// What keys are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Sealing what the database holds.
    Encryption,
    /// Signing access tokens.
    Signing,
}

impl Purpose {
    fn name(self) -> &'static str {
        match self {
            Purpose::Encryption => "encryption",
            Purpose::Signing => "signing",
        }
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// What became of one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyUse {
    /// Its id.
    pub key_id: String,
    /// When somebody had it first.
    pub first_seen_at: DateTime<Utc>,
    /// Signing: since when every node publishes it.
    pub published_at: Option<DateTime<Utc>>,
    /// When it was last the one that seals or signs.
    pub last_active_at: Option<DateTime<Utc>>,
    /// Signing: when the last token that it may have signed has expired.
    pub needed_until: Option<DateTime<Utc>>,
}

/// Notes the keys that somebody has at `now`; the first is active. `needed_until` is for signing keys. It is noted for the
/// active one, and for others only when they are met for the first time: they may have signed before anybody took notes.
///
/// # Errors
/// Postgres is away.
pub async fn observe(
    executor: impl PgExecutor<'_>,
    purpose: Purpose,
    keys: &[String],
    needed_until: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO key_uses AS k (purpose, key_id, first_seen_at, last_active_at, needed_until)
         SELECT $1, key.id, $3, CASE WHEN key.place = 1 THEN $3 END, $4
         FROM unnest($2::text[]) WITH ORDINALITY AS key (id, place)
         ORDER BY key.id
         ON CONFLICT (purpose, key_id) DO UPDATE
             SET last_active_at = greatest(k.last_active_at, excluded.last_active_at),
                 needed_until = greatest(k.needed_until, excluded.needed_until)
             WHERE excluded.last_active_at IS NOT NULL",
    )
    .bind(purpose.name())
    .bind(keys)
    .bind(now)
    .bind(needed_until)
    .execute(executor)
    .await?;
    Ok(())
}

/// Notes that every node publishes a signing key, unless that is known.
///
/// # Errors
/// Postgres is away.
pub async fn published(pool: &Pool, key_id: &str, now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query(
        "UPDATE key_uses SET published_at = $2 WHERE purpose = 'signing' AND key_id = $1 AND published_at IS NULL",
    )
    .bind(key_id)
    .bind(now)
    .execute(pool)
    .await?;
    Ok(())
}

/// What became of every key for a purpose.
///
/// # Errors
/// Postgres is away.
pub async fn list(pool: &Pool, purpose: Purpose) -> Result<Vec<KeyUse>, Error> {
    let rows = sqlx::query(
        "SELECT key_id, first_seen_at, published_at, last_active_at, needed_until FROM key_uses WHERE purpose = $1
         ORDER BY first_seen_at, key_id",
    )
    .bind(purpose.name())
    .fetch_all(pool)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(KeyUse {
                key_id: row.try_get("key_id")?,
                first_seen_at: row.try_get("first_seen_at")?,
                published_at: row.try_get("published_at")?,
                last_active_at: row.try_get("last_active_at")?,
                needed_until: row.try_get("needed_until")?,
            })
        })
        .collect()
}

/// Forgets keys that nobody has any more.
///
/// # Errors
/// Postgres is away.
pub async fn forget(pool: &Pool, purpose: Purpose, keys: &[String]) -> Result<(), Error> {
    sqlx::query("DELETE FROM key_uses WHERE purpose = $1 AND key_id = ANY($2)")
        .bind(purpose.name())
        .bind(keys)
        .execute(pool)
        .await?;
    Ok(())
}

/// Keeps other rotations away. Postgres lets it go when the connection ends, however it ends.
pub struct OneRotation(
    #[expect(dead_code, reason = "the connection holds the lock")] PoolConnection<Postgres>,
);

/// Takes the lock that lets one rotation work at a time; nothing if another has it.
///
/// # Errors
/// Postgres is away.
pub async fn one_rotation(pool: &Pool) -> Result<Option<OneRotation>, Error> {
    let mut connection = pool.acquire().await?;
    connection.close_on_drop();
    let taken: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock(hashtext('devauth keys rotate'))")
        .fetch_one(&mut *connection)
        .await?;
    Ok(taken.then_some(OneRotation(connection)))
}
