//! Users of applications: the row, how it follows from the User aggregate, and the questions asked of it.

use chrono::{DateTime, Utc};
use devauth_aggregates::{ApplicationId, SessionId, User, UserId, UserLifecycle, UserStatus};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row as _};

use crate::inline::{Inline, Stream};
use crate::{Error, Pool};

/// What a user's row says.
#[derive(Clone)]
pub struct UserRow {
    /// The user.
    pub id: UserId,
    /// The application they belong to.
    pub application_id: ApplicationId,
    /// Their address as they typed it.
    pub email: String,
    /// What the application keeps with them.
    pub metadata: serde_json::Value,
    /// Whether they proved that the address is theirs.
    pub email_verified: bool,
    /// `active` or `suspended`.
    pub status: String,
    /// A session of another generation is over, unless it is `kept_session`.
    pub session_generation: u32,
    /// The session that changed the password and lives on.
    pub kept_session: Option<SessionId>,
    /// When they signed up.
    pub created_at: DateTime<Utc>,
    /// When anything above changed last.
    pub updated_at: DateTime<Utc>,
    /// Their last successful login.
    pub last_login_at: Option<DateTime<Utc>>,
}

/// Columns of [`UserRow`], from `users u` and `last_logins l`.
pub(crate) const COLUMNS: &str =
    "u.id, u.application_id, u.email, u.metadata, u.email_verified, u.status, u.session_generation,
     u.kept_session, u.created_at, u.updated_at, l.last_login_at";

impl UserRow {
    /// Whether the user may act.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.status == "active"
    }

    pub(crate) fn read(row: &PgRow) -> Result<Self, Error> {
        let metadata: String = row.try_get("metadata")?;
        Ok(UserRow {
            id: UserId::from_uuid(row.try_get("id")?),
            application_id: ApplicationId::from_uuid(row.try_get("application_id")?),
            email: row.try_get("email")?,
            metadata: serde_json::from_str(&metadata)
                .map_err(|error| Error::Corrupt(format!("users.metadata: {error}")))?,
            email_verified: row.try_get("email_verified")?,
            status: row.try_get("status")?,
            session_generation: row.try_get::<i32, _>("session_generation")?.unsigned_abs(),
            kept_session: row.try_get::<Option<uuid::Uuid>, _>("kept_session")?.map(SessionId::from_uuid),
            created_at: row.try_get("created_at")?,
            updated_at: row.try_get("updated_at")?,
            last_login_at: row.try_get("last_login_at")?,
        })
    }
}

impl Inline for User {
    type Id = UserId;

    fn uuid(id: Self::Id) -> uuid::Uuid {
        id.uuid()
    }

    fn person(&self, id: Self::Id) -> Option<UserId> {
        Some(id)
    }

    async fn write_all(connection: &mut PgConnection, streams: &[Stream<'_, Self>]) -> Result<(), Error> {
        let (mut there, mut gone) = (Vec::new(), Vec::new());
        for stream in streams {
            match Content::of(stream.state) {
                Some(content) => there.push((stream, content)),
                None => gone.push(stream.id.uuid()),
            }
        }
        insert(connection, &there).await?;
        remove(connection, &gone).await
    }
}

/// What a row has that depends on whether there is one.
struct Content {
    email: String,
    metadata: String,
    status: &'static str,
}

impl Content {
    /// Whose key is gone has no row, whichever of their events is the last one read: they were erased since.
    fn of(user: &User) -> Option<Self> {
        match user.lifecycle {
            UserLifecycle::Unregistered | UserLifecycle::Erased => None,
            UserLifecycle::Registered => Some(Content {
                email: user.email.as_ref()?.clone(),
                metadata: serde_json::json!(user.metadata.as_ref()?).to_string(),
                status: status_name(user.status),
            }),
        }
    }
}

async fn insert(connection: &mut PgConnection, rows: &[(&Stream<'_, User>, Content)]) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let users = || rows.iter().map(|(stream, _)| stream.state);
    sqlx::query(
            "INSERT INTO users (id, application_id, email, metadata, email_verified, status, session_generation, kept_session,
                                created_at, updated_at, sequence)
             SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bool[], $6::text[], $7::int[], $8::uuid[],
                                  $9::timestamptz[], $10::timestamptz[], $11::bigint[])
             ON CONFLICT (id) DO UPDATE SET email = excluded.email, metadata = excluded.metadata,
                 email_verified = excluded.email_verified, status = excluded.status,
                 session_generation = excluded.session_generation, kept_session = excluded.kept_session,
                 updated_at = excluded.updated_at, sequence = excluded.sequence
             WHERE excluded.sequence > users.sequence",
        )
        .bind(rows.iter().map(|(stream, _)| stream.id.uuid()).collect::<Vec<_>>())
        .bind(users().map(|user| user.app_id.uuid()).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, row)| &*row.email).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, row)| &*row.metadata).collect::<Vec<_>>())
        .bind(users().map(|user| user.email_verified).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, row)| row.status).collect::<Vec<_>>())
        .bind(users().map(|user| i32::try_from(user.session_generation).unwrap_or(i32::MAX)).collect::<Vec<_>>())
        .bind(users().map(|user| user.kept_session.map(|session| session.uuid())).collect::<Vec<_>>())
        .bind(users().map(|user| user.created_at).collect::<Vec<_>>())
        .bind(users().map(|user| user.updated_at).collect::<Vec<_>>())
        .bind(rows.iter().map(|(stream, _)| stream.sequence).collect::<Vec<_>>())
        .execute(connection)
        .await?;
    Ok(())
}

fn status_name(status: UserStatus) -> &'static str {
    match status {
        UserStatus::Active => "active",
        UserStatus::Suspended => "suspended",
    }
}

/// No older state can bring a row back: a state is written by the transaction that appends its last event, the key of the
/// stream orders these transactions, and `UserErased` is the last event of all.
async fn remove(connection: &mut PgConnection, users: &[uuid::Uuid]) -> Result<(), Error> {
    if users.is_empty() {
        return Ok(());
    }
    sqlx::query("DELETE FROM users WHERE id = ANY($1)").bind(users).execute(connection).await?;
    Ok(())
}

/// A user of `application`.
///
/// # Errors
/// Postgres is away.
pub async fn get(pool: &Pool, application: ApplicationId, user: UserId) -> Result<Option<UserRow>, Error> {
    let row = sqlx::query(&format!(
        "SELECT {COLUMNS} FROM users u LEFT JOIN last_logins l ON l.user_id = u.id WHERE u.application_id = $1 AND u.id = $2"
    ))
    .bind(application.uuid())
    .bind(user.uuid())
    .fetch_optional(pool)
    .await?;
    row.as_ref().map(UserRow::read).transpose()
}

/// The user of `application` who owns an address (its keyed hash), with the hash of their password.
///
/// # Errors
/// Postgres is away.
pub async fn for_login(
    pool: &Pool,
    application: ApplicationId,
    address: &[u8],
) -> Result<Option<(UserRow, Option<String>)>, Error> {
    let row = sqlx::query(&format!(
        "SELECT {COLUMNS}, p.hash FROM claims c JOIN users u ON u.id = c.user_id
             LEFT JOIN last_logins l ON l.user_id = u.id LEFT JOIN secrets.password_hashes p ON p.user_id = u.id
         WHERE c.application_id = $1 AND c.value = $2"
    ))
    .bind(application.uuid())
    .bind(address)
    .fetch_optional(pool)
    .await?;
    row.map(|row| Ok((UserRow::read(&row)?, row.try_get("hash")?))).transpose()
}
