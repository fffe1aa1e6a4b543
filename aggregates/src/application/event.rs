//! What can happen to an application.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::recorded::recorded_events;
use crate::{ApiKeyId, ApplicationSettings, Environment, UserId};

/// Where an API key may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyType {
    /// On servers only.
    Secret,
    /// In browsers and apps, where everybody can read it.
    Publishable,
}

/// An event of an application. `at` is when it happened. Stored for ever: see `tests/event_format.rs` before changing anything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are named after what they are")]
pub enum ApplicationEvent {
    /// Began, with default settings.
    ApplicationCreated { owner: UserId, name: String, environment: Environment, at: DateTime<Utc> },
    /// Name or settings changed; both are given as they are now.
    ApplicationUpdated { name: String, settings: ApplicationSettings, at: DateTime<Utc> },
    /// The app secret was replaced.
    AppSecretRotated { at: DateTime<Utc> },
    /// An API key was made.
    ApiKeyIssued {
        key_id: ApiKeyId,
        label: String,
        key_type: KeyType,
        prefix: String,
        rate_limit_per_minute: Option<u32>,
        at: DateTime<Utc>,
    },
    /// An API key was ended.
    ApiKeyRevoked { key_id: ApiKeyId, at: DateTime<Utc> },
    /// The application was ended, with everything that is its.
    ApplicationDeleted { at: DateTime<Utc> },
}

recorded_events!(ApplicationEvent {
    ApplicationCreated "1.0",
    ApplicationUpdated "1.0",
    AppSecretRotated "1.0",
    ApiKeyIssued "1.0",
    ApiKeyRevoked "1.0",
    ApplicationDeleted "1.0",
});
