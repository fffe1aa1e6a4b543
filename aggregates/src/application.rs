//! An application: its owner, environment, settings and API keys.
//!
//! Knows no secret: the app secret and the keys live elsewhere, here is only that they were made, replaced or ended.

mod command;
mod error;
mod event;

pub use command::ApplicationCommand;
pub use error::ApplicationError;
pub use event::{ApplicationEvent, KeyType};

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use cqrs_es::{Aggregate, event_sink::EventSink};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{ApiKeyId, ApplicationName, ApplicationSettings, Environment, SettingsChange, UserId};

/// The most unrevoked API keys an application has: every one is a way in that somebody has to keep in mind.
pub const MAX_API_KEYS: usize = 100;

/// Whether there is such an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ApplicationLifecycle {
    /// Not yet; the other fields of the state mean nothing.
    Missing,
    /// Yes.
    Created,
    /// Not any more: none of its keys is good, whatever `revoked_at` says.
    Deleted,
}

/// An API key, as far as it is no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    /// What the developer calls it.
    pub label: String,
    /// Where it may be used.
    pub key_type: KeyType,
    /// Its first characters, to know it again.
    pub prefix: String,
    /// Requests a minute; without it, the service's default.
    pub rate_limit_per_minute: Option<u32>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was ended.
    pub revoked_at: Option<DateTime<Utc>>,
}

/// The state of an application: the fold of its events, and the rows of the read models.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Application {
    /// Whether there is such an application. Look here first.
    pub lifecycle: ApplicationLifecycle,
    /// The developer it belongs to, as a user of the portal.
    pub owner: UserId,
    /// Shown in the portal and in mails.
    pub name: String,
    /// What it is for.
    pub environment: Environment,
    /// What its developer set.
    pub settings: ApplicationSettings,
    /// Every key ever made, the revoked ones too, in the order of their ids.
    pub api_keys: BTreeMap<ApiKeyId, ApiKey>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it last changed; its keys have their own times.
    pub updated_at: DateTime<Utc>,
}

impl Default for Application {
    fn default() -> Self {
        Self {
            lifecycle: ApplicationLifecycle::Missing,
            owner: UserId::from_uuid(Uuid::nil()),
            name: String::new(),
            environment: Environment::Development,
            settings: ApplicationSettings::default(),
            api_keys: BTreeMap::new(),
            created_at: DateTime::UNIX_EPOCH,
            updated_at: DateTime::UNIX_EPOCH,
        }
    }
}

impl Application {
    /// What a command leads to in this state: events to append (none when there is nothing to do), or a refusal.
    ///
    /// # Errors
    /// [`ApplicationError`] says what is the case.
    pub fn decide(&self, command: ApplicationCommand) -> Result<Vec<ApplicationEvent>, ApplicationError> {
        self.refuse_unless_there(&command)?;
        match command {
            ApplicationCommand::CreateApplication { owner, name, environment, now: at } => {
                Ok(vec![ApplicationEvent::ApplicationCreated { owner, name: name.into(), environment, at }])
            }
            ApplicationCommand::UpdateApplication { name, settings, now } => {
                self.decide_update(name, settings, now)
            }
            ApplicationCommand::RotateAppSecret { now: at } => {
                Ok(vec![ApplicationEvent::AppSecretRotated { at }])
            }
            ApplicationCommand::IssueApiKey {
                key_id,
                label,
                key_type,
                prefix,
                rate_limit_per_minute,
                now: at,
            } => {
                if self.api_keys.contains_key(&key_id) {
                    return Ok(Vec::new());
                }
                self.refuse_another_key(rate_limit_per_minute)?;
                let label = label.into();
                Ok(vec![ApplicationEvent::ApiKeyIssued {
                    key_id,
                    label,
                    key_type,
                    prefix,
                    rate_limit_per_minute,
                    at,
                }])
            }
            ApplicationCommand::RevokeApiKey { key_id, now: at } => {
                let key = self.api_keys.get(&key_id).ok_or(ApplicationError::KeyNotFound)?;
                if key.revoked_at.is_some() {
                    return Ok(Vec::new());
                }
                Ok(vec![ApplicationEvent::ApiKeyRevoked { key_id, at }])
            }
            ApplicationCommand::DeleteApplication { now: at } => {
                Ok(vec![ApplicationEvent::ApplicationDeleted { at }])
            }
        }
    }

