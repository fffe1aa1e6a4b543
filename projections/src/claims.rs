//! Who owns which address in an application. The primary key is the check for duplicates; two signups at once can't pass it.

use devauth_aggregates::{ApplicationId, UserId};

use crate::{Error, Pool, Tx};

/// Claims an address (its keyed hash) for `user`.
///
/// # Errors
/// [`Error::AddressTaken`] if somebody owns it, or Postgres is away.
pub async fn insert(
    tx: &mut Tx<'_>,
    application: ApplicationId,
    address: &[u8],
    user: UserId,
) -> Result<(), Error> {
    sqlx::query("INSERT INTO claims (application_id, value, user_id) VALUES ($1, $2, $3)")
        .bind(application.uuid())
        .bind(address)
        .bind(user.uuid())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// The address (its keyed hash) that `user` owns.
///
/// # Errors
/// Postgres is away.
pub async fn address_of(
    pool: &Pool,
    application: ApplicationId,
    user: UserId,
) -> Result<Option<[u8; 32]>, Error> {
    let value: Option<Vec<u8>> =
        sqlx::query_scalar("SELECT value FROM claims WHERE application_id = $1 AND user_id = $2")
            .bind(application.uuid())
            .bind(user.uuid())
            .fetch_optional(pool)
            .await?;
    let hash = value.map(<[u8; 32]>::try_from).transpose();
    hash.map_err(|_other_length| Error::Corrupt("claims.value".to_owned()))
}

/// Sets a person's address free.
///
/// # Errors
/// Postgres is away.
pub(crate) async fn forget(tx: &mut Tx<'_>, user: UserId) -> Result<(), Error> {
    sqlx::query("DELETE FROM claims WHERE user_id = $1").bind(user.uuid()).execute(&mut **tx).await?;
    Ok(())
}
