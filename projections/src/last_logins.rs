//! When each user logged in last. It follows from Session streams; the latest wins.

use chrono::{DateTime, Utc};
use devauth_aggregates::UserId;

use crate::{Error, Tx};

/// Remembers a login, unless a later one is known.
///
/// # Errors
/// Postgres is away.
pub async fn write(tx: &mut Tx<'_>, user: UserId, at: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO last_logins (user_id, last_login_at) VALUES ($1, $2)
         ON CONFLICT (user_id) DO UPDATE SET last_login_at = excluded.last_login_at
         WHERE excluded.last_login_at > last_logins.last_login_at",
    )
    .bind(user.uuid())
    .bind(at)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Forgets when a person logged in.
///
/// # Errors
/// Postgres is away.
pub(crate) async fn forget(tx: &mut Tx<'_>, user: UserId) -> Result<(), Error> {
    sqlx::query("DELETE FROM last_logins WHERE user_id = $1").bind(user.uuid()).execute(&mut **tx).await?;
    Ok(())
}
