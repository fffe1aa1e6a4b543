//! What a command writes beside its events: claims, secrets, jobs and a stored answer. Plain data, so that a handler shows in
//! one list what belongs to its command, and one transaction writes it all or nothing.

use chrono::{DateTime, Utc};
use devauth_aggregates::{ApiKeyId, ApplicationId, SessionId, UserId};

use crate::erasure::Before;
use crate::idempotency;
use crate::jobs::{self, NewJob};
use crate::login_locks::Lock;
use crate::part::Part;
use crate::sealing::Keyring;
use crate::secrets::one_time_tokens::{NewToken, OneTimeToken};
use crate::secrets::{api_key_hashes, application_secrets, one_time_tokens, password_hashes, refresh_tokens};
use crate::{Error, Tx, claims, erasure, login_locks};

/// One row that belongs to a command and isn't an event.
#[expect(missing_docs, reason = "the fields are named after the columns they fill")]
pub enum Write {
    /// An address (its keyed hash) becomes a user's own.
    Claim { application: ApplicationId, address: [u8; 32], user: UserId },
    /// A password's hash, in place of the one before.
    Password { user: UserId, hash: String },
    /// A mailed token.
    OneTimeToken { token: OneTimeToken, hash: [u8; 32], purpose: &'static str, expires_at: DateTime<Utc> },
    /// A session's refresh token, in place of the one before.
    RefreshToken { session: SessionId, hash: [u8; 32] },
    /// A new API key.
    ApiKey { key: ApiKeyId, hash: [u8; 32] },
    /// An application's secret, in place of the one before.
    ApplicationSecret { application: ApplicationId, secret: String },
    /// An address is locked for a network or, if that is empty, for all.
    Lock { application: ApplicationId, address: [u8; 32], network: String, until: DateTime<Utc> },
    /// Locks of an address go: somebody proved that it is theirs.
    Unlock { application: ApplicationId, address: [u8; 32] },
    /// Work to do.
    Job(NewJob),
    /// The answer to a request with an Idempotency-Key, and whose data is in it.
    Answer { key: idempotency::Reserved, status: u16, body: Vec<u8>, about: Option<UserId> },
    /// A person goes, with everything that is kept of them beside their events.
    Forget { user: UserId },
    /// The same for a person who never logged in; nothing happens to one who did, be it a moment ago.
    ForgetUnlessLoggedIn { user: UserId },
}

impl Write {
    /// Locks what has to be locked before the command's events are appended.
    ///
    /// # Errors
    /// Postgres is away.
    pub async fn lock(&self, tx: &mut Tx<'_>) -> Result<(), Error> {
        match self {
            Write::Forget { user } | Write::ForgetUnlessLoggedIn { user } => erasure::lock(tx, *user).await,
            Write::Claim { .. }
            | Write::Password { .. }
            | Write::OneTimeToken { .. }
            | Write::RefreshToken { .. }
            | Write::ApiKey { .. }
            | Write::ApplicationSecret { .. }
            | Write::Lock { .. }
            | Write::Unlock { .. }
            | Write::Job(_)
            | Write::Answer { .. } => Ok(()),
        }
    }

    /// Writes it.
    ///
    /// # Errors
    /// [`Error::AddressTaken`] for a claim that somebody has, [`Error::ReservationLost`] for an answer that another request gives,
    /// [`Error::HasLoggedIn`], or Postgres is away.
    pub async fn apply(&self, tx: &mut Tx<'_>, keyring: &Keyring) -> Result<(), Error> {
        match self {
            Write::Claim { application, address, user } => {
                claims::insert(tx, *application, address, *user).await
            }
            Write::Password { user, hash } => password_hashes::put(tx, *user, hash).await,
            Write::OneTimeToken { token, hash, purpose, expires_at } => {
                let new = NewToken { hash, purpose, expires_at: *expires_at };
                one_time_tokens::insert(tx, token, &new).await
            }
            Write::RefreshToken { session, hash } => refresh_tokens::put(tx, *session, hash).await,
            Write::ApiKey { key, hash } => api_key_hashes::insert(tx, *key, hash).await,
            Write::ApplicationSecret { application, secret } => {
                application_secrets::put(tx, keyring, *application, secret).await
            }
            Write::Lock { application, address, network, until } => {
                let lock = Lock { application: *application, address, network };
                login_locks::put(&mut **tx, &lock, *until).await.map(drop)
            }
            Write::Unlock { application, address } => login_locks::clear(tx, *application, address).await,
            Write::Job(job) => jobs::insert(tx, job).await,
            Write::Answer { key, status, body, about } => {
                idempotency::complete(tx, keyring, key, *status, body, *about).await
            }
            Write::Forget { user } => erasure::forget(tx, *user).await.map(|_| ()),
            Write::ForgetUnlessLoggedIn { user } => match erasure::forget(tx, *user).await? {
                Before::NeverLoggedIn => Ok(()),
                // The caller's transaction ends without a commit, and everything is as it was.
                Before::LoggedIn => Err(Error::HasLoggedIn),
            },
        }
    }

    /// The same as a part of the statement that appends the events, if it is one.
    #[must_use]
    pub fn part(&self) -> Option<Part> {
        match self {
            Write::RefreshToken { session, hash } => Some(refresh_tokens::part(*session, hash)),
            Write::Claim { .. }
            | Write::Password { .. }
            | Write::OneTimeToken { .. }
            | Write::ApiKey { .. }
            | Write::ApplicationSecret { .. }
            | Write::Lock { .. }
            | Write::Unlock { .. }
            | Write::Forget { .. }
            | Write::ForgetUnlessLoggedIn { .. }
            | Write::Job(_)
            | Write::Answer { .. } => None,
        }
    }
}
