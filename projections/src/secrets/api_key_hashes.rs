//! SHA-256 of each API key.

use devauth_aggregates::ApiKeyId;

use crate::{Error, Tx};

/// Stores the hash of a new key.
///
/// # Errors
/// Postgres is away.
pub async fn insert(tx: &mut Tx<'_>, key: ApiKeyId, hash: &[u8]) -> Result<(), Error> {
    sqlx::query("INSERT INTO secrets.api_key_hashes (hash, api_key_id) VALUES ($1, $2)")
        .bind(hash)
        .bind(key.uuid())
        .execute(&mut **tx)
        .await?;
    Ok(())
}
