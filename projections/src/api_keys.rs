//! API keys: the row, how it follows from the Application aggregate, and the lookup that starts every application's request.

use chrono::{DateTime, Utc};
use devauth_aggregates::{ApiKeyId, Application, ApplicationId, KeyType};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row as _};

use crate::applications::{self, ApplicationRow};
use crate::inline::Stream;
use crate::{Error, Pool};

/// What a key's row says.
#[derive(Debug, Clone)]
pub struct ApiKeyRow {
    /// The key.
    pub id: ApiKeyId,
    /// What its developer calls it.
    pub label: String,
    /// Where it may be used.
    pub key_type: KeyType,
    /// Its beginning, to tell keys apart.
    pub prefix: String,
    /// Its own limit, if it has one.
    pub rate_limit_per_minute: Option<u32>,
    /// When it was issued.
    pub created_at: DateTime<Utc>,
    /// When it was used last, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
}

const COLUMNS: &str =
    "k.id, k.label, k.type, k.prefix, k.rate_limit_per_minute, k.created_at, k.revoked_at, used.last_used_at";

impl ApiKeyRow {
    fn read(row: &PgRow) -> Result<Self, Error> {
        let key_type = match row.try_get("type")? {
            "secret" => KeyType::Secret,
            "publishable" => KeyType::Publishable,
            other => return Err(Error::Corrupt(format!("api_keys.type is {other}"))),
        };
        Ok(ApiKeyRow {
            id: ApiKeyId::from_uuid(row.try_get("id")?),
            label: row.try_get("label")?,
            key_type,
            prefix: row.try_get("prefix")?,
            rate_limit_per_minute: row
                .try_get::<Option<i32>, _>("rate_limit_per_minute")?
                .map(i32::unsigned_abs),
            created_at: row.try_get("created_at")?,
            last_used_at: row.try_get("last_used_at")?,
            revoked_at: row.try_get("revoked_at")?,
        })
    }
}

/// Writes the rows of all keys of these applications, in one statement. A row that says the same gets the new sequence too:
/// it has to be what a fresh write would make it.
pub(crate) async fn write_all(
    connection: &mut PgConnection,
    applications: &[Stream<'_, Application>],
) -> Result<(), Error> {
    let keys = applications.iter().flat_map(|application| {
        application.state.api_keys.iter().map(move |(id, key)| (application, id, key))
    });
    let keys: Vec<_> = keys.collect();
    if keys.is_empty() {
        return Ok(());
    }
    let types = keys.iter().map(|(_, _, key)| match key.key_type {
        KeyType::Secret => "secret",
        KeyType::Publishable => "publishable",
    });
    let limits = keys.iter().map(|(_, _, key)| key.rate_limit_per_minute);
    sqlx::query(
        "INSERT INTO api_keys (application_id, sequence, id, label, type, prefix, rate_limit_per_minute, created_at, revoked_at)
         SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::int[],
                              $8::timestamptz[], $9::timestamptz[])
         ON CONFLICT (id) DO UPDATE SET revoked_at = excluded.revoked_at, sequence = excluded.sequence
         WHERE excluded.sequence > api_keys.sequence",
    )
    .bind(keys.iter().map(|(application, _, _)| application.id.uuid()).collect::<Vec<_>>())
    .bind(keys.iter().map(|(application, _, _)| application.sequence).collect::<Vec<_>>())
    .bind(keys.iter().map(|(_, id, _)| id.uuid()).collect::<Vec<_>>())
    .bind(keys.iter().map(|(_, _, key)| &*key.label).collect::<Vec<_>>())
    .bind(types.collect::<Vec<_>>())
    .bind(keys.iter().map(|(_, _, key)| &*key.prefix).collect::<Vec<_>>())
    .bind(limits.map(|limit| limit.and_then(|limit| i32::try_from(limit).ok())).collect::<Vec<_>>())
    .bind(keys.iter().map(|(_, _, key)| key.created_at).collect::<Vec<_>>())
    .bind(keys.iter().map(|(_, _, key)| key.revoked_at).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

/// The living key with this hash, and its application.
///
/// # Errors
/// Postgres is away.
pub async fn authenticate(pool: &Pool, hash: &[u8]) -> Result<Option<(ApiKeyRow, ApplicationRow)>, Error> {
    let row = sqlx::query(&format!(
        "SELECT {COLUMNS}, {application} FROM secrets.api_key_hashes h
             JOIN api_keys k ON k.id = h.api_key_id JOIN applications a ON a.id = k.application_id
             LEFT JOIN api_key_uses used ON used.api_key_id = k.id
         WHERE h.hash = $1 AND k.revoked_at IS NULL AND a.deleted_at IS NULL",
        application = applications::COLUMNS,
    ))
    .bind(hash)
    .fetch_optional(pool)
    .await?;
    row.map(|row| Ok((ApiKeyRow::read(&row)?, ApplicationRow::read(&row)?))).transpose()
}

/// The keys of an application, oldest first, revoked ones included, beginning after `after`; at most `limit`.
///
/// # Errors
/// Postgres is away.
pub async fn list(
    pool: &Pool,
    application: ApplicationId,
    after: Option<ApiKeyId>,
    limit: i64,
) -> Result<Vec<ApiKeyRow>, Error> {
    let rows = sqlx::query(&format!(
        "SELECT {COLUMNS} FROM api_keys k LEFT JOIN api_key_uses used ON used.api_key_id = k.id
         WHERE k.application_id = $1 AND ($2::uuid IS NULL OR k.id > $2) ORDER BY k.id LIMIT $3"
    ))
    .bind(application.uuid())
    .bind(after.map(|key| key.uuid()))
    .bind(limit)
    .fetch_all(pool)
    .await?;
    rows.iter().map(ApiKeyRow::read).collect()
}

/// Notes that a key was used.
///
/// # Errors
/// Postgres is away.
pub async fn used(pool: &Pool, key: ApiKeyId, at: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO api_key_uses (api_key_id, last_used_at) VALUES ($1, $2)
         ON CONFLICT (api_key_id) DO UPDATE SET last_used_at = excluded.last_used_at
         WHERE excluded.last_used_at > api_key_uses.last_used_at",
    )
    .bind(key.uuid())
    .bind(at)
    .execute(pool)
    .await?;
    Ok(())
}
