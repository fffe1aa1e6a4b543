//! Sessions: the row, how it follows from the Session aggregate, and the question every authenticated request asks.

use chrono::{DateTime, Utc};
use devauth_aggregates::{ApplicationId, EndReason, Personal, Session, SessionId, UserId};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row as _};
use uuid::Uuid;

use crate::inline::{CleanedUp, Inline, Stream};
use crate::part::Part;
use crate::{Error, Pool, last_logins};

/// What makes a session alive, apart from its user being active: it neither ended nor expired, and nothing ended all sessions
/// of its user since (`$now` is the bound parameter's number).
macro_rules! alive {
    ($now:literal) => {
        concat!(
            "s.ended_at IS NULL AND s.expires_at > ",
            $now,
            " AND (s.generation = u.session_generation OR s.id = u.kept_session)"
        )
    };
}

mod living;

pub use living::{Live, Refreshable, Which, live, refreshable};

/// What a session's row says.
#[derive(Clone)]
pub struct SessionRow {
    /// The session.
    pub id: SessionId,
    /// Address it was opened from.
    pub client_address: Option<String>,
    /// What the client called itself.
    pub user_agent: Option<String>,
    /// The login.
    pub created_at: DateTime<Utc>,
    /// The last refresh, or the login.
    pub last_used_at: DateTime<Utc>,
    /// When it ends by itself.
    pub expires_at: DateTime<Utc>,
}

impl SessionRow {
    fn read(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(SessionRow {
            id: SessionId::from_uuid(row.try_get("session_id")?),
            client_address: row.try_get("client_address")?,
            user_agent: row.try_get("user_agent")?,
            created_at: row.try_get("session_created_at")?,
            last_used_at: row.try_get("last_used_at")?,
            expires_at: row.try_get("expires_at")?,
        })
    }
}

const COLUMNS: &str = "s.id AS session_id, s.client_address, s.user_agent, s.created_at AS session_created_at, s.last_used_at, s.expires_at";

impl Inline for Session {
    type Id = SessionId;

    fn uuid(id: Self::Id) -> uuid::Uuid {
        id.uuid()
    }

    fn person(&self, _id: Self::Id) -> Option<UserId> {
        Some(self.user_id)
    }

    async fn write_all(connection: &mut PgConnection, streams: &[Stream<'_, Self>]) -> Result<(), Error> {
        let streams: Vec<_> = streams.iter().filter(|stream| is_known(stream.state)).collect();
        let sessions = || streams.iter().map(|stream| stream.state);
        // A row without an xmax was inserted, not updated: then this login is news, be it from its first event or a rebuild.
        let written = sqlx::query(
            "INSERT INTO sessions (id, application_id, user_id, generation, counter, client_address, user_agent, created_at,
                                   last_used_at, expires_at, ended_at, end_reason, sequence)
             SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[], $5::bigint[], $6::text[], $7::text[],
                                  $8::timestamptz[], $9::timestamptz[], $10::timestamptz[], $11::timestamptz[], $12::text[],
                                  $13::bigint[])
             ON CONFLICT (id) DO UPDATE SET counter = excluded.counter, last_used_at = excluded.last_used_at,
                 ended_at = excluded.ended_at, end_reason = excluded.end_reason, sequence = excluded.sequence
             WHERE excluded.sequence > sessions.sequence
             RETURNING user_id, created_at, xmax = 0 AS is_new",
        )
        .bind(streams.iter().map(|stream| stream.id.uuid()).collect::<Vec<_>>())
        .bind(sessions().map(|session| session.app_id.uuid()).collect::<Vec<_>>())
        .bind(sessions().map(|session| session.user_id.uuid()).collect::<Vec<_>>())
        .bind(sessions().map(|session| i32::try_from(session.generation).unwrap_or(i32::MAX)).collect::<Vec<_>>())
        .bind(sessions().map(|session| i64::from(session.counter)).collect::<Vec<_>>())
        .bind(sessions().map(|session| session.client_address.as_ref().cloned().flatten()).collect::<Vec<_>>())
        .bind(sessions().map(|session| session.user_agent.as_ref().cloned().flatten()).collect::<Vec<_>>())
        .bind(sessions().map(|session| session.created_at).collect::<Vec<_>>())
        .bind(sessions().map(|session| session.last_used_at).collect::<Vec<_>>())
        .bind(sessions().map(|session| session.expires_at).collect::<Vec<_>>())
        .bind(sessions().map(|session| session.ended.map(|(_, at)| at)).collect::<Vec<_>>())
        .bind(sessions().map(|session| session.ended.map(|(reason, _)| end_reason(reason))).collect::<Vec<_>>())
        .bind(streams.iter().map(|stream| stream.sequence).collect::<Vec<_>>())
        .fetch_all(&mut *connection)
        .await?;
        let mut logins = Vec::new();
        for row in written {
            if row.try_get("is_new")? {
                logins.push((row.try_get("user_id")?, row.try_get("created_at")?));
            }
        }
        last_logins::write_all(connection, &logins).await
    }

    /// Of a session that goes on or ends; a login is also news of its user.
    fn part(&self, id: Self::Id, sequence: i64) -> Option<Part> {
        (is_known(self) && sequence > 1).then(|| row(self, id, sequence))
    }

    /// A session that was removed was a login all the same.
    async fn write_all_kept(
        connection: &mut PgConnection,
        streams: &[Stream<'_, Self>],
        cleaned: CleanedUp,
    ) -> Result<(), Error> {
        let (removed, kept): (Vec<_>, Vec<_>) =
            streams.iter().copied().partition(|stream| is_removed(stream.state, cleaned));
        let removed = removed.iter().map(|stream| stream.state).filter(|session| is_known(session));
        let logins: Vec<_> = removed.map(|session| (session.user_id.uuid(), session.created_at)).collect();
        Self::write_all(connection, &kept).await?;
        last_logins::write_all(connection, &logins).await
    }
}

