//! Failures of the store and refusals of commands, as answers.

use std::time::Duration;

use devauth_aggregates::{ApplicationError, SessionError, SettingsError, UserError};
use devauth_projections::Error;

use super::{ApiError, ErrorCode, FieldError};
use crate::commands::CommandError;
use crate::crypto::passwords::Busy;

/// When to come back while Postgres is away: it restarts in seconds.
const RETRY_AFTER: Duration = Duration::from_secs(2);

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        match error {
            Error::Unavailable(cause) => ApiError::unavailable(cause, RETRY_AFTER),
            // Lost every try against other writers: the request may be repeated.
            Error::Conflict | Error::AlreadyRecorded => ErrorCode::Conflict.into(),
            Error::AddressTaken => ErrorCode::EmailTaken.into(),
            // Repeated, it gets the answer of the request that took the key over.
            Error::ReservationLost => ErrorCode::IdempotencyInProgress.into(),
            // Erased while they acted: whatever they showed is good for nothing any more.
            Error::PersonErased => ErrorCode::InvalidToken.into(),
            Error::Database(cause) => ApiError::internal(cause),
            // Only clean-up asks for that, and takes it for an answer.
            error @ (Error::HasLoggedIn | Error::Corrupt(_) | Error::Sealing(_)) => ApiError::internal(error),
        }
    }
}

impl<E: Into<ApiError>> From<CommandError<E>> for ApiError {
    fn from(error: CommandError<E>) -> Self {
        match error {
            CommandError::Refused(refusal) => refusal.into(),
            CommandError::AddressTaken => ErrorCode::EmailTaken.into(),
            CommandError::Store(error) => error.into(),
        }
    }
}

impl From<UserError> for ApiError {
    fn from(error: UserError) -> Self {
        match error {
            UserError::NotFound => ErrorCode::NotFound.into(),
            UserError::TokenInvalid => ErrorCode::TokenInvalid.into(),
            UserError::SessionsEnded | UserError::Suspended => ErrorCode::InvalidToken.into(),
            UserError::AlreadyRegistered => ApiError::internal("an id was drawn twice"),
            UserError::ResetSince => ApiError::internal("a lock from before a reset is nobody's answer"),
        }
    }
}

impl From<SessionError> for ApiError {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::NotFound | SessionError::Ended | SessionError::Invalid => {
                ErrorCode::InvalidToken.into()
            }
            SessionError::AlreadyStarted => ApiError::internal("an id was drawn twice"),
        }
    }
}

impl From<ApplicationError> for ApiError {
    fn from(error: ApplicationError) -> Self {
        match error {
            ApplicationError::NotFound | ApplicationError::KeyNotFound => ErrorCode::NotFound.into(),
            ApplicationError::TooManyKeys => ApiError::new(ErrorCode::Conflict).detail(
                "The application has 100 API keys that are not revoked. Revoke one that is not in use.",
            ),
            ApplicationError::AlreadyCreated => ApiError::internal("an id was drawn twice"),
            ApplicationError::InvalidSettings(errors) => {
                ApiError::validation(errors.iter().map(settings_problem).collect())
            }
            error @ ApplicationError::RateLimitOutOfRange => {
                ApiError::internal(format!("a handler let pass what the aggregate refuses: {error}"))
            }
        }
    }
}

fn settings_problem(error: &SettingsError) -> FieldError {
    let code = match error {
        SettingsError::AppUrl(_) => "invalid_url",
        SettingsError::Origin { .. } => "invalid_origin",
        SettingsError::TooManyOrigins => "too_long",
        SettingsError::PasswordMinLength
        | SettingsError::PasswordMinStrength
        | SettingsError::SessionLifetime => "out_of_range",
    };
    FieldError { pointer: format!("/settings{}", error.pointer()), code, message: error.to_string() }
}

impl From<Busy> for ApiError {
    fn from(busy: Busy) -> Self {
        ApiError::new(ErrorCode::Busy).retry_after(busy.retry_after)
    }
}
