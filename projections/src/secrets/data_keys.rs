//! One key a person, wrapped. Whoever deletes the row forgets the person.

use devauth_aggregates::UserId;
use sqlx::{PgConnection, PgExecutor, Row as _};

use crate::event_log::DataKeys;
use crate::sealing::{Key256, Keyring, Sealed};
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
    let ids: Vec<_> = people.iter().map(|person| person.uuid()).collect();
    let rows = sqlx::query("SELECT user_id, key_id, wrapped FROM secrets.data_keys WHERE user_id = ANY($1)")
        .bind(ids)
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| {
            let person = UserId::from_uuid(row.try_get("user_id")?);
            let sealed = Sealed { key_id: row.try_get("key_id")?, content: row.try_get("wrapped")? };
            Ok((person, keyring.unwrap(&sealed, &bound_to(&person.to_string()))?))
        })
        .collect()
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
