//! SHA-256 of the mailed tokens, with what each is good for.

use chrono::{DateTime, Utc};
use devauth_aggregates::{ApplicationId, TokenId, UserId};
use sqlx::Row as _;

use crate::{Error, Pool, Tx};

/// A token that was found by its hash.
#[derive(Debug, Clone, Copy)]
pub struct OneTimeToken {
    /// The request that it answers.
    pub token_id: TokenId,
    /// Application it is good for.
    pub application_id: ApplicationId,
    /// Whose it is.
    pub user_id: UserId,
}

/// A token to be stored.
pub struct NewToken<'a> {
    /// SHA-256 of it.
    pub hash: &'a [u8],
    /// What it is good for: `verify_email` or `reset_password`.
    pub purpose: &'a str,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
}

/// Stores a token.
///
/// # Errors
/// Postgres is away.
pub async fn insert(tx: &mut Tx<'_>, token: &OneTimeToken, new: &NewToken<'_>) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO secrets.one_time_tokens (hash, token_id, application_id, user_id, purpose, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(new.hash)
    .bind(token.token_id.uuid())
    .bind(token.application_id.uuid())
    .bind(token.user_id.uuid())
    .bind(new.purpose)
    .bind(new.expires_at)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The token with this hash and purpose, in whatever application: for DevAuth's own pages behind a mailed link, where the
/// token is all there is. Whether it is still good, the User aggregate says.
///
/// # Errors
/// Postgres is away.
pub async fn find(pool: &Pool, hash: &[u8], purpose: &str) -> Result<Option<OneTimeToken>, Error> {
    let row = sqlx::query(
        "SELECT token_id, application_id, user_id FROM secrets.one_time_tokens WHERE hash = $1 AND purpose = $2",
    )
    .bind(hash)
    .bind(purpose)
    .fetch_optional(pool)
    .await?;
    row.map(|row| {
        Ok(OneTimeToken {
            token_id: TokenId::from_uuid(row.try_get("token_id")?),
            application_id: ApplicationId::from_uuid(row.try_get("application_id")?),
            user_id: UserId::from_uuid(row.try_get("user_id")?),
        })
    })
    .transpose()
}

/// Removes everything that was mailed to a person.
///
/// # Errors
/// Postgres is away.
pub(crate) async fn forget(tx: &mut Tx<'_>, user: UserId) -> Result<(), Error> {
    sqlx::query("DELETE FROM secrets.one_time_tokens WHERE user_id = $1")
        .bind(user.uuid())
        .execute(&mut **tx)
        .await?;
    Ok(())
}
