//! SHA-256 of each session's current refresh token.

use devauth_aggregates::{SessionId, UserId};

use crate::{Error, Pool, Tx};

/// Stores the hash of a session's refresh token in place of the one before.
///
/// # Errors
/// Postgres is away.
pub async fn put(tx: &mut Tx<'_>, session: SessionId, hash: &[u8]) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO secrets.refresh_tokens (session_id, hash) VALUES ($1, $2)
         ON CONFLICT (session_id) DO UPDATE SET hash = excluded.hash",
    )
    .bind(session.uuid())
    .bind(hash)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The hash of a session's current refresh token.
///
/// # Errors
/// Postgres is away.
pub async fn get(pool: &Pool, session: SessionId) -> Result<Option<Vec<u8>>, Error> {
    Ok(sqlx::query_scalar("SELECT hash FROM secrets.refresh_tokens WHERE session_id = $1")
        .bind(session.uuid())
        .fetch_optional(pool)
        .await?)
}

/// Removes the tokens of all sessions of a person; to be called while the sessions are there.
///
/// # Errors
/// Postgres is away.
pub(crate) async fn forget(tx: &mut Tx<'_>, user: UserId) -> Result<(), Error> {
    sqlx::query(
        "DELETE FROM secrets.refresh_tokens WHERE session_id IN (SELECT id FROM sessions WHERE user_id = $1)",
    )
    .bind(user.uuid())
    .execute(&mut **tx)
    .await?;
    Ok(())
}
