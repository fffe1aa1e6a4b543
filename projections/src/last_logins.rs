//! When each user logged in last. It follows from Session streams; the latest wins.

use chrono::{DateTime, Utc};
use devauth_aggregates::UserId;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::Error;

/// Remembers logins of users, unless later ones are known.
///
/// # Errors
/// Postgres is away.
pub(crate) async fn write_all(
    connection: &mut PgConnection,
    logins: &[(Uuid, DateTime<Utc>)],
) -> Result<(), Error> {
    if logins.is_empty() {
        return Ok(());
    }
    let (users, moments): (Vec<_>, Vec<_>) = logins.iter().copied().unzip();
    sqlx::query(
        "INSERT INTO last_logins (user_id, last_login_at)
         SELECT user_id, max(at) FROM unnest($1::uuid[], $2::timestamptz[]) AS login (user_id, at) GROUP BY user_id
         ON CONFLICT (user_id) DO UPDATE SET last_login_at = excluded.last_login_at
         WHERE excluded.last_login_at > last_logins.last_login_at",
    )
    .bind(users)
    .bind(moments)
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets when a person logged in. Answers whether they ever did.
///
/// # Errors
/// Postgres is away.
pub(crate) async fn forget(connection: &mut PgConnection, user: UserId) -> Result<bool, Error> {
    let deleted = sqlx::query("DELETE FROM last_logins WHERE user_id = $1")
        .bind(user.uuid())
        .execute(connection)
        .await?;
    Ok(deleted.rows_affected() > 0)
}
