//! Answers to creations that carried an Idempotency-Key: reserved before the work, completed in the transaction that does it,
//! so that a crash in between leaves either nothing or both.

use chrono::{DateTime, Duration, Utc};
use devauth_aggregates::UserId;
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use crate::resealing::SealedRows;
use crate::sealing::{Keyring, Sealed, SealingError};
use crate::{Error, Pool, Tx};

/// How long an answer is kept.
pub const KEPT_FOR: Duration = Duration::hours(24);
/// How long a reservation holds if its request does not end: a node that died, or one that is very slow.
const RESERVED_FOR: Duration = Duration::seconds(60);

/// A key as one caller uses it for one route.
#[derive(Debug, Clone)]
pub struct Key {
    /// Who uses it, and for which route.
    pub scope: String,
    /// SHA-256 of the key.
    pub key_hash: [u8; 32],
    /// SHA-256 of the request's content.
    pub request_hash: [u8; 32],
}

/// A key that is kept for one request, until another may take it over.
#[derive(Debug, Clone)]
pub struct Reserved {
    key: Key,
    /// Names the reservation among those of its key: one that replaces it begins when it is over, so it ends later.
    until: DateTime<Utc>,
}

/// What to do with a request that carries a key.
pub enum Reservation {
    /// It is the first: do the work.
    New(Reserved),
    /// It was done: answer the same.
    Done {
        /// HTTP status of the answer.
        status: u16,
        /// Its body.
        body: Vec<u8>,
    },
    /// Another request with this key is being worked on.
    InProgress,
    /// The key was used for another content.
    Mismatch,
}

/// Reserves `key`, or says what became of it before.
///
/// # Errors
/// Postgres is away, or a stored answer can't be opened.
pub async fn reserve(
    pool: &Pool,
    keyring: &Keyring,
    key: &Key,
    now: DateTime<Utc>,
) -> Result<Reservation, Error> {
    let until = now + RESERVED_FOR;
    let reserved = sqlx::query(
        "INSERT INTO idempotency_keys AS k (scope, key_hash, request_hash, reserved_until, expires_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (scope, key_hash) DO UPDATE
             SET request_hash = excluded.request_hash, reserved_until = excluded.reserved_until, status = NULL, key_id = NULL,
                 answer = NULL, user_id = NULL, expires_at = excluded.expires_at
             WHERE k.expires_at <= $6
                OR (k.status IS NULL AND k.reserved_until <= $6 AND k.request_hash = excluded.request_hash)",
    )
    .bind(&key.scope)
    .bind(&key.key_hash[..])
    .bind(&key.request_hash[..])
    .bind(until)
    .bind(now + KEPT_FOR)
    .bind(now)
    .execute(pool)
    .await?;
    if reserved.rows_affected() == 1 {
        return Ok(Reservation::New(Reserved { key: key.clone(), until }));
    }
    let row = sqlx::query("SELECT request_hash, status, key_id, answer FROM idempotency_keys WHERE scope = $1 AND key_hash = $2")
        .bind(&key.scope)
        .bind(&key.key_hash[..])
        .fetch_optional(pool)
        .await?;
    // Gone between the two statements: the first request failed just now and gave it back.
    let Some(row) = row else { return Ok(Reservation::InProgress) };
    if row.try_get::<Vec<u8>, _>("request_hash")? != key.request_hash {
        return Ok(Reservation::Mismatch);
    }
    let Some(status) = row.try_get::<Option<i16>, _>("status")? else { return Ok(Reservation::InProgress) };
    let sealed = Sealed { key_id: row.try_get("key_id")?, content: row.try_get("answer")? };
    Ok(Reservation::Done {
        status: status.unsigned_abs(),
        body: keyring.open(&sealed, &bound_to(&key.scope))?,
    })
}

/// Stores the answer, in the transaction that does the work; `about` is whose data is in it.
///
/// Work can outlast its reservation: then the repeated request does it too, and the first to commit is the one that did it.
///
/// # Errors
/// [`Error::ReservationLost`] if another request has taken the key over: this one must leave nothing. Or Postgres is away.
pub async fn complete(
    tx: &mut Tx<'_>,
    keyring: &Keyring,
    Reserved { key, until }: &Reserved,
    status: u16,
    body: &[u8],
    about: Option<UserId>,
) -> Result<(), Error> {
    let sealed = keyring.seal(body, &bound_to(&key.scope));
    let completed = sqlx::query(
        "UPDATE idempotency_keys SET status = $4, key_id = $5, answer = $6, user_id = $7
         WHERE scope = $1 AND key_hash = $2 AND reserved_until = $3",
    )
    .bind(&key.scope)
    .bind(&key.key_hash[..])
    .bind(until)
    .bind(i16::try_from(status).unwrap_or(i16::MAX))
    .bind(sealed.key_id)
    .bind(sealed.content)
    .bind(about.map(|user| user.uuid()))
    .execute(&mut **tx)
    .await?;
    if completed.rows_affected() == 0 { Err(Error::ReservationLost) } else { Ok(()) }
}

