//! Resealing: everything sealed with an older encryption key is sealed with the newest, in small transactions, while the
//! service goes on. It may end at any moment and begin anew: what was done is done, and each pass looks at what is there.
//!
//! Rows are updated and never inserted, so what was deleted meanwhile stays deleted. What somebody else holds just now is passed
//! over and met again in the next pass.

use std::collections::BTreeMap;

use crate::idempotency::AnswerRows;
use crate::sealing::{Keyring, Sealed, SealingError};
use crate::secrets::application_secrets::ApplicationSecretRows;
use crate::secrets::data_keys::DataKeyRows;
use crate::secrets::service_keys::ServiceKeyRows;
use crate::{Error, Pool, Tx, crash_point};

/// The rows of one table that the configured keys sealed; each has its key's id in `key_id`.
pub(crate) trait SealedRows {
    /// The table.
    const TABLE: &'static str;
    /// The primary key, in whose order the table is walked.
    type Id: Clone + Send;

    /// Locks the next rows that another key than `newest` sealed, passing over those that others hold.
    async fn lock(
        tx: &mut Tx<'_>,
        newest: &str,
        after: Option<&Self::Id>,
        limit: i64,
    ) -> Result<Vec<(Self::Id, Sealed)>, Error>;

    /// Seals the content of a row with the newest key.
    fn reseal(keyring: &Keyring, id: &Self::Id, sealed: &Sealed) -> Result<Sealed, SealingError>;

    /// Writes what [`SealedRows::lock`] read, sealed with `newest`.
    async fn put(tx: &mut Tx<'_>, newest: &str, rows: Vec<(Self::Id, Vec<u8>)>) -> Result<(), Error>;
}

/// Every table that holds something sealed with the configured keys; a test compares the list with the schema.
pub const TABLES: [&str; 4] =
    [ServiceKeyRows::TABLE, ApplicationSecretRows::TABLE, DataKeyRows::TABLE, AnswerRows::TABLE];

/// What one pass did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pass {
    /// Rows that are sealed with the newest key now.
    pub resealed: u64,
    /// Rows that can't be opened: somebody changed or moved them.
    pub damaged: u64,
}

/// How many rows of each table each key seals.
pub type Uses = BTreeMap<(&'static str, String), u64>;

/// Goes once through all tables. `committed` is told of each batch after its commit: how many rows were resealed in this pass
/// so far.
///
/// # Errors
/// Postgres is away, or a row was sealed with a key that is not in the ring. What was committed stays.
pub async fn pass(
    pool: &Pool,
    keyring: &Keyring,
    batch: i64,
    mut committed: impl FnMut(u64),
) -> Result<Pass, Error> {
    let keyring = &keyring.detached();
    let mut pass = Pass::default();
    // The root key first: without it no node starts.
    table::<ServiceKeyRows>(pool, keyring, batch, &mut pass, &mut committed).await?;
    table::<ApplicationSecretRows>(pool, keyring, batch, &mut pass, &mut committed).await?;
    table::<DataKeyRows>(pool, keyring, batch, &mut pass, &mut committed).await?;
    table::<AnswerRows>(pool, keyring, batch, &mut pass, &mut committed).await?;
    Ok(pass)
}

async fn table<T: SealedRows>(
    pool: &Pool,
    keyring: &Keyring,
    batch: i64,
    pass: &mut Pass,
    committed: &mut impl FnMut(u64),
) -> Result<(), Error> {
    let newest = keyring.key_ids().swap_remove(0);
    let mut after = None;
    loop {
        // Short: nothing gets a position in the log while an older transaction writes.
        let mut tx = pool.begin().await?;
        let rows = T::lock(&mut tx, &newest, after.as_ref(), batch).await?;
        let Some((last, _)) = rows.last() else { return Ok(()) };
        after = Some(last.clone());
        let mut resealed = Vec::with_capacity(rows.len());
        for (id, sealed) in rows {
            match T::reseal(keyring, &id, &sealed) {
                Ok(sealed) => resealed.push((id, sealed.content)),
                // One damaged row must not keep all others under the old key.
                Err(SealingError::Tampered) => pass.damaged += 1,
                Err(unknown @ SealingError::UnknownKey(_)) => return Err(unknown.into()),
            }
        }
        let count = resealed.len() as u64;
        T::put(&mut tx, &newest, resealed).await?;
        crash_point::reached("resealing_before_commit");
        tx.commit().await?;
        crash_point::reached("resealing_after_commit");
        pass.resealed += count;
        committed(pass.resealed);
    }
}

/// Counts what each key seals. Reads all tables once.
///
/// # Errors
/// Postgres is away.
pub async fn uses(pool: &Pool) -> Result<Uses, Error> {
    let mut uses = Uses::new();
    for table in TABLES {
        let mut tx = pool.begin().await?;
        // A table of millions takes longer than a request may.
        sqlx::query("SET LOCAL statement_timeout = 0").execute(&mut *tx).await?;
        let counted: Vec<(String, i64)> = sqlx::query_as(&format!(
            "SELECT key_id, count(*) FROM {table} WHERE key_id IS NOT NULL GROUP BY key_id"
        ))
        .fetch_all(&mut *tx)
        .await?;
        uses.extend(counted.into_iter().map(|(key, count)| ((table, key), count.unsigned_abs())));
    }
    Ok(uses)
}

/// Whether one of these keys still seals something.
///
/// # Errors
/// Postgres is away.
pub async fn any_use(pool: &Pool, keys: &[String]) -> Result<bool, Error> {
    for table in TABLES {
        let found: bool =
            sqlx::query_scalar(&format!("SELECT EXISTS (SELECT FROM {table} WHERE key_id = ANY($1))"))
                .bind(keys)
                .fetch_one(pool)
                .await?;
        if found {
            return Ok(true);
        }
    }
    Ok(false)
}
