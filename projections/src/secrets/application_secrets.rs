//! The secret of each application, sealed: it authenticates plain RFC 7662 introspection.

use devauth_aggregates::ApplicationId;
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use crate::resealing::SealedRows;
use crate::sealing::{Keyring, Sealed, SealingError};
use crate::{Error, Pool, Tx};

/// Stores the secret of an application in place of the one before.
///
/// # Errors
/// Postgres is away.
pub async fn put(
    tx: &mut Tx<'_>,
    keyring: &Keyring,
    application: ApplicationId,
    secret: &str,
) -> Result<(), Error> {
    let sealed = keyring.seal(secret.as_bytes(), &bound_to(&application.to_string()));
    sqlx::query(
        "INSERT INTO secrets.application_secrets (application_id, key_id, sealed) VALUES ($1, $2, $3)
         ON CONFLICT (application_id) DO UPDATE SET key_id = excluded.key_id, sealed = excluded.sealed",
    )
    .bind(application.uuid())
    .bind(sealed.key_id)
    .bind(sealed.content)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The secret of an application that was not deleted.
///
/// # Errors
/// Postgres is away, or the secret can't be opened.
pub async fn get(
    pool: &Pool,
    keyring: &Keyring,
    application: ApplicationId,
) -> Result<Option<Vec<u8>>, Error> {
    let row = sqlx::query(
        "SELECT s.key_id, s.sealed FROM secrets.application_secrets s JOIN applications a ON a.id = s.application_id
         WHERE s.application_id = $1 AND a.deleted_at IS NULL",
    )
    .bind(application.uuid())
    .fetch_optional(pool)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let sealed = Sealed { key_id: row.try_get("key_id")?, content: row.try_get("sealed")? };
    Ok(Some(keyring.open(&sealed, &bound_to(&application.to_string()))?))
}

fn bound_to(application: &str) -> [&str; 2] {
    ["devauth-application-secret", application]
}

/// All rows, for another encryption key.
pub(crate) struct ApplicationSecretRows;

impl SealedRows for ApplicationSecretRows {
    const TABLE: &'static str = "secrets.application_secrets";
    type Id = ApplicationId;

    async fn lock(
        tx: &mut Tx<'_>,
        newest: &str,
        after: Option<&ApplicationId>,
        limit: i64,
    ) -> Result<Vec<(ApplicationId, Sealed)>, Error> {
        let rows = sqlx::query(
            "SELECT application_id, key_id, sealed FROM secrets.application_secrets
             WHERE key_id <> $1 AND ($2::uuid IS NULL OR application_id > $2)
             ORDER BY application_id LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED",
        )
        .bind(newest)
        .bind(after.map(|application| application.uuid()))
        .bind(limit)
        .fetch_all(&mut **tx)
        .await?;
        let row = |row: &PgRow| {
            let sealed = Sealed { key_id: row.try_get("key_id")?, content: row.try_get("sealed")? };
            Ok((ApplicationId::from_uuid(row.try_get("application_id")?), sealed))
        };
        rows.iter().map(row).collect()
    }

    fn reseal(
        keyring: &Keyring,
        application: &ApplicationId,
        sealed: &Sealed,
    ) -> Result<Sealed, SealingError> {
        keyring.reseal(sealed, &bound_to(&application.to_string()))
    }

    async fn put(tx: &mut Tx<'_>, newest: &str, rows: Vec<(ApplicationId, Vec<u8>)>) -> Result<(), Error> {
        let (applications, sealed): (Vec<_>, Vec<_>) =
            rows.into_iter().map(|(application, sealed)| (application.uuid(), sealed)).unzip();
        sqlx::query(
            "UPDATE secrets.application_secrets s SET key_id = $1, sealed = n.sealed
             FROM unnest($2::uuid[], $3::bytea[]) AS n (application_id, sealed)
             WHERE s.application_id = n.application_id",
        )
        .bind(newest)
        .bind(applications)
        .bind(sealed)
        .execute(&mut **tx)
        .await?;
        Ok(())
    }
}
