//! Users as the portal lists and searches them. It follows the log; who decides about access asks [`crate::users`].

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use devauth_aggregates::{ApplicationId, DomainEvent, Personal, SessionEvent, UserEvent, UserId};
use serde_json::Value;
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

/// Projects events: what they mean for each user is put together first and written in three statements, however many they
/// are.
///
/// # Errors
/// Postgres is away, or refuses a row.
pub(crate) async fn apply(connection: &mut PgConnection, events: &[Recorded]) -> Result<(), Error> {
    let mut users = BTreeMap::<Uuid, Change>::new();
    for recorded in events {
        let Some(user) = recorded.user() else { continue };
        let change = users.entry(user.uuid()).or_insert_with(|| Change::Update(Update::default()));
        match &recorded.event {
            DomainEvent::User(event) => change.follow_user(event, recorded.stored.application_id),
            DomainEvent::Session(SessionEvent::SessionStarted { at, .. }) => change.logged_in(*at),
            DomainEvent::Session(
                SessionEvent::SessionRefreshed { .. } | SessionEvent::SessionEnded { .. },
            )
            | DomainEvent::Application(_) => {}
        }
    }
    let (mut new, mut changed, mut erased) = (Vec::new(), Vec::new(), Vec::new());
    for (user, change) in &users {
        match change {
            Change::Insert(row) => new.push((*user, row)),
            Change::Update(update) if *update == Update::default() => {}
            Change::Update(update) => changed.push((*user, update)),
            Change::Delete => erased.push(*user),
        }
    }
    insert(connection, &new).await?;
    update(connection, &changed).await?;
    delete(connection, &erased).await
}

/// What events mean for the row of one user.
enum Change {
    Insert(NewRow),
    Update(Update),
    /// The person is erased, or was erased before their registration could be read: there is no row, whatever follows.
    Delete,
}

struct NewRow {
    application: Uuid,
    email: String,
    metadata: String,
    created_at: DateTime<Utc>,
    since: Update,
}

/// What changes of a row; nothing of it is null in the row but the last login.
#[derive(Default, PartialEq)]
struct Update {
    metadata: Option<String>,
    email_verified: Option<bool>,
    status: Option<&'static str>,
    updated_at: Option<DateTime<Utc>>,
    last_login_at: Option<DateTime<Utc>>,
}

impl Change {
    fn follow_user(&mut self, event: &UserEvent, application: Uuid) {
        match event {
            UserEvent::UserRegistered { email, metadata, at, .. } => {
                let (Personal::Clear(email), Personal::Clear(metadata)) = (email, metadata) else {
                    *self = Change::Delete;
                    return;
                };
                *self = Change::Insert(NewRow {
                    application,
                    email: email.clone(),
                    metadata: serde_json::json!(metadata).to_string(),
                    created_at: *at,
                    since: Update::default(),
                });
                self.update(*at, |_only_the_time| {});
            }
            UserEvent::EmailVerified { at, .. } => self.update(*at, |user| user.email_verified = Some(true)),
            UserEvent::MetadataChanged { metadata, at } => match metadata {
                Personal::Clear(metadata) => {
                    let metadata = serde_json::json!(metadata).to_string();
                    self.update(*at, |user| user.metadata = Some(metadata));
                }
                Personal::Erased => *self = Change::Delete,
            },
            UserEvent::UserSuspended { at } => self.update(*at, |user| user.status = Some("suspended")),
            UserEvent::UserRestored { at } => self.update(*at, |user| user.status = Some("active")),
            UserEvent::EmailVerificationRequested { at, .. }
            | UserEvent::PasswordResetRequested { at, .. }
            | UserEvent::PasswordReset { at, .. }
            | UserEvent::PasswordChanged { at, .. }
            | UserEvent::SessionsRevoked { at } => self.update(*at, |_only_the_time| {}),
            // The aggregate says that a lock is no change of the user.
            UserEvent::LoginLocked { .. } => {}
            UserEvent::UserErased { .. } => *self = Change::Delete,
        }
    }

