//! Hashes of passwords.

use devauth_aggregates::UserId;

use crate::{Error, Pool, Tx};

/// Stores the hash of a user's password in place of the one before.
///
/// # Errors
/// Postgres is away.
pub async fn put(tx: &mut Tx<'_>, user: UserId, hash: &str) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO secrets.password_hashes (user_id, hash) VALUES ($1, $2)
         ON CONFLICT (user_id) DO UPDATE SET hash = excluded.hash",
    )
    .bind(user.uuid())
    .bind(hash)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The hash of a user's password.
///
/// # Errors
/// Postgres is away.
pub async fn get(pool: &Pool, user: UserId) -> Result<Option<String>, Error> {
    Ok(sqlx::query_scalar("SELECT hash FROM secrets.password_hashes WHERE user_id = $1")
        .bind(user.uuid())
        .fetch_optional(pool)
        .await?)
}

/// Replaces a hash made by an older scheme, unless the password was changed meanwhile.
///
/// # Errors
/// Postgres is away.
pub async fn upgrade(pool: &Pool, user: UserId, old: &str, new: &str) -> Result<(), Error> {
    sqlx::query("UPDATE secrets.password_hashes SET hash = $3 WHERE user_id = $1 AND hash = $2")
        .bind(user.uuid())
        .bind(old)
        .bind(new)
        .execute(pool)
        .await?;
    Ok(())
}

/// Removes a person's hash.
///
/// # Errors
/// Postgres is away.
pub(crate) async fn forget(tx: &mut Tx<'_>, user: UserId) -> Result<(), Error> {
    sqlx::query("DELETE FROM secrets.password_hashes WHERE user_id = $1")
        .bind(user.uuid())
        .execute(&mut **tx)
        .await?;
    Ok(())
}
