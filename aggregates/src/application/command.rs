//! What can be asked of an application.

use chrono::{DateTime, Utc};

use super::KeyType;
use crate::{ApiKeyId, ApplicationName, Environment, Label, SettingsChange, UserId};

/// A command to an application. `now` is the time of the decision and of the events it gives.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are named after what they are")]
pub enum ApplicationCommand {
    /// Begin, with default settings; `owner` is the developer's user of the portal.
    CreateApplication { owner: UserId, name: ApplicationName, environment: Environment, now: DateTime<Utc> },
    /// Change what is given. Nothing happens if nothing differs.
    UpdateApplication { name: Option<ApplicationName>, settings: Option<SettingsChange>, now: DateTime<Utc> },
    /// Record that the app secret was replaced.
    RotateAppSecret { now: DateTime<Utc> },
    /// Record a new API key: never the key, only the prefix that is shown.
    IssueApiKey {
        key_id: ApiKeyId,
        label: Label,
        key_type: KeyType,
        prefix: String,
        rate_limit_per_minute: Option<u32>,
        now: DateTime<Utc>,
    },
    /// End an API key. Nothing happens if it is revoked already.
    RevokeApiKey { key_id: ApiKeyId, now: DateTime<Utc> },
    /// End the application, its keys and its users' access. There is no way back.
    DeleteApplication { now: DateTime<Utc> },
}
