//! Keys of the service itself, wrapped with the configured encryption key.

use sqlx::Row as _;
use sqlx::postgres::PgRow;

use crate::resealing::SealedRows;
use crate::sealing::{Key256, Keyring, Sealed, SealingError};
use crate::{Error, Pool, Tx};

/// The key called `name`; the first node that asks makes it.
///
/// # Errors
/// Postgres is away, or the key was wrapped with an encryption key that is not configured.
pub async fn get_or_create(pool: &Pool, keyring: &Keyring, name: &str) -> Result<Key256, Error> {
    let stored = match get(pool, name).await? {
        Some(stored) => stored,
        None => {
            create(pool, keyring, name).await?;
            get(pool, name).await?.ok_or(sqlx::Error::RowNotFound)?
        }
    };
    Ok(keyring.unwrap(&stored, &bound_to(name))?)
}

async fn get(pool: &Pool, name: &str) -> Result<Option<Sealed>, Error> {
    let row = sqlx::query("SELECT key_id, sealed FROM secrets.service_keys WHERE name = $1")
        .bind(name)
        .fetch_optional(pool)
        .await?;
    row.map(|row| Ok(Sealed { key_id: row.try_get("key_id")?, content: row.try_get("sealed")? })).transpose()
}

/// Makes the key, unless another node was first.
async fn create(pool: &Pool, keyring: &Keyring, name: &str) -> Result<(), Error> {
    let sealed = keyring.wrap(&Key256::generate(), &bound_to(name));
    sqlx::query(
        "INSERT INTO secrets.service_keys (name, key_id, sealed) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
    )
    .bind(name)
    .bind(sealed.key_id)
    .bind(sealed.content)
    .execute(pool)
    .await?;
    Ok(())
}

fn bound_to(name: &str) -> [&str; 2] {
    ["devauth-service-key", name]
}

/// All rows, for another encryption key.
pub(crate) struct ServiceKeyRows;

impl SealedRows for ServiceKeyRows {
    const TABLE: &'static str = "secrets.service_keys";
    type Id = String;

    async fn lock(
        tx: &mut Tx<'_>,
        newest: &str,
        after: Option<&String>,
        limit: i64,
    ) -> Result<Vec<(String, Sealed)>, Error> {
        let rows = sqlx::query(
            "SELECT name, key_id, sealed FROM secrets.service_keys
             WHERE key_id <> $1 AND ($2::text IS NULL OR name > $2)
             ORDER BY name LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED",
        )
        .bind(newest)
        .bind(after)
        .bind(limit)
        .fetch_all(&mut **tx)
        .await?;
        let row = |row: &PgRow| {
            let sealed = Sealed { key_id: row.try_get("key_id")?, content: row.try_get("sealed")? };
            Ok((row.try_get("name")?, sealed))
        };
        rows.iter().map(row).collect()
    }

    fn reseal(keyring: &Keyring, name: &String, sealed: &Sealed) -> Result<Sealed, SealingError> {
        keyring.reseal(sealed, &bound_to(name))
    }

    async fn put(tx: &mut Tx<'_>, newest: &str, rows: Vec<(String, Vec<u8>)>) -> Result<(), Error> {
        let (names, sealed): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
        sqlx::query(
            "UPDATE secrets.service_keys k SET key_id = $1, sealed = n.sealed
             FROM unnest($2::text[], $3::bytea[]) AS n (name, sealed) WHERE k.name = n.name",
        )
        .bind(newest)
        .bind(names)
        .bind(sealed)
        .execute(&mut **tx)
        .await?;
        Ok(())
    }
}
