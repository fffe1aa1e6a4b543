//! Who owns which address in an application. The primary key is the check for duplicates; two signups at once can't pass it.

use devauth_aggregates::{ApplicationId, UserId};

use crate::{Error, Tx};

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
