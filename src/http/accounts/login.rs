//! Proving who one is by a password, under the limits on guessing.

use chrono::{DateTime, Duration, Utc};
use devauth_aggregates::{EmailAddress, User, UserCommand, UserId};
use devauth_projections::applications::ApplicationRow;
use devauth_projections::event_log::Actor;
use devauth_projections::login_failures::{LoginFailure, Reason, What};
use devauth_projections::login_locks::{self, Lock};
use devauth_projections::secrets::password_hashes;
use devauth_projections::sessions;
use devauth_projections::users::{self, UserRow};

use super::person::Person;
use super::{Account, hex};
use crate::app::App;
use crate::crypto::password::Password;
use crate::crypto::passwords::{StoredHash, Verified};
use crate::http::context::{RequestContext, record_user};
use crate::http::error::{ApiError, ErrorCode};
use crate::limits::{Attempt, Failure, Known, Network, Reservation};
use crate::telemetry::SecurityEvent;

/// How long an address that logged in is not shut out by the protection of the account.
const KNOWN_FOR: Duration = Duration::days(30);

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
            record_user(Person::of(application.id, user.id));
            Ok(user)
        }
        Ok((user, _)) => {
            let failure = app.limiter.fail(&a_try.attempt, now).await;
            a_try.lock(failure, user.as_ref(), now).await?;
            Err(ErrorCode::InvalidCredentials.into())
        }
        Err(error) => {
            app.limiter.cancel(&a_try.attempt, now).await;
            Err(error)
        }
    }
}

/// Notes that somebody proved who they are and is kept out all the same, because their address isn't verified.
pub fn note_unverified(
    app: &App,
    application: &ApplicationRow,
    request: &RequestContext,
    email: &EmailAddress,
    user: UserId,
) {
    Try::new(app, application, request, email).failed(Reason::EmailUnverified, Some(user));
}

/// Forgets failures and protection of an account: a completed reset proved whose it is. The locks in Postgres go with the
/// reset's own transaction.
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

    /// Locks in Postgres first, which outlive Redis; then the count.
    async fn reserve(&self) -> Result<(), ApiError> {
        let now = self.app.clock.now();
        let lock =
            Lock { application: self.application.id, address: &self.account.address, network: &self.network };
        let (locked, protected) = login_locks::get(&self.app.pool, &lock, now).await?;
        if let Some(until) = locked {
            return Err(self.refusal(ErrorCode::AccountLocked, Reason::AccountLocked, until));
        }
        let known = match protected {
            Some(until) => self.require_known(until, now).await?,
            None => Known::Unknown,
        };
        let mut reservation = self.app.limiter.reserve(&self.attempt, now, known).await;
        if let Reservation::Protected { until } = reservation {
            let known = self.require_known(until, now).await?;
            reservation = self.app.limiter.reserve(&self.attempt, now, known).await;
        }
        match reservation {
            Reservation::Granted => Ok(()),
            Reservation::Locked { until } => {
                Err(self.refusal(ErrorCode::AccountLocked, Reason::AccountLocked, until))
            }
            Reservation::Protected { until } => {
                Err(self.refusal(ErrorCode::AccountProtected, Reason::AccountProtected, until))
            }
        }
    }

    /// A protected account still admits addresses from which it was logged in to lately.
    async fn require_known(&self, until: DateTime<Utc>, now: DateTime<Utc>) -> Result<Known, ApiError> {
        let pool = &self.app.pool;
        let found = users::for_login(pool, self.application.id, &self.account.address).await?;
        let owner = found.map(|(user, _)| user.id);
        let addresses = match owner {
            Some(owner) => {
                sessions::client_addresses(pool, self.application.id, owner, now - KNOWN_FOR).await?
            }
            None => Vec::new(),
        };
        let network_of = |text: &String| text.parse().ok().map(|address| Network::of(address).to_string());
        if addresses.iter().filter_map(network_of).any(|network| network == self.network) {
            Ok(Known::Yes)
        } else {
            self.failed(Reason::AccountProtected, owner);
            Err(self.later(ErrorCode::AccountProtected, until))
        }
    }

    fn refusal(&self, code: ErrorCode, reason: Reason, until: DateTime<Utc>) -> ApiError {
        self.failed(reason, None);
        self.later(code, until)
    }

    /// Counted from now and not from when the try began: it may have waited for others of its pair.
    fn later(&self, code: ErrorCode, until: DateTime<Utc>) -> ApiError {
        let now = self.app.clock.now();
        ApiError::new(code).retry_after((until - now).to_std().unwrap_or_default())
    }

    fn failed(&self, reason: Reason, user: Option<UserId>) {
        SecurityEvent::new("login_failed")
            .user_if_known(self.person(user).as_ref())
            .reason(reason.name())
            .log();
        self.note(What::Failed(reason), user);
    }

    /// Written out in less than a microsecond: nobody finds that behind the hash of a password.
    fn person(&self, user: Option<UserId>) -> Option<Person> {
        user.map(|user| Person::of(self.application.id, user))
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

    /// What a failure brought about is kept in Postgres, and in the log if there is such a user. Each lock is in the audit log
    /// once: by its event, or else as a row beside the failures.
    async fn lock(
        &self,
        failure: Failure,
        user: Option<&UserRow>,
        now: DateTime<Utc>,
    ) -> Result<(), ApiError> {
        let everywhere = (failure.protected_until, "");
        for (until, network) in [(failure.locked_until, self.network.as_str()), everywhere] {
            let Some(until) = until else { continue };
            let lock = Lock { application: self.application.id, address: &self.account.address, network };
            login_locks::put(&self.app.pool, &lock, until).await?;
            let owner = self.person(user.map(|user| user.id));
            SecurityEvent::new("locked").user_if_known(owner.as_ref()).log();
            let recorded = match user {
                Some(user) => self.record_lock(user.id, until, now).await?,
                None => false,
            };
            if !recorded {
                self.note(What::Locked, user.map(|user| user.id));
            }
        }
        Ok(())
    }

    /// Whether it became an event: while an earlier lock of the user holds, a further one doesn't, nor does one of somebody who
    /// was erased a moment ago.
    async fn record_lock(
        &self,
        user: UserId,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<bool, ApiError> {
        let context = self.app.context(self.application.id, Actor::Anonymous, Some(user), self.request);
        let command = UserCommand::LockLogin { until, now };
        match self.app.commands.execute::<User>(user, command, &context, |_| Vec::new()).await {
            Ok(outcome) => Ok(outcome.changed),
            Err(error) if error.user_is_gone() => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}