    fn decide_update(
        &self,
        name: Option<ApplicationName>,
        settings: Option<SettingsChange>,
        at: DateTime<Utc>,
    ) -> Result<Vec<ApplicationEvent>, ApplicationError> {
        let name = name.map_or_else(|| self.name.clone(), String::from);
        let settings = match settings {
            Some(change) => {
                let changed = change.applied_to(&self.settings);
                changed.checked(self.environment).map_err(ApplicationError::InvalidSettings)?
            }
            None => self.settings.clone(),
        };
        if name == self.name && settings == self.settings {
            return Ok(Vec::new());
        }
        Ok(vec![ApplicationEvent::ApplicationUpdated { name, settings, at }])
    }

    fn refuse_another_key(&self, rate_limit_per_minute: Option<u32>) -> Result<(), ApplicationError> {
        if rate_limit_per_minute == Some(0) {
            return Err(ApplicationError::RateLimitOutOfRange);
        }
        let unrevoked = self.api_keys.values().filter(|key| key.revoked_at.is_none()).count();
        if unrevoked >= MAX_API_KEYS { Err(ApplicationError::TooManyKeys) } else { Ok(()) }
    }

    fn refuse_unless_there(&self, command: &ApplicationCommand) -> Result<(), ApplicationError> {
        let creating = matches!(command, ApplicationCommand::CreateApplication { .. });
        match self.lifecycle {
            ApplicationLifecycle::Missing if creating => Ok(()),
            ApplicationLifecycle::Created if creating => Err(ApplicationError::AlreadyCreated),
            ApplicationLifecycle::Created => Ok(()),
            ApplicationLifecycle::Missing | ApplicationLifecycle::Deleted => Err(ApplicationError::NotFound),
        }
    }
}

impl Aggregate for Application {
    const TYPE: &'static str = "Application";
    type Command = ApplicationCommand;
    type Event = ApplicationEvent;
    type Error = ApplicationError;
    type Services = ();

    async fn handle(
        &mut self,
        command: ApplicationCommand,
        _: &(),
        sink: &EventSink<Self>,
    ) -> Result<(), ApplicationError> {
        for event in self.decide(command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: ApplicationEvent) {
        match event {
            ApplicationEvent::ApplicationCreated { owner, name, environment, at } => {
                let lifecycle = ApplicationLifecycle::Created;
                let (created_at, updated_at) = (at, at);
                *self =
                    Self { lifecycle, owner, name, environment, created_at, updated_at, ..Self::default() };
            }
            ApplicationEvent::ApplicationUpdated { name, settings, at } => {
                self.name = name;
                self.settings = settings;
                self.updated_at = at;
            }
            ApplicationEvent::AppSecretRotated { at } => self.updated_at = at,
            ApplicationEvent::ApiKeyIssued { key_id, label, key_type, prefix, rate_limit_per_minute, at } => {
                let (created_at, revoked_at) = (at, None);
                let key = ApiKey { label, key_type, prefix, rate_limit_per_minute, created_at, revoked_at };
                self.api_keys.insert(key_id, key);
            }
            ApplicationEvent::ApiKeyRevoked { key_id, at } => {
                if let Some(key) = self.api_keys.get_mut(&key_id) {
                    key.revoked_at = Some(at);
                }
            }
            ApplicationEvent::ApplicationDeleted { at } => {
                self.lifecycle = ApplicationLifecycle::Deleted;
                self.updated_at = at;
            }
        }
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
