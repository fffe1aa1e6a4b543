//! How a command ends when it does not end well.

use std::fmt;
use std::process::ExitCode;

use crate::app::StartError;
use crate::config::ConfigErrors;
use crate::rotation::RotationError;

/// Why a command did not do its work; told on stderr, without any secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// Exit status 1: it was tried and did not work, or what was checked does not hold.
    Failed(String),
    /// Exit status 2: the command line or the configuration is wrong, and nothing was done.
    Usage(String),
}

impl Failure {
    /// Exit status 1.
    pub fn failed(reason: impl Into<String>) -> Self {
        Self::Failed(reason.into())
    }

    /// Exit status 2.
    pub fn usage(reason: impl Into<String>) -> Self {
        Self::Usage(reason.into())
    }

    /// The status the process ends with.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Failed(_) => ExitCode::FAILURE,
            Self::Usage(_) => ExitCode::from(2),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(reason) | Self::Usage(reason) => f.write_str(reason),
        }
    }
}

impl std::error::Error for Failure {}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Configuration(reason) => Self::Usage(reason),
            StartError::Database(cause) => cause.into(),
            StartError::Listen(..) => Self::Failed(error.to_string()),
        }
    }
}

impl From<devauth_projections::Error> for Failure {
    /// With its cause, which names the server's complaint and no secret.
    fn from(error: devauth_projections::Error) -> Self {
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
        Self::Failed(format!("the database can't be used: {error}{}", cause.unwrap_or_default()))
    }
}

impl From<RotationError> for Failure {
    fn from(error: RotationError) -> Self {
        match error {
            RotationError::Configuration(reason) => Self::Usage(reason),
            RotationError::Store(cause) => cause.into(),
            RotationError::Busy
            | RotationError::NotNow(_)
            | RotationError::NodesBehind(_)
            | RotationError::File(_)
            | RotationError::Damaged(_) => Self::Failed(error.to_string()),
        }
    }
}

impl From<ConfigErrors> for Failure {
    fn from(errors: ConfigErrors) -> Self {
        Self::Usage(errors.to_string())
    }
}
