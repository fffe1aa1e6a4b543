//! Logs: what is written, how a line looks, and the one line that each authentication and key operation leaves.
//!
//! No line carries a token, key, password, body, address or query string. What happens to a request is found by its
//! `request_id`; who took part, by ids.

mod json;

use std::fmt::Display;
use std::io::{IsTerminal, stderr, stdout};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

use crate::http::metrics::SECURITY_EVENTS_TOTAL;

/// Libraries that tell more than anybody asked for; a filter that names them wins.
const QUIET: &str =
    "sqlx=warn,hyper=warn,hyper_util=warn,lettre=warn,rustls=warn,redis=warn,tokio_cron_scheduler=warn";

/// Where log lines go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destination {
    /// For servers, whose output is their log.
    Stdout,
    /// For commands, whose output is their result.
    Stderr,
}

/// Why logging could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// `DEVAUTH_LOG` is not a filter.
    #[error("DEVAUTH_LOG is not a valid filter")]
    Filter(#[from] ParseError),
    /// Logging was set up before.
    #[error("logging is already set up")]
    AlreadySet(#[from] TryInitError),
}

/// Starts logging: JSON lines, or a form for people if the destination is a terminal.
///
/// # Errors
/// When the filter can't be read, or logging was started before.
pub fn init(filter: &str, destination: Destination) -> Result<(), TelemetryError> {
    let filter = EnvFilter::builder().parse(format!("{QUIET},{filter}"))?;
    match destination {
        Destination::Stdout => start(filter, stdout, stdout().is_terminal())?,
        Destination::Stderr => start(filter, stderr, stderr().is_terminal())?,
    }
    log_panics();
    Ok(())
}

fn start<W>(filter: EnvFilter, writer: W, terminal: bool) -> Result<(), TryInitError>
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer);
    if terminal {
        lines.compact().with_target(false).finish().try_init()
    } else {
        lines.fmt_fields(json::Members).event_format(json::Lines).finish().try_init()
    }
}

/// A panic's own words may quote what it choked on, so only its place is logged.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "panicked");
    }));
}

/// One authentication or key operation, for those who watch. Ids only: no address, no client address, no secret.
///
/// Application and user are taken from the request's span when they are recorded there
/// ([`record_app`](crate::http::context::record_app)); what is given here wins.
#[must_use = "nothing is written before log()"]
pub struct SecurityEvent<'a> {
    name: &'static str,
    app_id: Option<&'a dyn Display>,
    user_id: Option<&'a dyn Display>,
    session_id: Option<&'a dyn Display>,
    key_id: Option<&'a dyn Display>,
    reason: Option<&'static str>,
}

impl<'a> SecurityEvent<'a> {
    /// An event under its audit name, such as `login` or `api_key_revoked`.
    pub fn new(name: &'static str) -> Self {
        Self { name, app_id: None, user_id: None, session_id: None, key_id: None, reason: None }
    }

    /// The application it happened in.
    pub fn app(mut self, id: &'a dyn Display) -> Self {
        self.app_id = Some(id);
        self
    }

    /// The user it happened to.
    pub fn user(mut self, id: &'a dyn Display) -> Self {
        self.user_id = Some(id);
        self
    }

    /// The session it happened to.
    pub fn session(mut self, id: &'a dyn Display) -> Self {
        self.session_id = Some(id);
        self
    }

    /// The API key it happened to (its id, not the key).
    pub fn key(mut self, id: &'a dyn Display) -> Self {
        self.key_id = Some(id);
        self
    }

    /// Why, in one of a fixed set of words.
    pub fn reason(mut self, reason: &'static str) -> Self {
        self.reason = Some(reason);
        self
    }

    /// Writes the line, with target `devauth::events`, and counts it.
    pub fn log(self) {
        metrics::counter!(SECURITY_EVENTS_TOTAL, "event" => self.name).increment(1);
        tracing::info!(
            target: "devauth::events",
            event = self.name,
            app_id = self.app_id.map(display),
            user_id = self.user_id.map(display),
            session_id = self.session_id.map(display),
            key_id = self.key_id.map(display),
            reason = self.reason,
            "security event"
        );
    }
}

#[cfg(test)]
mod tests;
