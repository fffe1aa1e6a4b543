//! Logs: what is written, how a line looks, and the one line that each authentication and key operation leaves. Traces are in
//! [`traces`].
//!
//! No line carries a token, key, password, body, address or query string. What happens to a request is found by its
//! `request_id`; who took part, by ids.

mod json;
pub mod traces;

use std::fmt::Display;
use std::io::{IsTerminal, stderr, stdout};

use tracing_subscriber::filter::ParseError;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};
use tracing_subscriber::{EnvFilter, Layer as _};

use crate::config;
use crate::http::metrics::{LOGINS_TOTAL, SECURITY_EVENTS_TOTAL};
use traces::Traces;

/// Libraries that tell more than anybody asked for; a filter that names them wins. And spans that are none of the log.
const QUIET: &str = "sqlx=warn,hyper=warn,hyper_util=warn,lettre=warn,rustls=warn,redis=warn,tokio_cron_scheduler=warn,devauth::traces=off";

/// Where log lines go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destination {
    /// For servers, whose output is their log.
    Stdout,
    /// For commands, whose output is their result.
    Stderr,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogForm {
    /// JSON lines, or a form for people if the destination is a terminal.
    Fitting,
    /// JSON lines wherever they go.
    Json,
}

impl LogForm {
    /// What a command was asked for with `--json` or without.
    #[must_use]
    pub fn asked(json: bool) -> Self {
        if json { Self::Json } else { Self::Fitting }
    }

    fn is_for_people(self, terminal: bool) -> bool {
        match self {
            Self::Fitting => terminal,
            Self::Json => false,
        }
    }
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
    /// Traces were asked for and can't be sent.
    #[error("OTEL_EXPORTER_OTLP_ENDPOINT: {0}")]
    Traces(String),
}

/// Starts logging, and tracing, if that is configured.
///
/// # Errors
/// When the filter can't be read, logging was started before, or traces can't be sent.
pub fn init(
    filter: &str,
    destination: Destination,
    form: LogForm,
    traces: Option<&config::Traces>,
) -> Result<Traces, TelemetryError> {
    let filter = EnvFilter::builder().parse(format!("{QUIET},{filter}"))?;
    let traces = match destination {
        Destination::Stdout => start(filter, stdout, form.is_for_people(stdout().is_terminal()), traces)?,
        Destination::Stderr => start(filter, stderr, form.is_for_people(stderr().is_terminal()), traces)?,
    };
    log_panics();
    Ok(traces)
}

fn start<W>(
    filter: EnvFilter,
    writer: W,
    for_people: bool,
    traces: Option<&config::Traces>,
) -> Result<Traces, TelemetryError>
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    let Some(settings) = traces else {
        // A filter for everything at once is the cheapest that there is.
        let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer);
        if for_people {
            lines.compact().with_target(false).finish().try_init()?;
        } else {
            lines.fmt_fields(json::Members).event_format(json::Lines).finish().try_init()?;
        }
        return Ok(Traces::off());
    };
    let (layer, traces) =
        traces::start(settings).map_err(|cause| TelemetryError::Traces(cause.to_string()))?;
    let lines = tracing_subscriber::fmt::layer().with_writer(writer);
    let lines = if for_people {
        lines.compact().with_target(false).boxed()
    } else {
        lines.fmt_fields(json::Members).event_format(json::Lines).boxed()
    };
    tracing_subscriber::registry().with(layer).with(lines.with_filter(filter)).try_init()?;
    Ok(traces)
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
    /// An event under its name, such as `login` or `api_key_revoked`: one of [`EVENTS`](crate::http::metrics::EVENTS).
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

    /// The same, if it is known.
    pub fn user_if_known<T: Display>(mut self, id: Option<&'a T>) -> Self {
        self.user_id = id.map(|id| id as &dyn Display);
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

    fn login_result(&self) -> Option<&'static str> {
        match self.name {
            "login" => Some("ok"),
            "login_failed" => self.reason,
            _ => None,
        }
    }

    /// Writes the line, with target `devauth::events`, and counts it.
    pub fn log(self) {
        metrics::counter!(SECURITY_EVENTS_TOTAL, "event" => self.name).increment(1);
        if let Some(result) = self.login_result() {
            metrics::counter!(LOGINS_TOTAL, "result" => result).increment(1);
        }
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
