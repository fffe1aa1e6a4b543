//! Where a mail goes: to a relay, or to the inbox of `devauth dev`.

use std::fmt;

use super::inbox::DevInbox;
use super::outgoing::OutgoingMail;
use super::smtp::SmtpRelay;

pub use super::smtp::url::MailConfigError;

#[cfg(test)]
#[path = "transport/tests.rs"]
mod tests;

/// Takes mails off our hands. Cheap to clone; clones share connections.
#[derive(Debug, Clone)]
pub enum Transport {
    /// An SMTP relay.
    Smtp(SmtpRelay),
    /// The inbox that `devauth dev` shows at `/dev/mail`.
    Inbox(DevInbox),
}

impl Transport {
    /// A relay at `smtp://[user:password@]host[:port][?tls=required|opportunistic]` or `smtps://…`.
    ///
    /// Connects when the first mail is sent, not here.
    ///
    /// # Errors
    ///
    /// If the URL can't be understood or the system's certificates can't be read. The error doesn't repeat the URL.
    pub fn smtp(url: &str) -> Result<Self, MailConfigError> {
        Ok(Self::Smtp(SmtpRelay::new(url.parse()?)))
    }

    /// Hands the mail over. `Ok` means that the relay has accepted it, or that the inbox has stored it.
    ///
    /// # Errors
    ///
    /// Says whether another try can help. After an error the mail may still have been accepted (the answer was lost).
    pub async fn send(&self, mail: &OutgoingMail) -> Result<(), SendError> {
        match self {
            Self::Smtp(relay) => relay.send(mail.message()?).await,
            Self::Inbox(inbox) => inbox.keep(mail).await,
        }
    }
}

/// Why a mail was not handed over: a code for logs and rows, without addresses and without the relay's own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SendError {
    /// One of the constants' codes, for example `smtp_timeout`.
    pub code: &'static str,
    /// Whether trying again is pointless.
    pub permanent: bool,
}

impl SendError {
    /// The recipient's address can't be put into a message.
    pub const ADDRESS_INVALID: Self = Self { code: "address_invalid", permanent: true };
    /// The relay refuses this mail or this recipient for good (5xx).
    pub const REJECTED: Self = Self { code: "smtp_rejected", permanent: true };
    /// The relay asks to come back later (4xx), or refuses us before it has seen the mail.
    pub const DEFERRED: Self = Self { code: "smtp_deferred", permanent: false };
    /// The relay doesn't accept our user name and password.
    pub const LOGIN_REFUSED: Self = Self { code: "smtp_auth", permanent: false };
    /// The relay can't be reached.
    pub const REFUSED: Self = Self { code: "smtp_refused", permanent: false };
    /// The relay hung up or answered with something that is not SMTP.
    pub const DROPPED: Self = Self { code: "smtp_dropped", permanent: false };
    /// The relay took too long.
    pub const TIMEOUT: Self = Self { code: "smtp_timeout", permanent: false };
    /// No encrypted connection, or not with the host that was asked for.
    pub const TLS: Self = Self { code: "smtp_tls", permanent: false };
    /// The job was taken when its time was over.
    pub const EXPIRED: Self = Self { code: "expired", permanent: true };
    /// This version of the program doesn't know the kind of mail.
    pub const UNKNOWN_KIND: Self = Self { code: "unknown_kind", permanent: false };
    /// What the mail should say can't be looked up now.
    pub const LOOKUP: Self = Self { code: "lookup_failed", permanent: false };
    /// A bug.
    pub const INTERNAL: Self = Self { code: "internal", permanent: false };
    /// The inbox's folder can't be written.
    pub const INBOX: Self = Self { code: "inbox_unwritable", permanent: false };
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code)
    }
}

impl std::error::Error for SendError {}
