//! Work to do, written beside the events that want it done and taken by any node with SKIP LOCKED under a lease. Replay and
//! rebuild never write jobs, so they never mail.

use chrono::{DateTime, Duration, Utc};
use devauth_aggregates::{ApplicationId, TokenId, UserId};
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use crate::{Error, Pool, Tx};

/// A job to be written.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// Its id, which names the mail too (`Message-ID`), so that a second copy can be recognised.
    pub id: Uuid,
    /// What is to be done, a stable name.
    pub kind: &'static str,
    /// For which application.
    pub application_id: ApplicationId,
    /// For which user.
    pub user_id: UserId,
    /// The one-time token that the mail carries a link for.
    pub token_id: Option<TokenId>,
    /// When trying ends.
    pub give_up_at: DateTime<Utc>,
    /// Now.
    pub now: DateTime<Utc>,
    /// The trace that the work goes on with, as a `traceparent` (W3C Trace Context).
    pub traceparent: Option<String>,
}

/// A job that was taken and is ours until its lease ends.
#[derive(Debug, Clone)]
pub struct Job {
    /// Its id.
    pub id: Uuid,
    /// What is to be done.
    pub kind: String,
    /// For which application.
    pub application_id: ApplicationId,
    /// For which user.
    pub user_id: UserId,
    /// The one-time token that the mail carries a link for.
    pub token_id: Option<TokenId>,
    /// Tries, this one included.
    pub attempts: u32,
    /// When trying ends.
    pub give_up_at: DateTime<Utc>,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// The trace that the work goes on with.
    pub traceparent: Option<String>,
}

impl Job {
    fn read(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Job {
            id: row.try_get("id")?,
            kind: row.try_get("kind")?,
            application_id: ApplicationId::from_uuid(row.try_get("application_id")?),
            user_id: UserId::from_uuid(row.try_get("user_id")?),
            token_id: row.try_get::<Option<Uuid>, _>("token_id")?.map(TokenId::from_uuid),
            attempts: row.try_get::<i32, _>("attempts")?.unsigned_abs(),
            give_up_at: row.try_get("give_up_at")?,
            created_at: row.try_get("created_at")?,
            traceparent: row.try_get("traceparent")?,
        })
    }
}

/// Writes a job.
///
/// # Errors
/// Postgres is away.
pub async fn insert(tx: &mut Tx<'_>, job: &NewJob) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO jobs (id, kind, application_id, user_id, token_id, run_at, give_up_at, created_at, traceparent)
         VALUES ($1, $2, $3, $4, $5, $7, $6, $7, $8) ON CONFLICT (id) DO NOTHING",
    )
    .bind(job.id)
    .bind(job.kind)
    .bind(job.application_id.uuid())
    .bind(job.user_id.uuid())
    .bind(job.token_id.map(|token| token.uuid()))
    .bind(job.give_up_at)
    .bind(job.now)
    .bind(&job.traceparent)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Writes a job that follows from no event.
///
/// # Errors
/// Postgres is away.
pub async fn insert_alone(pool: &Pool, job: &NewJob) -> Result<(), Error> {
    let mut tx = pool.begin().await?;
    insert(&mut tx, job).await?;
    Ok(tx.commit().await?)
}

/// Takes at most `limit` jobs that are due, each for the length of `lease`; a worker that dies gives them back that way.
///
/// # Errors
/// Postgres is away.
pub async fn take(pool: &Pool, now: DateTime<Utc>, limit: i64, lease: Duration) -> Result<Vec<Job>, Error> {
    // Materialized: a subquery may be run again for each row it is compared with, and each run would lock and take others.
    let rows = sqlx::query(
        "WITH due AS MATERIALIZED (
             SELECT id FROM jobs
             WHERE state = 'ready' AND run_at <= $1 AND (leased_until IS NULL OR leased_until <= $1)
             ORDER BY run_at LIMIT $2 FOR UPDATE SKIP LOCKED
         )
         UPDATE jobs SET attempts = attempts + 1, leased_until = $3 WHERE id IN (SELECT id FROM due)
         RETURNING id, kind, application_id, user_id, token_id, attempts, give_up_at, created_at, traceparent",
    )
    .bind(now)
    .bind(limit)
    .bind(now + lease)
    .fetch_all(pool)
    .await?;
    Ok(rows.iter().map(Job::read).collect::<Result<_, _>>()?)
}