/// Stores the answer to work that wrote nothing, or wrote it before.
///
/// # Errors
/// As [`complete`].
pub async fn complete_alone(
    pool: &Pool,
    keyring: &Keyring,
    reserved: &Reserved,
    status: u16,
    body: &[u8],
) -> Result<(), Error> {
    let mut tx = pool.begin().await?;
    complete(&mut tx, keyring, reserved, status, body, None).await?;
    Ok(tx.commit().await?)
}

/// Gives a reservation back: the request was refused and changed nothing. A stored answer stays, and so does the reservation of
/// whoever has taken the key over.
///
/// # Errors
/// Postgres is away.
pub async fn release(pool: &Pool, Reserved { key, until }: &Reserved) -> Result<(), Error> {
    sqlx::query(
        "DELETE FROM idempotency_keys WHERE scope = $1 AND key_hash = $2 AND reserved_until = $3 AND status IS NULL",
    )
    .bind(&key.scope)
    .bind(&key.key_hash[..])
    .bind(until)
    .execute(pool)
    .await?;
    Ok(())
}

/// Removes the answers that are about a person.
///
/// # Errors
/// Postgres is away.
pub(crate) async fn forget(tx: &mut Tx<'_>, user: UserId) -> Result<(), Error> {
    sqlx::query("DELETE FROM idempotency_keys WHERE user_id = $1")
        .bind(user.uuid())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

fn bound_to(scope: &str) -> [&str; 2] {
    ["devauth-idempotent-answer", scope]
}

/// All stored answers, for another encryption key.
pub(crate) struct AnswerRows;

impl SealedRows for AnswerRows {
    const TABLE: &'static str = "idempotency_keys";
    /// Scope and hash of the key.
    type Id = (String, Vec<u8>);

    async fn lock(
        tx: &mut Tx<'_>,
        newest: &str,
        after: Option<&Self::Id>,
        limit: i64,
    ) -> Result<Vec<(Self::Id, Sealed)>, Error> {
        let (scope, hash) = after.map(|(scope, hash)| (scope, hash)).unzip();
        let rows = sqlx::query(
            "SELECT scope, key_hash, key_id, answer FROM idempotency_keys
             WHERE key_id <> $1 AND ($2::text IS NULL OR (scope, key_hash) > ($2, $3))
             ORDER BY scope, key_hash LIMIT $4 FOR NO KEY UPDATE SKIP LOCKED",
        )
        .bind(newest)
        .bind(scope)
        .bind(hash)
        .bind(limit)
        .fetch_all(&mut **tx)
        .await?;
        let row = |row: &PgRow| {
            let sealed = Sealed { key_id: row.try_get("key_id")?, content: row.try_get("answer")? };
            Ok(((row.try_get("scope")?, row.try_get("key_hash")?), sealed))
        };
        rows.iter().map(row).collect()
    }

    fn reseal(keyring: &Keyring, (scope, _): &Self::Id, sealed: &Sealed) -> Result<Sealed, SealingError> {
        keyring.reseal(sealed, &bound_to(scope))
    }

    async fn put(tx: &mut Tx<'_>, newest: &str, rows: Vec<(Self::Id, Vec<u8>)>) -> Result<(), Error> {
        let (ids, answers): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
        let (scopes, hashes): (Vec<_>, Vec<_>) = ids.into_iter().unzip();
        sqlx::query(
            "UPDATE idempotency_keys k SET key_id = $1, answer = n.answer
             FROM unnest($2::text[], $3::bytea[], $4::bytea[]) AS n (scope, key_hash, answer)
             WHERE k.scope = n.scope AND k.key_hash = n.key_hash",
        )
        .bind(newest)
        .bind(scopes)
        .bind(hashes)
        .bind(answers)
        .execute(&mut **tx)
        .await?;
        Ok(())
    }
}