fn row(session: &Session, id: SessionId, sequence: i64) -> Part {
    let session = session.clone();
    Part::new(
        "sessions (id, application_id, user_id, generation, counter, client_address, user_agent, created_at, last_used_at,
                   expires_at, ended_at, end_reason, sequence)",
        "ON CONFLICT (id) DO UPDATE SET counter = excluded.counter, last_used_at = excluded.last_used_at,
             ended_at = excluded.ended_at, end_reason = excluded.end_reason, sequence = excluded.sequence
         WHERE excluded.sequence > sessions.sequence",
        move |values| {
            values
                .push_bind(id.uuid())
                .push_bind(session.app_id.uuid())
                .push_bind(session.user_id.uuid())
                .push_bind(i32::try_from(session.generation).unwrap_or(i32::MAX))
                .push_bind(i64::from(session.counter))
                .push_bind(session.client_address.as_ref().cloned().flatten())
                .push_bind(session.user_agent.as_ref().cloned().flatten())
                .push_bind(session.created_at)
                .push_bind(session.last_used_at)
                .push_bind(session.expires_at)
                .push_bind(session.ended.map(|(_, at)| at))
                .push_bind(session.ended.map(|(reason, _)| end_reason(reason)))
                .push_bind(sequence);
        },
    )
}

/// Whether there is such a session, and its user is not forgotten: then it has a row, or had one until it was cleaned up.
fn is_known(session: &Session) -> bool {
    session.started && session.client_address != Personal::Erased
}

/// Which sessions are left out by clean-up and therefore by a rebuild.
fn is_removed(session: &Session, cleaned: CleanedUp) -> bool {
    cleaned.covers(session.ended.map_or(session.expires_at, |(_, at)| at.min(session.expires_at)))
}

/// Removes the rows of sessions that were over at `until`.
///
/// # Errors
/// Postgres is away.
pub(crate) async fn clean_up(connection: &mut PgConnection, until: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query("DELETE FROM sessions WHERE least(ended_at, expires_at) <= $1")
        .bind(until)
        .execute(connection)
        .await?;
    Ok(())
}

fn end_reason(reason: EndReason) -> &'static str {
    match reason {
        EndReason::Logout => "logout",
        EndReason::Revoked => "revoked",
        EndReason::RefreshTokenReused => "refresh_token_reused",
    }
}

/// The living sessions of a user, newest first.
///
/// # Errors
/// Postgres is away.
pub async fn list(
    pool: &Pool,
    application: ApplicationId,
    user: UserId,
    now: DateTime<Utc>,
) -> Result<Vec<SessionRow>, Error> {
    let rows = sqlx::query(&format!(
        "SELECT {COLUMNS} FROM sessions s JOIN users u ON u.id = s.user_id
         WHERE s.application_id = $1 AND s.user_id = $2 AND {alive}
         ORDER BY s.created_at DESC, s.id DESC",
        alive = alive!("$3"),
    ))
    .bind(application.uuid())
    .bind(user.uuid())
    .bind(now)
    .fetch_all(pool)
    .await?;
    Ok(rows.iter().map(SessionRow::read).collect::<Result<_, _>>()?)
}

/// How many sessions of an application live.
///
/// # Errors
/// Postgres is away.
pub async fn count_living(
    connection: &mut PgConnection,
    application: ApplicationId,
    now: DateTime<Utc>,
) -> Result<i64, Error> {
    Ok(sqlx::query_scalar(&format!(
        "SELECT count(*) FROM sessions s JOIN users u ON u.id = s.user_id
         WHERE s.application_id = $1 AND u.status = 'active' AND {alive}",
        alive = alive!("$2"),
    ))
    .bind(application.uuid())
    .bind(now)
    .fetch_one(connection)
    .await?)
}

/// Addresses from which a user logged in since `since`; asked only while the account is protected.
///
/// # Errors
/// Postgres is away.
pub async fn client_addresses(
    pool: &Pool,
    application: ApplicationId,
    user: UserId,
    since: DateTime<Utc>,
) -> Result<Vec<String>, Error> {
    Ok(sqlx::query_scalar(
        "SELECT DISTINCT client_address FROM sessions
         WHERE application_id = $1 AND user_id = $2 AND created_at >= $3 AND client_address IS NOT NULL",
    )
    .bind(application.uuid())
    .bind(user.uuid())
    .bind(since)
    .fetch_all(pool)
    .await?)
}

/// Whose session it is, dead or alive.
///
/// # Errors
/// Postgres is away.
pub async fn owner(
    pool: &Pool,
    application: ApplicationId,
    session: SessionId,
) -> Result<Option<UserId>, Error> {
    let owner: Option<uuid::Uuid> =
        sqlx::query_scalar("SELECT user_id FROM sessions WHERE application_id = $1 AND id = $2")
            .bind(application.uuid())
            .bind(session.uuid())
            .fetch_optional(pool)
            .await?;
    Ok(owner.map(UserId::from_uuid))
}

/// Removes the sessions of a person. Answers which.
///
/// # Errors
/// Postgres is away.
pub(crate) async fn forget(connection: &mut PgConnection, user: UserId) -> Result<Vec<Uuid>, Error> {
    Ok(sqlx::query_scalar("DELETE FROM sessions WHERE user_id = $1 RETURNING id")
        .bind(user.uuid())
        .fetch_all(connection)
        .await?)
}
