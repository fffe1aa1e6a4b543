//! `/v1/portal/applications/{app_id}/users/{id}`: one user, and what their developer may do about them

pub mod history;
pub mod list;
pub mod sessions;

use axum::extract::State;
use axum::http::StatusCode;
use devauth_aggregates::{User, UserCommand};
use devauth_projections::sessions::list as living_sessions;
use devauth_projections::users::UserRow;
use devauth_projections::{Write, claims, crash_point};
use serde::Serialize;
use utoipa::ToSchema;

use super::applications::by;
use super::freshness;
use crate::app::App;
use crate::http::accounts::Account;
use crate::http::accounts::login::forget_failures;
use crate::http::auth::sessions::SessionBody;
use crate::http::body::{Json, NoBody};
use crate::http::docs::errors::{NoBodyErrors, ObjectErrors, PortalErrors};
use crate::http::error::{ApiError, ErrorCode};
use crate::http::extract::OwnedUser;
use crate::http::user::UserBody;
use crate::telemetry::SecurityEvent;

/// A user with their living sessions.
#[derive(Serialize, ToSchema)]
pub struct UserWithSessions {
    /// The user.
    #[serde(flatten)]
    pub user: UserBody,
    /// Where they are logged in, newest first.
    pub sessions: Vec<SessionBody>,
}

/// Show a user of the application
#[utoipa::path(get, path = "/v1/portal/applications/{app_id}/users/{id}", operation_id = "getUser", tag = "Application users",
    params(("app_id" = String, Path, description = "`app_…`"), ("id" = String, Path, description = "`usr_…`")),
    responses((status = 200, description = "The user", body = UserWithSessions), PortalErrors, ObjectErrors),
    security(("portal_token" = []), ("portal_cookie" = [])))]
pub async fn get(State(app): State<App>, owned: OwnedUser) -> Result<Json<UserWithSessions>, ApiError> {
    let UserRow { application_id, id, .. } = owned.user;
    let rows = living_sessions(&app.pool, application_id, id, app.clock.now()).await?;
    let sessions = rows.into_iter().map(|row| SessionBody::new(row, None)).collect();
    Ok(Json(UserWithSessions { user: owned.user.into(), sessions }))
}

/// Suspend a user
///
/// Their sessions end, and they can't come in until they are restored.
#[utoipa::path(post, path = "/v1/portal/applications/{app_id}/users/{id}/suspend", operation_id = "suspendUser", tag = "Application users",
    params(("app_id" = String, Path, description = "`app_…`"), ("id" = String, Path, description = "`usr_…`")),
    responses((status = 204, description = "The user is suspended"), NoBodyErrors, PortalErrors, ObjectErrors),
    security(("portal_token" = []), ("portal_cookie" = [])))]
pub async fn suspend(State(app): State<App>, owned: OwnedUser, _: NoBody) -> Result<StatusCode, ApiError> {
    execute(&app, &owned, UserCommand::SuspendUser { now: app.clock.now() }, Vec::new).await?;
    SecurityEvent::new("user_suspended").user(&owned.user.id).log();
    Ok(StatusCode::NO_CONTENT)
}

/// Let a suspended user in again
#[utoipa::path(post, path = "/v1/portal/applications/{app_id}/users/{id}/restore", operation_id = "restoreUser", tag = "Application users",
    params(("app_id" = String, Path, description = "`app_…`"), ("id" = String, Path, description = "`usr_…`")),
    responses((status = 204, description = "The user may log in"), NoBodyErrors, PortalErrors, ObjectErrors),
    security(("portal_token" = []), ("portal_cookie" = [])))]
pub async fn restore(State(app): State<App>, owned: OwnedUser, _: NoBody) -> Result<StatusCode, ApiError> {
    execute(&app, &owned, UserCommand::RestoreUser { now: app.clock.now() }, Vec::new).await?;
    SecurityEvent::new("user_restored").user(&owned.user.id).log();
    Ok(StatusCode::NO_CONTENT)
}

/// End every session of a user
#[utoipa::path(post, path = "/v1/portal/applications/{app_id}/users/{id}/logout", operation_id = "logOutUser", tag = "Application users",
    params(("app_id" = String, Path, description = "`app_…`"), ("id" = String, Path, description = "`usr_…`")),
    responses((status = 204, description = "All sessions are over"), NoBodyErrors, PortalErrors, ObjectErrors),
    security(("portal_token" = []), ("portal_cookie" = [])))]
pub async fn logout(State(app): State<App>, owned: OwnedUser, _: NoBody) -> Result<StatusCode, ApiError> {
    execute(&app, &owned, UserCommand::RevokeSessions { now: app.clock.now() }, Vec::new).await?;
    SecurityEvent::new("session_revoked").user(&owned.user.id).log();
    Ok(StatusCode::NO_CONTENT)
}

/// Erase a user
///
/// Everything that says who they are is destroyed: credentials, sessions, address, metadata, where they came from. Their
/// address can sign up again. That there was somebody, and what happened when, stays. There is no way back.
#[utoipa::path(delete, path = "/v1/portal/applications/{app_id}/users/{id}", operation_id = "eraseUser", tag = "Application users",
    params(("app_id" = String, Path, description = "`app_…`"), ("id" = String, Path, description = "`usr_…`")),
    responses((status = 204, description = "The user is erased"), NoBodyErrors, PortalErrors, ObjectErrors),
    security(("portal_token" = []), ("portal_cookie" = [])))]
pub async fn erase(State(app): State<App>, owned: OwnedUser, _: NoBody) -> Result<StatusCode, ApiError> {
    let UserRow { application_id: application, id: user, .. } = owned.user;
    // What failed a moment ago and is not written yet would be written after it, for an address that nobody has.
    app.login_failures.settled(freshness::patience(&app)).await;
    let address = claims::address_of(&app.pool, application, user).await?;
    let account = address.map(|address| Account { application, address });
    // Before it, too: if the node dies after the commit, nobody can tell any more whose failures they were. Locks that hold until
    // then are in Postgres.
    if let Some(account) = &account {
        forget_failures(&app, account).await;
    }
    let command = UserCommand::EraseUser { now: app.clock.now() };
    execute(&app, &owned, command, || vec![Write::Forget { user }]).await?;
    crash_point::reached("erasure_committed");
    if let Some(account) = &account {
        forget_failures(&app, account).await;
    }
    SecurityEvent::new("user_erased").user(&user).log();
    Ok(StatusCode::NO_CONTENT)
}

/// A command of the developer about one of their users. The request's address and user agent are the developer's, and are
/// sealed for them.
async fn execute(
    app: &App,
    owned: &OwnedUser,
    command: UserCommand,
    writes: impl Fn() -> Vec<Write> + Send + Sync,
) -> Result<(), ApiError> {
    let context = by(app, owned.user.application_id, &owned.developer);
    let outcome = app.commands.execute::<User>(owned.user.id, command, &context, |_| writes()).await;
    match outcome {
        Ok(_) => Ok(()),
        Err(error) if error.user_is_gone() => Err(ErrorCode::NotFound.into()),
        Err(error) => Err(error.into()),
    }
}
