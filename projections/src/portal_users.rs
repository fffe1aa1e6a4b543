//! Users as the portal lists and searches them. It follows the log; who decides about access asks [`crate::users`].

use chrono::{DateTime, Utc};
use devauth_aggregates::{ApplicationId, DomainEvent, Personal, SessionEvent, UserEvent, UserId};
use serde_json::{Map, Value};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row as _};
use uuid::Uuid;

use crate::feed::Recorded;
use crate::{Error, Pool};

/// A user as the portal shows them in a list.
#[derive(Clone)]
pub struct PortalUserRow {
    /// The user.
    pub id: UserId,
    /// The application they belong to.
    pub application_id: ApplicationId,
    /// Their address as they typed it.
    pub email: String,
    /// What the application keeps with them.
    pub metadata: Value,
    /// Whether they proved that the address is theirs.
    pub email_verified: bool,
    /// `active` or `suspended`.
    pub status: String,
    /// When they signed up.
    pub created_at: DateTime<Utc>,
    /// When something about them changed last.
    pub updated_at: DateTime<Utc>,
    /// Their last successful login.
    pub last_login_at: Option<DateTime<Utc>>,
}

impl PortalUserRow {
    fn read(row: &PgRow) -> Result<Self, Error> {
        let metadata: String = row.try_get("metadata")?;
        Ok(PortalUserRow {
            id: UserId::from_uuid(row.try_get("user_id")?),
            application_id: ApplicationId::from_uuid(row.try_get("application_id")?),
            email: row.try_get("email")?,
            metadata: serde_json::from_str(&metadata)
                .map_err(|error| Error::Corrupt(format!("portal_users.metadata: {error}")))?,
            email_verified: row.try_get("email_verified")?,
            status: row.try_get("status")?,
            created_at: row.try_get("created_at")?,
            updated_at: row.try_get("updated_at")?,
            last_login_at: row.try_get("last_login_at")?,
        })
    }
}

/// Where a part of a list begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// After so many of the newest.
    Skip(i64),
    /// After this one, whether or not they are still there.
    After(UserId),
}

/// At most `limit` users of `application` whose address has `search` in it, newest first.
///
/// # Errors
/// Postgres is away.
pub async fn list(
    pool: &Pool,
    application: ApplicationId,
    search: Option<&str>,
    start: Start,
    limit: i64,
) -> Result<Vec<PortalUserRow>, Error> {
    let (before, skip) = match start {
        Start::Skip(count) => (Uuid::max(), count),
        Start::After(user) => (user.uuid(), 0),
    };
    // By id, which begins with the time of the signup.
    let rows = sqlx::query(
        "SELECT user_id, application_id, email, metadata, email_verified, status, created_at, updated_at, last_login_at
         FROM portal_users
         WHERE application_id = $1 AND user_id < $2 AND ($3::text IS NULL OR strpos(email_lower, $3) > 0)
         ORDER BY user_id DESC LIMIT $4 OFFSET $5",
    )
    .bind(application.uuid())
    .bind(before)
    .bind(search.map(lower))
    .bind(limit)
    .bind(skip)
    .fetch_all(pool)
    .await?;
    rows.iter().map(PortalUserRow::read).collect()
}

/// How many users of `application` have `search` in their address.
///
/// # Errors
/// Postgres is away.
pub async fn count(pool: &Pool, application: ApplicationId, search: Option<&str>) -> Result<i64, Error> {
    Ok(sqlx::query_scalar(
        "SELECT count(*) FROM portal_users
         WHERE application_id = $1 AND ($2::text IS NULL OR strpos(email_lower, $2) > 0)",
    )
    .bind(application.uuid())
    .bind(search.map(lower))
    .fetch_one(pool)
    .await?)
}

/// Character by character, so that the lower case of a part is a part of the lower case.
fn lower(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

/// Projects events.
///
/// # Errors
/// Postgres is away, or refuses a row.
pub(crate) async fn apply(connection: &mut PgConnection, events: &[Recorded]) -> Result<(), Error> {
    for recorded in events {
        let Some(user) = recorded.user() else { continue };
        match &recorded.event {
            DomainEvent::User(event) => follow_user(connection, user, event).await?,
            DomainEvent::Session(SessionEvent::SessionStarted { at, .. }) => {
                logged_in(connection, user, *at).await?;
            }
            DomainEvent::Session(
                SessionEvent::SessionRefreshed { .. } | SessionEvent::SessionEnded { .. },
            )
            | DomainEvent::Application(_) => {}
        }
    }
    Ok(())
}

async fn follow_user(connection: &mut PgConnection, user: UserId, event: &UserEvent) -> Result<(), Error> {
    match event {
        UserEvent::UserRegistered { app_id, email, metadata, at } => {
            registered(connection, user, *app_id, email, metadata, *at).await
        }
        UserEvent::EmailVerified { at, .. } => set(connection, user, "email_verified = true", *at).await,
        UserEvent::UserSuspended { at } => set(connection, user, "status = 'suspended'", *at).await,
        UserEvent::UserRestored { at } => set(connection, user, "status = 'active'", *at).await,
        UserEvent::EmailVerificationRequested { at, .. }
        | UserEvent::PasswordResetRequested { at, .. }
        | UserEvent::PasswordReset { at, .. }
        | UserEvent::PasswordChanged { at, .. }
        | UserEvent::SessionsRevoked { at } => set(connection, user, "status = status", *at).await,
        // The aggregate says that a lock is no change of the user.
        UserEvent::LoginLocked { .. } => Ok(()),
        UserEvent::UserErased { .. } => forget(connection, user).await,
    }
}

/// A person who was erased in the meantime has no address any more and gets no row.
async fn registered(
    connection: &mut PgConnection,
    user: UserId,
    application: ApplicationId,
    email: &Personal<String>,
    metadata: &Personal<Map<String, Value>>,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    let (Personal::Clear(email), Personal::Clear(metadata)) = (email, metadata) else { return Ok(()) };
    sqlx::query(
        "INSERT INTO portal_users (user_id, application_id, email, email_lower, metadata, email_verified, status, created_at,
                                   updated_at)
         VALUES ($1, $2, $3, $4, $5, false, 'active', $6, $6)",
    )
    .bind(user.uuid())
    .bind(application.uuid())
    .bind(email)
    .bind(lower(email))
    .bind(serde_json::json!(metadata).to_string())
    .bind(at)
    .execute(connection)
    .await?;
    Ok(())
}

async fn set(
    connection: &mut PgConnection,
    user: UserId,
    change: &str,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query(&format!("UPDATE portal_users SET {change}, updated_at = $2 WHERE user_id = $1"))
        .bind(user.uuid())
        .bind(at)
        .execute(connection)
        .await?;
    Ok(())
}

async fn logged_in(connection: &mut PgConnection, user: UserId, at: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query(
        "UPDATE portal_users SET last_login_at = $2
         WHERE user_id = $1 AND (last_login_at IS NULL OR last_login_at < $2)",
    )
    .bind(user.uuid())
    .bind(at)
    .execute(connection)
    .await?;
    Ok(())
}

/// Removes a person's row.
///
/// # Errors
/// Postgres is away.
pub(crate) async fn forget(connection: &mut PgConnection, user: UserId) -> Result<(), Error> {
    sqlx::query("DELETE FROM portal_users WHERE user_id = $1").bind(user.uuid()).execute(connection).await?;
    Ok(())
}