/// The job was done.
///
/// # Errors
/// Postgres is away.
pub async fn done(pool: &Pool, id: Uuid) -> Result<(), Error> {
    finish(pool, id, "done", None).await
}

/// The job will never be done: `error` says why, by a stable code.
///
/// # Errors
/// Postgres is away.
pub async fn dead(pool: &Pool, id: Uuid, error: &str) -> Result<(), Error> {
    finish(pool, id, "dead", Some(error)).await
}

/// The job is not wanted any more.
///
/// # Errors
/// Postgres is away.
pub async fn cancel(pool: &Pool, id: Uuid) -> Result<(), Error> {
    finish(pool, id, "cancelled", None).await
}

/// The job failed and is due again at `run_at`.
///
/// # Errors
/// Postgres is away.
pub async fn retry(pool: &Pool, id: Uuid, run_at: DateTime<Utc>, error: &str) -> Result<(), Error> {
    sqlx::query(
        "UPDATE jobs SET run_at = $2, leased_until = NULL, last_error = $3 WHERE id = $1 AND state = 'ready'",
    )
    .bind(id)
    .bind(run_at)
    .bind(error)
    .execute(pool)
    .await?;
    Ok(())
}

/// How many jobs are ready and how old the oldest of them is, for health and metrics.
///
/// # Errors
/// Postgres is away.
pub async fn backlog(pool: &Pool) -> Result<(i64, Option<DateTime<Utc>>), Error> {
    Ok(sqlx::query_as("SELECT count(*), min(created_at) FROM jobs WHERE state = 'ready'")
        .fetch_one(pool)
        .await?)
}

/// How many jobs are to be done, and how far they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Open {
    /// Not tried yet.
    pub waiting: i64,
    /// Taken by a node.
    pub running: i64,
    /// Tried in vain, and to be tried again.
    pub retrying: i64,
    /// When the oldest of them was written.
    pub oldest: Option<DateTime<Utc>>,
}

/// What is still to be done.
///
/// # Errors
/// Postgres is away.
pub async fn open(pool: &Pool, now: DateTime<Utc>) -> Result<Open, Error> {
    let (waiting, running, retrying, oldest) = sqlx::query_as(
        "SELECT count(*) FILTER (WHERE NOT taken AND last_error IS NULL), count(*) FILTER (WHERE taken),
                count(*) FILTER (WHERE NOT taken AND last_error IS NOT NULL), min(created_at)
         FROM (SELECT coalesce(leased_until > $1, false) AS taken, last_error, created_at FROM jobs WHERE state = 'ready') job",
    )
    .bind(now)
    .fetch_one(pool)
    .await?;
    Ok(Open { waiting, running, retrying, oldest })
}

/// Cancels everything that was still to be done for a person.
///
/// # Errors
/// Postgres is away.
pub(crate) async fn forget(tx: &mut Tx<'_>, user: UserId) -> Result<(), Error> {
    sqlx::query(
        "UPDATE jobs SET state = 'cancelled', leased_until = NULL WHERE user_id = $1 AND state = 'ready'",
    )
    .bind(user.uuid())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn finish(pool: &Pool, id: Uuid, state: &str, error: Option<&str>) -> Result<(), Error> {
    sqlx::query("UPDATE jobs SET state = $2, leased_until = NULL, last_error = coalesce($3, last_error) WHERE id = $1 AND state = 'ready'")
        .bind(id)
        .bind(state)
        .bind(error)
        .execute(pool)
        .await?;
    Ok(())
}
