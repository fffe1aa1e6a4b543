//! Forgetting a person: everything that is kept of them beside their events goes in the transaction of `UserErased`.
//!
//! The events stay. What is personal in them was sealed with the person's data key, which goes too.

use devauth_aggregates::UserId;

use crate::secrets::{data_keys, one_time_tokens, password_hashes, refresh_tokens};
use crate::{
    Error, Tx, audit_log, claims, idempotency, jobs, last_logins, login_failures, login_locks, portal_users,
    sessions, subscription,
};

/// Before the event is appended: waits for everybody who is appending something about this person. Whoever comes later waits
/// for this transaction, and then finds that the person is gone.
///
/// Before, and not when the key is destroyed: two who both hold it for their own events would then wait for each other.
pub(crate) async fn lock(tx: &mut Tx<'_>, user: UserId) -> Result<(), Error> {
    data_keys::lock(tx, user).await
}

/// Whether somebody who was forgotten had ever been in.
pub(crate) enum Before {
    /// Not once.
    NeverLoggedIn,
    /// At some time.
    LoggedIn,
}

/// Removes all of it, and answers whether they had ever logged in: since [`lock`], no login comes in between. The row in `users`
/// follows from the event; a table that says something of people belongs into this list.
pub(crate) async fn forget(tx: &mut Tx<'_>, user: UserId) -> Result<Before, Error> {
    // What they came in with.
    data_keys::delete(tx, user).await?;
    password_hashes::forget(tx, user).await?;
    one_time_tokens::forget(tx, user).await?;
    // Not found by reading the sessions and removed after that: who reads a table and then writes it gets into a deadlock with
    // a rebuild that has locked it in between.
    let sessions = sessions::forget(tx, user).await?;
    refresh_tokens::forget(tx, &sessions).await?;
    // Their address.
    login_failures::forget(tx, user).await?;
    login_locks::forget(tx, user).await?;
    claims::forget(tx, user).await?;
    // What was to be done or repeated for them.
    jobs::forget(tx, user).await?;
    idempotency::forget(tx, user).await?;
    // What is known of them.
    let had_logged_in = last_logins::forget(tx, user).await?;
    // What follows the log, once nobody is just writing it from events that were opened before.
    subscription::hold(tx).await?;
    audit_log::forget(tx, user).await?;
    portal_users::forget(tx, user).await?;
    Ok(if had_logged_in { Before::LoggedIn } else { Before::NeverLoggedIn })
}
