//! Who signed up with an application that admits only proven addresses, never proved theirs and never logged in makes room: they
//! are erased, and the address can sign up again. Who has logged in is a user, and stays when their application begins to ask.

use chrono::{DateTime, Utc};
use devauth_aggregates::{ApplicationId, SIGNUP_KEPT, User, UserCommand, UserId};
use devauth_projections::event_log::{Actor, Context};
use devauth_projections::{Error, Write, clean_up};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::commands::CommandError;
use crate::crypto::random;

/// Its name among what clean-up removes.
pub(crate) const KIND: &str = "expired_signups";
/// Users that are looked at together.
const BATCH: i64 = 100;

/// Erases them, counting each in `count`; stops at `deadline` or when told to.
///
/// # Errors
/// Postgres is away. Who was erased until then stays erased.
pub(super) async fn erase(
    app: &App,
    deadline: DateTime<Utc>,
    shutdown: &CancellationToken,
    count: &mut u64,
) -> Result<(), Error> {
    let mut after = None;
    loop {
        let before = app.clock.now() - SIGNUP_KEPT;
        let batch = clean_up::unverified(&app.pool, before, after, BATCH).await?;
        for (application, user) in &batch {
            if app.clock.now() >= deadline || shutdown.is_cancelled() {
                return Ok(());
            }
            *count += u64::from(expire(app, *application, *user).await?);
        }
        let Some((_, last)) = batch.last() else { return Ok(()) };
        after = Some(*last);
    }
}

/// Answers whether their time was over: a verification that was asked for later gives them more, and a login saves them.
async fn expire(app: &App, application_id: ApplicationId, user: UserId) -> Result<bool, Error> {
    let now = app.clock.now();
    let context = Context {
        command_id: random::uuid_v7(now),
        application_id,
        actor: Actor::Service,
        person: None,
        request_id: None,
        client_address: None,
        user_agent: None,
    };
    let command = UserCommand::ExpireSignup { now };
    let forget = |_: &User| vec![Write::ForgetUnlessLoggedIn { user }];
    match app.commands.execute::<User>(user, command, &context, forget).await {
        Ok(outcome) => Ok(outcome.changed),
        Err(CommandError::Store(Error::HasLoggedIn)) => Ok(false),
        // Erased meanwhile, by their developer.
        Err(error) if error.user_is_gone() => Ok(false),
        Err(CommandError::Store(error)) => Err(error),
        // No rule refuses it to a user who is there, and nothing in it takes an address.
        Err(CommandError::Refused(_) | CommandError::AddressTaken) => Ok(false),
    }
}
