//! Proving who one is by a password, under the limits on guessing.

mod lockout;

use chrono::{DateTime, Utc};
use devauth_aggregates::{EmailAddress, UserId};
use devauth_projections::applications::ApplicationRow;
use devauth_projections::crash_point;
use devauth_projections::login_failures::{LoginFailure, Reason, What};
use devauth_projections::secrets::password_hashes;
use devauth_projections::users::{self, UserRow};

use super::{Account, hex};
use crate::app::App;
use crate::crypto::password::Password;
use crate::crypto::passwords::{StoredHash, Verified};
use crate::http::context::{RequestContext, record_user};
use crate::http::error::{ApiError, ErrorCode};
use crate::limits::{Attempt, Network};
use crate::telemetry::SecurityEvent;

/// A try to prove an identity, counted before anything is known of how it ends.
struct Try<'a> {
    app: &'a App,
    application: &'a ApplicationRow,
    request: &'a RequestContext,
    account: Account,
    attempt: Attempt,
    network: String,
}

/// The user who has this address and this password. Unknown address, wrong password and suspended user look the same and cost
/// the same.
///
/// # Errors
/// `invalid_credentials`, `account_locked`, `account_protected`, `busy`, or Postgres is away (which counts as no try).
pub async fn authenticate(
    app: &App,
    application: &ApplicationRow,
    request: &RequestContext,
    email: &EmailAddress,
    password: &str,
) -> Result<UserRow, ApiError> {
    let a_try = Try::new(app, application, request, email);
    a_try.reserve().await?;
    let checked = a_try.check(password).await;
    let now = app.clock.now();
    match checked {
        Ok((Some(user), true)) => {
            app.limiter.succeed(&a_try.attempt, now).await;
            record_user(user.id);
            Ok(user)
        }
        Ok((user, _)) => {
            let failure = app.limiter.fail(&a_try.attempt, now).await;
            crash_point::reached("login_counted");
            a_try.keep_reached(failure, user.map(|user| user.id), now).await?;
            Err(ErrorCode::InvalidCredentials.into())
        }
        Err(error) => {
            app.limiter.cancel(&a_try.attempt, now).await;
            Err(error)
        }
    }
}

/// Forgets failures, locks and protection of an account in the limiter: a completed reset proved whose it is, or an erasure left
/// nobody. The locks in Postgres go with the transaction of either.
pub async fn forget_failures(app: &App, account: &Account) {
    app.limiter.clear(&account.application.to_string(), &hex(&account.address)).await;
}

impl<'a> Try<'a> {
    fn new(
        app: &'a App,
        application: &'a ApplicationRow,
        request: &'a RequestContext,
        email: &EmailAddress,
    ) -> Self {
        let address = app.keys.address(application.id, email);
        let network = Network::of(request.client_address).to_string();
        let attempt = Attempt {
            application: application.id.to_string(),
            address: hex(&address),
            network: network.clone(),
            id: app.new_id().to_string(),
        };
        Try {
            app,
            application,
            request,
            account: Account { application: application.id, address },
            attempt,
            network,
        }
    }

    /// Counted from now and not from when the try began: it may have waited for others of its pair.
    fn refusal(&self, code: ErrorCode, reason: Reason, until: DateTime<Utc>) -> ApiError {
        self.failed(reason, None);
        let now = self.app.clock.now();
        ApiError::new(code).retry_after((until - now).to_std().unwrap_or_default())
    }

    fn failed(&self, reason: Reason, user: Option<UserId>) {
        SecurityEvent::new("login_failed").reason(reason.name()).log();
        self.note(What::Failed(reason), user);
    }

    /// For the developer's list. It is written after the answer, so it takes no part in how long that takes.
    fn note(&self, what: What, user: Option<UserId>) {
        self.app.note_login_failure(LoginFailure {
            id: self.app.new_id(),
            application: self.application.id,
            address: self.account.address,
            user,
            what,
            occurred_at: self.app.clock.now(),
            client_address: self.request.client_address.to_string(),
            user_agent: self.request.user_agent.clone(),
            request_id: self.request.request_id.clone(),
        });
    }

    /// The user who owns the address, and whether the password is theirs and they may come in.
    async fn check(&self, password: &str) -> Result<(Option<UserRow>, bool), ApiError> {
        let pool = &self.app.pool;
        let found = users::for_login(pool, self.application.id, &self.account.address).await?;
        let (user, hash) = found.map_or((None, None), |(user, hash)| (Some(user), hash));
        let hash = hash.map(StoredHash::from_stored);
        let password = Password::presented(password);
        let verified = self.app.passwords.verify(&password, hash.as_ref()).await?;
        let may_come_in = user.as_ref().is_some_and(UserRow::is_active);
        if let (Verified::YesButOutdated, Some(user), Some(hash)) = (verified, &user, &hash) {
            let new = self.app.passwords.hash(&password).await?;
            password_hashes::upgrade(pool, user.id, hash.expose(), new.expose()).await?;
        }
        let reason = match (&user, verified) {
            (None, _) => Reason::UnknownAddress,
            (Some(_), Verified::No) => Reason::WrongPassword,
            (Some(_), Verified::Yes | Verified::YesButOutdated) if !may_come_in => Reason::Suspended,
            (Some(_), Verified::Yes | Verified::YesButOutdated) => return Ok((user, true)),
        };
        self.failed(reason, user.as_ref().map(|user| user.id));
        Ok((user, false))
    }
}
