//! What a failed exchange means for the mail: the stage tells apart what the relay has against us from what it has against
//! the mail, which the reply code alone doesn't.

use std::error::Error as _;
use std::io;

use lettre::transport::smtp::Error;

use crate::mailer::transport::SendError;

/// How far the exchange had come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Connecting and greeting.
    Connection,
    /// STARTTLS.
    Encryption,
    /// User name and password.
    Login,
    /// Sender, recipient and content.
    Mail,
}

/// The error in our terms; the relay's words, which may repeat addresses, are left behind.
pub(super) fn classify(error: &Error, stage: Stage) -> SendError {
    if error.is_timeout() {
        return SendError::TIMEOUT;
    }
    if error.is_tls() {
        return SendError::TLS;
    }
    let refused = error.is_permanent() || error.is_client();
    match stage {
        Stage::Mail if error.is_permanent() => SendError::REJECTED,
        Stage::Login if refused => SendError::LOGIN_REFUSED,
        Stage::Encryption if refused => SendError::TLS,
        Stage::Connection | Stage::Encryption | Stage::Login | Stage::Mail => unfinished(error),
    }
}

fn unfinished(error: &Error) -> SendError {
    if error.is_transient() || error.is_permanent() {
        SendError::DEFERRED
    } else if error.is_response() || hung_up(error) {
        SendError::DROPPED
    } else {
        SendError::REFUSED
    }
}

fn hung_up(error: &Error) -> bool {
    let cause = error.source().and_then(|source| source.downcast_ref::<io::Error>());
    cause.is_some_and(|cause| {
        use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
        matches!(cause.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
    })
}
