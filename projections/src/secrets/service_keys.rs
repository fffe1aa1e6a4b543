//! Keys of the service itself, wrapped with the configured encryption key.

use sqlx::Row as _;

use crate::sealing::{Key256, Keyring, Sealed};
use crate::{Error, Pool};

/// The key called `name`; the first node that asks makes it.
///
/// # Errors
/// Postgres is away, or the key was wrapped with an encryption key that is not configured.
pub async fn get_or_create(pool: &Pool, keyring: &Keyring, name: &str) -> Result<Key256, Error> {
    let bound_to = ["devauth-service-key", name];
    let sealed = keyring.wrap(&Key256::generate(), &bound_to);
    sqlx::query(
        "INSERT INTO secrets.service_keys (name, key_id, sealed) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
    )
    .bind(name)
    .bind(sealed.key_id)
    .bind(sealed.content)
    .execute(pool)
    .await?;
    let row = sqlx::query("SELECT key_id, sealed FROM secrets.service_keys WHERE name = $1")
        .bind(name)
        .fetch_one(pool)
        .await?;
    let stored = Sealed { key_id: row.try_get("key_id")?, content: row.try_get("sealed")? };
    Ok(keyring.unwrap(&stored, &bound_to)?)
}
