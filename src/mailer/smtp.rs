//! A relay: opens sessions, keeps a few for the next mail, gives up on slow ones.
//!
//! Not lettre's own pool: that one has no limit of time once connected, and a send that is cancelled puts its connection
//! back half way through an exchange, where the next mail would read the answers meant for this one.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lettre::Message;
use lettre::transport::smtp::authentication::DEFAULT_MECHANISMS;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::extension::ClientId;
use tokio::time::{Instant, timeout};

use super::transport::SendError;
use failure::Stage;
use url::{Encryption, RelayUrl};

mod failure;
pub mod url;

/// How long a connection may take to be ready: name, TCP, greeting, TLS, login.
const TO_CONNECT: Duration = Duration::from_secs(10);

/// How long a relay may take over one mail. Longer than to connect, because a relay that scans before it answers may
/// have accepted the mail already, and each time we give up on it the recipient gets another copy.
const TO_SEND: Duration = Duration::from_secs(30);

/// How long an open session is kept for the next mail; relays hang up after some minutes.
const TO_IDLE: Duration = Duration::from_secs(30);

/// How long an idle session may take to show that it is still there; a new one is cheap.
const TO_ANSWER: Duration = Duration::from_secs(2);

/// How many idle sessions are kept.
const KEPT: usize = 4;

/// An SMTP relay with its idle sessions. Clones share them.
#[derive(Clone)]
pub struct SmtpRelay {
    url: Arc<RelayUrl>,
    limits: Limits,
    idle: Arc<Mutex<Vec<Idle>>>,
}

/// The longest pauses a relay may make.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) to_connect: Duration,
    pub(crate) to_send: Duration,
}

struct Idle {
    session: AsyncSmtpConnection,
    since: Instant,
}

impl SmtpRelay {
    /// A relay that connects when the first mail is sent.
    pub fn new(url: RelayUrl) -> Self {
        Self::with_limits(url, Limits { to_connect: TO_CONNECT, to_send: TO_SEND })
    }

    pub(crate) fn with_limits(url: RelayUrl, limits: Limits) -> Self {
        Self { url: Arc::new(url), limits, idle: Arc::default() }
    }

    /// Sends the message in an idle session if one still answers, else in a new one.
    ///
    /// # Errors
    ///
    /// As [`Transport::send`](super::transport::Transport::send).
    pub async fn send(&self, message: Message) -> Result<(), SendError> {
        let mut session = match self.idle_session().await {
            Some(session) => session,
            None => within(self.limits.to_connect, self.connect()).await?,
        };
        let content = message.formatted();
        let sending = async {
            let sent = session.send(message.envelope(), &content).await;
            sent.map_err(|error| failure::classify(&error, Stage::Mail))
        };
        // On every way out but this one the session is dropped, and with it what was left unread in it.
        within(self.limits.to_send, sending).await?;
        self.keep(session);
        Ok(())
    }

    async fn idle_session(&self) -> Option<AsyncSmtpConnection> {
        loop {
            let Idle { mut session, since } =
                self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
            if since.elapsed() < TO_IDLE
                && timeout(TO_ANSWER, session.test_connected()).await.unwrap_or(false)
            {
                return Some(session);
            }
        }
    }

    fn keep(&self, session: AsyncSmtpConnection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < KEPT {
            idle.push(Idle { session, since: Instant::now() });
        }
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, SendError> {
        let url = &self.url;
        let us = ClientId::default();
        let server = (url.host.as_str(), url.port);
        let (from_start, later) = match &url.encryption {
            Encryption::FromStart(tls) => (Some(tls.clone()), None),
            Encryption::Required(tls) => (None, Some((tls, true))),
            Encryption::Opportunistic(tls) => (None, Some((tls, false))),
        };
        // A name can stand for several hosts: half of the time is left for the next when the first is silent.
        let each = Some(self.limits.to_connect / 2);
        let mut session = AsyncSmtpConnection::connect_tokio1(server, each, &us, from_start, None)
            .await
            .map_err(|error| failure::classify(&error, Stage::Connection))?;
        if let Some((tls, required)) = later
            && (required || session.can_starttls())
        {
            let secured = session.starttls(tls.clone(), &us).await;
            secured.map_err(|error| failure::classify(&error, Stage::Encryption))?;
        }
        if let Some(credentials) = &url.credentials {
            let known = session.auth(DEFAULT_MECHANISMS, credentials).await;
            known.map_err(|error| failure::classify(&error, Stage::Login))?;
        }
        Ok(session)
    }
}

async fn within<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, SendError>>,
) -> Result<T, SendError> {
    timeout(limit, work).await.unwrap_or(Err(SendError::TIMEOUT))
}

impl fmt::Debug for SmtpRelay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpRelay").field("url", &self.url).finish_non_exhaustive()
    }
}
