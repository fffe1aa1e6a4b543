//! Why an application command is refused.

use crate::SettingsError;

/// What is the case when a command is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApplicationError {
    /// No such application: never created, or deleted.
    #[error("there is no such application")]
    NotFound,
    /// The id is taken by an application.
    #[error("the application was already created")]
    AlreadyCreated,
    /// The application has no such API key.
    #[error("there is no such API key")]
    KeyNotFound,
    /// The application has as many unrevoked API keys as it may have.
    #[error("the application has too many API keys")]
    TooManyKeys,
    /// A limit that would let no request through.
    #[error("the rate limit is not at least 1 a minute")]
    RateLimitOutOfRange,
    /// Everything about the settings that is not accepted.
    #[error("the settings are not accepted")]
    InvalidSettings(Vec<SettingsError>),
}
