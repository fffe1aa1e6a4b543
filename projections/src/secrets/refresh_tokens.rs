//! SHA-256 of each session's current refresh token.

use devauth_aggregates::{SessionId, UserId};

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
