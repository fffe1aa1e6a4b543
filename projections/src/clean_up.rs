//! Rows whose time is over, and how they are removed: a few at a time, each batch a transaction of its own, and never one that
//! somebody holds.

use chrono::{DateTime, Duration, Utc};
use devauth_aggregates::{ApplicationId, UserId};

use crate::{Error, Pool};

/// A kind of row that is removed some time after it is of no more use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expired {
    /// Verification tokens, 48 hours after their expiry.
    VerificationTokens,
    /// Reset tokens, 24 hours after their expiry.
    ResetTokens,
    /// Sessions with their refresh tokens, 90 days after their end; after their expiry, if their generation ended: a row doesn't say when.
    Sessions,
    /// Stored answers to an Idempotency-Key, at their expiry.
    IdempotencyKeys,
    /// Locks that are over.
    LoginLocks,
    /// Failed logins, after 30 days.
    LoginFailures,
    /// Jobs that are done, dead or cancelled, 30 days after they were written.
    Jobs,
}

impl Expired {
    /// All kinds.
    pub const ALL: &'static [Expired] = &[
        Expired::VerificationTokens,
        Expired::ResetTokens,
        Expired::Sessions,
        Expired::IdempotencyKeys,
        Expired::LoginLocks,
        Expired::LoginFailures,
        Expired::Jobs,
    ];

    /// Its name in logs and metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Expired::VerificationTokens => "verification_tokens",
            Expired::ResetTokens => "reset_tokens",
            Expired::Sessions => "sessions",
            Expired::IdempotencyKeys => "idempotency_keys",
            Expired::LoginLocks => "login_locks",
            Expired::LoginFailures => "login_failures",
            Expired::Jobs => "jobs",
        }
    }

    /// How long after it ran out a row is kept.
    fn kept(self) -> Duration {
        match self {
            Expired::VerificationTokens => Duration::hours(48),
            Expired::ResetTokens => Duration::hours(24),
            Expired::Sessions => Duration::days(90),
            Expired::IdempotencyKeys | Expired::LoginLocks => Duration::zero(),
            Expired::LoginFailures | Expired::Jobs => Duration::days(30),
        }
    }

    /// Removes at most `limit` rows whose time was over by `now`; answers how many.
    ///
    /// # Errors
    /// Postgres is away.
    pub async fn remove(self, pool: &Pool, now: DateTime<Utc>, limit: i64) -> Result<u64, Error> {
        let done = sqlx::query(self.sql()).bind(now - self.kept()).bind(limit).execute(pool).await?;
        Ok(done.rows_affected())
    }

    /// `$1` is the last moment at which a row may have run out, `$2` the batch. MATERIALIZED, because otherwise the planner
    /// may look for rows again for each one it removes, and pass the limit.
    fn sql(self) -> &'static str {
        match self {
            Expired::VerificationTokens => {
                "WITH over AS MATERIALIZED (SELECT hash FROM secrets.one_time_tokens
                     WHERE purpose = 'verify_email' AND expires_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED)
                 DELETE FROM secrets.one_time_tokens WHERE hash IN (SELECT hash FROM over)"
            }
            Expired::ResetTokens => {
                "WITH over AS MATERIALIZED (SELECT hash FROM secrets.one_time_tokens
                     WHERE purpose = 'reset_password' AND expires_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED)
                 DELETE FROM secrets.one_time_tokens WHERE hash IN (SELECT hash FROM over)"
            }
            // The moment is remembered with the rows' removal: a rebuild must leave out the same sessions.
            Expired::Sessions => {
                "WITH over AS MATERIALIZED (SELECT id FROM sessions
                     WHERE least(ended_at, expires_at) <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED),
                 remembered AS (UPDATE retention SET sessions_ended_until = $1
                     WHERE sessions_ended_until < $1 AND EXISTS (SELECT FROM over)),
                 tokens AS (DELETE FROM secrets.refresh_tokens WHERE session_id IN (SELECT id FROM over))
                 DELETE FROM sessions WHERE id IN (SELECT id FROM over)"
            }
            Expired::IdempotencyKeys => {
                "WITH over AS MATERIALIZED (SELECT scope, key_hash FROM idempotency_keys
                     WHERE expires_at <= $1 AND reserved_until <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED)
                 DELETE FROM idempotency_keys WHERE (scope, key_hash) IN (SELECT scope, key_hash FROM over)"
            }
            Expired::LoginLocks => {
                "WITH over AS MATERIALIZED (SELECT application_id, address, network FROM login_locks
                     WHERE locked_until <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED)
                 DELETE FROM login_locks WHERE (application_id, address, network)
                     IN (SELECT application_id, address, network FROM over)"
            }
            Expired::LoginFailures => {
                "WITH over AS MATERIALIZED (SELECT ctid AS place FROM login_failures
                     WHERE occurred_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED)
                 DELETE FROM login_failures WHERE ctid = ANY(ARRAY(SELECT place FROM over))"
            }
            Expired::Jobs => {
                "WITH over AS MATERIALIZED (SELECT id FROM jobs
                     WHERE state <> 'ready' AND created_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED)
                 DELETE FROM jobs WHERE id IN (SELECT id FROM over)"
            }
        }
    }
}

/// Removes what a clean-up of sessions has left that was cut off or is still at work: a rebuild leaves these sessions out, and
/// then nobody would find their refresh tokens.
///
/// # Errors
/// Postgres is away.
pub(crate) async fn finish_sessions(pool: &Pool, until: DateTime<Utc>) -> Result<(), Error> {
    while Expired::Sessions.remove(pool, until + Expired::Sessions.kept(), 1_000).await? > 0 {}
    Ok(())
}

/// Until when ended sessions have no row any more.
///
/// # Errors
/// Postgres is away.
pub async fn sessions_ended_until(connection: &mut sqlx::PgConnection) -> Result<DateTime<Utc>, Error> {
    Ok(sqlx::query_scalar("SELECT sessions_ended_until FROM retention").fetch_one(connection).await?)
}

/// A few users who never proved their address and never logged in, signed up before `before`, and belong to applications that
/// admit only proven ones; beginning after `after`, in order of their ids. Whether their time is over, the aggregate decides, and
/// whether they log in at this moment, [`crate::Write::ForgetUnlessLoggedIn`].
///
/// # Errors
/// Postgres is away.
pub async fn unverified(
    pool: &Pool,
    before: DateTime<Utc>,
    after: Option<UserId>,
    limit: i64,
) -> Result<Vec<(ApplicationId, UserId)>, Error> {
    let rows: Vec<(uuid::Uuid, uuid::Uuid)> = sqlx::query_as(
        "SELECT u.application_id, u.id FROM users u JOIN applications a ON a.id = u.application_id
         WHERE NOT u.email_verified AND u.created_at <= $1
           AND (a.settings ->> 'require_verified_email')::boolean
           AND NOT EXISTS (SELECT FROM last_logins l WHERE l.user_id = u.id)
           AND ($2::uuid IS NULL OR u.id > $2)
         ORDER BY u.id LIMIT $3",
    )
    .bind(before)
    .bind(after.map(|user| user.uuid()))
    .bind(limit)
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(|(app, user)| (ApplicationId::from_uuid(app), UserId::from_uuid(user))).collect())
}
