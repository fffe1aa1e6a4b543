//! The answer of a replay: in JSON that of `GET …/users/{id}/history`, and more.

use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};
use devauth_aggregates::{User, UserId, UserLifecycle, UserStatus};
use devauth_projections::proof::line::{EventLine, Header};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::person::{Knowledge, Moment};

/// A user at a moment, and what led there.
#[derive(Debug, Serialize)]
pub(super) struct Told {
    user_id: String,
    app_id: String,
    at: Option<DateTime<Utc>>,
    /// What the export knows of personal data; without it `email` is null and `metadata` too.
    personal: Knowledge,
    /// Null if there was no such person at that moment, or not any more.
    state: Option<State>,
    /// The aggregate itself, as its events fold; what is sealed is marked so.
    aggregate: Value,
    #[serde(skip)]
    user: User,
    data: Vec<Event>,
}

/// The members of a user that the service answers with.
#[derive(Debug, Serialize)]
struct State {
    id: String,
    app_id: String,
    email: Option<String>,
    email_verified: bool,
    status: UserStatus,
    metadata: Option<Map<String, Value>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    last_login_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Serialize)]
struct Event {
    position: i64,
    #[serde(rename = "type")]
    event_type: String,
    version: String,
    aggregate_type: String,
    aggregate_id: String,
    sequence: i64,
    occurred_at: DateTime<Utc>,
    data: Value,
    metadata: Value,
}

impl Told {
    pub(super) fn new(user: UserId, header: &Header, at: Option<DateTime<Utc>>, moment: Moment) -> Self {
        let state = match moment.state.lifecycle {
            UserLifecycle::Registered => Some(State::of(user, &moment)),
            UserLifecycle::Unregistered | UserLifecycle::Erased => None,
        };
        let data = moment.events.into_iter().map(|(line, recorded)| Event::of(line, recorded.at())).collect();
        Told {
            user_id: user.to_string(),
            app_id: header.app_id.clone(),
            at,
            personal: moment.personal,
            state,
            aggregate: aggregate(&moment.state, moment.personal),
            user: moment.state,
            data,
        }
    }
}

/// To the fold, what is sealed and what was erased is the same; to who reads it, it is not.
fn aggregate(user: &User, personal: Knowledge) -> Value {
    let mut aggregate = serde_json::to_value(user).expect("an aggregate is plain data with strings as keys");
    if personal == Knowledge::Sealed {
        for field in ["email", "metadata"] {
            aggregate[field] = json!({"$sealed": true});
        }
    }
    aggregate
}

impl State {
    fn of(user: UserId, moment: &Moment) -> Self {
        let state = &moment.state;
        State {
            id: user.to_string(),
            app_id: state.app_id.to_string(),
            email: state.email.as_ref().cloned(),
            email_verified: state.email_verified,
            status: state.status,
            metadata: state.metadata.as_ref().cloned(),
            created_at: state.created_at,
            updated_at: state.updated_at,
            last_login_at: moment.last_login_at,
        }
    }
}

impl Event {
    fn of(line: EventLine, occurred_at: DateTime<Utc>) -> Self {
        let (payload, metadata) = match line.opened {
            Some(opened) => (opened.payload, opened.metadata),
            None => (line.payload, line.metadata),
        };
        let document = |text: &str| serde_json::from_str(text).unwrap_or_default();
        Event {
            position: line.position,
            event_type: line.event_type,
            version: line.version,
            aggregate_type: line.aggregate_type,
            aggregate_id: line.aggregate_id,
            sequence: line.sequence,
            occurred_at,
            data: document(&payload),
            metadata: document(&metadata),
        }
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.user_id, self.app_id)?;
        match self.at {
            Some(at) => writeln!(f, " at {}", at.to_rfc3339_opts(SecondsFormat::AutoSi, true))?,
            None => writeln!(f, " at the end of the export")?,
        }
        self.write_state(f)?;
        writeln!(f, "\nevents that led there: {}", self.data.len())?;
        self.data.iter().try_for_each(|event| writeln!(f, "  {event}"))
    }
}

impl Told {
    fn write_state(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let row = |f: &mut fmt::Formatter<'_>, name: &str, value: &str| writeln!(f, "  {name:<22}{value}");
        let status = match (self.user.lifecycle, self.user.status) {
            (UserLifecycle::Unregistered, _) => return row(f, "status", "not registered yet"),
            (UserLifecycle::Erased, _) => "erased",
            (UserLifecycle::Registered, UserStatus::Active) => "active",
            (UserLifecycle::Registered, UserStatus::Suspended) => "suspended",
        };
        row(f, "status", status)?;
        let user = &self.user;
        row(f, "email", &self.personal(user.email.as_ref().map(|email| email.escape_debug().to_string())))?;
        let metadata = user.metadata.as_ref().map(|metadata| Value::Object(metadata.clone()).to_string());
        row(f, "metadata", &self.personal(metadata))?;
        row(f, "email_verified", if user.email_verified { "yes" } else { "no" })?;
        row(f, "session_generation", &user.session_generation.to_string())?;
        row(f, "login_locked_until", &time(user.login_locked_until))?;
        row(f, "password_reset_at", &time(user.password_reset_at))?;
        row(f, "created_at", &time(Some(user.created_at)))?;
        row(f, "updated_at", &time(Some(user.updated_at)))?;
        row(f, "last_login_at", &time(self.state.as_ref().and_then(|state| state.last_login_at)))
    }

    fn personal(&self, datum: Option<String>) -> String {
        datum.unwrap_or_else(|| match self.personal {
            Knowledge::Opened | Knowledge::Erased => "(erased)".to_owned(),
            Knowledge::Sealed => "(sealed)".to_owned(),
        })
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let actor =
            ["type", "id"].map(|part| self.metadata["actor"][part].as_str().unwrap_or_default()).join(" ");
        let line = format!(
            "{:>8}  {}  {:<26}  {} event {}  by {}",
            self.position,
            self.occurred_at.to_rfc3339_opts(SecondsFormat::Micros, true),
            self.event_type,
            self.aggregate_id,
            self.sequence,
            actor.trim_end(),
        );
        f.write_str(&line.escape_debug().to_string())
    }
}

fn time(time: Option<DateTime<Utc>>) -> String {
    time.map_or_else(|| "-".to_owned(), |time| time.to_rfc3339_opts(SecondsFormat::Micros, true))
}
