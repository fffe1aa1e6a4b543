//! SHA-256 of each session's current refresh token.

use devauth_aggregates::SessionId;
use uuid::Uuid;

use crate::part::Part;
use crate::{Error, Pool, Tx};

/// Stores the hash of a session's refresh token in place of the one before.
///
/// # Errors
/// Postgres is away.
pub async fn put(tx: &mut Tx<'_>, session: SessionId, hash: &[u8]) -> Result<(), Error> {
    part(session, hash).execute(tx).await
}

/// [`put`] as a part of another statement.
pub(crate) fn part(session: SessionId, hash: &[u8]) -> Part {
    let hash = hash.to_vec();
    Part::new(
        "secrets.refresh_tokens (session_id, hash)",
        "ON CONFLICT (session_id) DO UPDATE SET hash = excluded.hash",
        move |values| {
            values.push_bind(session.uuid()).push_bind(hash);
        },
    )
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

/// Removes the tokens of these sessions.
///
/// # Errors
/// Postgres is away.
pub(crate) async fn forget(tx: &mut Tx<'_>, sessions: &[Uuid]) -> Result<(), Error> {
    sqlx::query("DELETE FROM secrets.refresh_tokens WHERE session_id = ANY($1)")
        .bind(sessions)
        .execute(&mut **tx)
        .await?;
    Ok(())
}
