//! Users as the portal lists and searches them. It follows the log; who decides about access asks [`crate::users`].

use chrono::{DateTime, Utc};
use devauth_aggregates::{ApplicationId, DomainEvent, Personal, SessionEvent, UserEvent, UserId};
use serde_json::{Map, Value};
use sqlx::PgConnection;

use crate::Error;
use crate::feed::Recorded;

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
        "INSERT INTO portal_users (user_id, application_id, email, metadata, email_verified, status, created_at, updated_at)
         VALUES ($1, $2, $3, $4, false, 'active', $5, $5)",
    )
    .bind(user.uuid())
    .bind(application.uuid())
    .bind(email)
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