    fn update(&mut self, at: DateTime<Utc>, change: impl FnOnce(&mut Update)) {
        if let Some(user) = self.pending() {
            user.updated_at = Some(at);
            change(user);
        }
    }

    fn logged_in(&mut self, at: DateTime<Utc>) {
        if let Some(user) = self.pending() {
            user.last_login_at = user.last_login_at.max(Some(at));
        }
    }

    fn pending(&mut self) -> Option<&mut Update> {
        match self {
            Change::Insert(row) => Some(&mut row.since),
            Change::Update(update) => Some(update),
            Change::Delete => None,
        }
    }
}

async fn insert(connection: &mut PgConnection, users: &[(Uuid, &NewRow)]) -> Result<(), Error> {
    if users.is_empty() {
        return Ok(());
    }
    let rows = || users.iter().map(|(_, row)| *row);
    sqlx::query(
        "INSERT INTO portal_users (user_id, application_id, email, email_lower, metadata, email_verified, status, created_at,
                                   updated_at, last_login_at)
         SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::bool[], $7::text[],
                              $8::timestamptz[], $9::timestamptz[], $10::timestamptz[])",
    )
    .bind(users.iter().map(|(user, _)| *user).collect::<Vec<_>>())
    .bind(rows().map(|row| row.application).collect::<Vec<_>>())
    .bind(rows().map(|row| &*row.email).collect::<Vec<_>>())
    .bind(rows().map(|row| lower(&row.email)).collect::<Vec<_>>())
    .bind(rows().map(|row| row.since.metadata.as_deref().unwrap_or(&row.metadata)).collect::<Vec<_>>())
    .bind(rows().map(|row| row.since.email_verified.unwrap_or(false)).collect::<Vec<_>>())
    .bind(rows().map(|row| row.since.status.unwrap_or("active")).collect::<Vec<_>>())
    .bind(rows().map(|row| row.created_at).collect::<Vec<_>>())
    .bind(rows().map(|row| row.since.updated_at.unwrap_or(row.created_at)).collect::<Vec<_>>())
    .bind(rows().map(|row| row.since.last_login_at).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

async fn update(connection: &mut PgConnection, users: &[(Uuid, &Update)]) -> Result<(), Error> {
    if users.is_empty() {
        return Ok(());
    }
    let updates = || users.iter().map(|(_, update)| *update);
    sqlx::query(
        "UPDATE portal_users u SET email_verified = coalesce(c.email_verified, u.email_verified),
             metadata = coalesce(c.metadata, u.metadata), status = coalesce(c.status, u.status), updated_at = coalesce(c.updated_at, u.updated_at),
             last_login_at = greatest(u.last_login_at, c.last_login_at)
         FROM unnest($1::uuid[], $2::bool[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::text[])
              AS c (user_id, email_verified, status, updated_at, last_login_at, metadata)
         WHERE u.user_id = c.user_id",
    )
    .bind(users.iter().map(|(user, _)| *user).collect::<Vec<_>>())
    .bind(updates().map(|update| update.email_verified).collect::<Vec<_>>())
    .bind(updates().map(|update| update.status).collect::<Vec<_>>())
    .bind(updates().map(|update| update.updated_at).collect::<Vec<_>>())
    .bind(updates().map(|update| update.last_login_at).collect::<Vec<_>>())
    .bind(updates().map(|update| update.metadata.as_deref()).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

async fn delete(connection: &mut PgConnection, users: &[Uuid]) -> Result<(), Error> {
    if users.is_empty() {
        return Ok(());
    }
    sqlx::query("DELETE FROM portal_users WHERE user_id = ANY($1)").bind(users).execute(connection).await?;
    Ok(())
}

/// Removes a person's row.
///
/// # Errors
/// Postgres is away.
pub(crate) async fn forget(connection: &mut PgConnection, user: UserId) -> Result<(), Error> {
    delete(connection, &[user.uuid()]).await
}
