//! One key a person, wrapped. Whoever deletes the row forgets the person.

use devauth_aggregates::UserId;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, PgExecutor, Row as _};

use crate::event_log::DataKeys;
use crate::resealing::SealedRows;
use crate::sealing::{Key256, Keyring, Sealed, SealingError};
use crate::{Error, Tx};

/// The keys of `people`, as far as they exist.
///
/// # Errors
/// Postgres is away, or a key can't be unwrapped.
pub async fn get(
    connection: impl PgExecutor<'_>,
    keyring: &Keyring,
    people: &[UserId],
) -> Result<DataKeys, Error> {
    if people.is_empty() {
        return Ok(DataKeys::new());
    }
    let ids: Vec<_> = people.iter().map(|person| person.uuid()).collect();
    let rows = sqlx::query("SELECT user_id, key_id, wrapped FROM secrets.data_keys WHERE user_id = ANY($1)")
        .bind(ids)
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| {
            let person = UserId::from_uuid(row.try_get("user_id")?);
            let sealed = Sealed { key_id: row.try_get("key_id")?, content: row.try_get("wrapped")? };
            unwrap(keyring, person, &sealed)
        })
        .collect()
}

/// A person with their key, as it was stored.
///
/// # Errors
/// It can't be unwrapped.
pub(crate) fn unwrap(keyring: &Keyring, person: UserId, stored: &Sealed) -> Result<(UserId, Key256), Error> {
    Ok((person, keyring.unwrap(stored, &bound_to(&person.to_string()))?))
}

/// Those of `people` who have no key.
///
/// # Errors
/// Postgres is away.
pub(crate) async fn missing(
    connection: impl PgExecutor<'_>,
    people: &[UserId],
) -> Result<Vec<UserId>, Error> {
    let ids: Vec<_> = people.iter().map(|person| person.uuid()).collect();
    let missing: Vec<uuid::Uuid> = sqlx::query_scalar(
        "SELECT person FROM unnest($1::uuid[]) AS person
         WHERE NOT EXISTS (SELECT FROM secrets.data_keys WHERE user_id = person)",
    )
    .bind(ids)
    .fetch_all(connection)
    .await?;
    Ok(missing.into_iter().map(UserId::from_uuid).collect())
}

/// Stores the key of a new person.
///
/// # Errors
/// Postgres is away.
pub async fn insert(tx: &mut Tx<'_>, keyring: &Keyring, person: UserId, key: &Key256) -> Result<(), Error> {
    let sealed = keyring.wrap(key, &bound_to(&person.to_string()));
    sqlx::query("INSERT INTO secrets.data_keys (user_id, key_id, wrapped) VALUES ($1, $2, $3)")
        .bind(person.uuid())
        .bind(sealed.key_id)
        .bind(sealed.content)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Waits for everybody who appends something about `person`; whoever comes later waits for this transaction.
///
/// # Errors
/// Postgres is away.
pub(crate) async fn lock(tx: &mut Tx<'_>, person: UserId) -> Result<(), Error> {
    sqlx::query("SELECT FROM secrets.data_keys WHERE user_id = $1 FOR UPDATE")
        .bind(person.uuid())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Whether all these people still have their keys.
///
/// # Errors
/// Postgres is away.
pub(crate) async fn all_there(connection: &mut PgConnection, people: &DataKeys) -> Result<bool, Error> {
    if people.is_empty() {
        return Ok(true);
    }
    let ids: Vec<_> = people.keys().map(|person| person.uuid()).collect();
    let there: i64 = sqlx::query_scalar("SELECT count(*) FROM secrets.data_keys WHERE user_id = ANY($1)")
        .bind(ids)
        .fetch_one(connection)
        .await?;
    Ok(usize::try_from(there) == Ok(people.len()))
}

/// Destroys a person's key.
///
/// # Errors
/// Postgres is away.
pub(crate) async fn delete(tx: &mut Tx<'_>, person: UserId) -> Result<(), Error> {
    sqlx::query("DELETE FROM secrets.data_keys WHERE user_id = $1")
        .bind(person.uuid())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

fn bound_to(person: &str) -> [&str; 2] {
    ["devauth-data-key", person]
}

/// All rows, for another encryption key.
pub(crate) struct DataKeyRows;

impl SealedRows for DataKeyRows {
    const TABLE: &'static str = "secrets.data_keys";
    type Id = UserId;

    async fn lock(
        tx: &mut Tx<'_>,
        newest: &str,
        after: Option<&UserId>,
        limit: i64,
    ) -> Result<Vec<(UserId, Sealed)>, Error> {
        // Not FOR UPDATE, which would stop everybody who appends for one of these people.
        let rows = sqlx::query(
            "SELECT user_id, key_id, wrapped FROM secrets.data_keys
             WHERE key_id <> $1 AND ($2::uuid IS NULL OR user_id > $2)
             ORDER BY user_id LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED",
        )
        .bind(newest)
        .bind(after.map(|person| person.uuid()))
        .bind(limit)
        .fetch_all(&mut **tx)
        .await?;
        let row = |row: &PgRow| {
            let sealed = Sealed { key_id: row.try_get("key_id")?, content: row.try_get("wrapped")? };
            Ok((UserId::from_uuid(row.try_get("user_id")?), sealed))
        };
        rows.iter().map(row).collect()
    }

    fn reseal(keyring: &Keyring, person: &UserId, sealed: &Sealed) -> Result<Sealed, SealingError> {
        keyring.reseal(sealed, &bound_to(&person.to_string()))
    }

    async fn put(tx: &mut Tx<'_>, newest: &str, rows: Vec<(UserId, Vec<u8>)>) -> Result<(), Error> {
        let (people, wrapped): (Vec<_>, Vec<_>) =
            rows.into_iter().map(|(person, wrapped)| (person.uuid(), wrapped)).unzip();
        sqlx::query(
            "UPDATE secrets.data_keys k SET key_id = $1, wrapped = n.wrapped
             FROM unnest($2::uuid[], $3::bytea[]) AS n (user_id, wrapped) WHERE k.user_id = n.user_id",
        )
        .bind(newest)
        .bind(people)
        .bind(wrapped)
        .execute(&mut **tx)
        .await?;
        Ok(())
    }
}
