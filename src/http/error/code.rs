//! Every error code that a client can meet, with its status and its words: one table, matched in full.

use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

/// What went wrong, in the word that programs act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The body is not JSON or not an object, or the request can't be read at all.
    MalformedRequest,
    /// A mailed token that is unknown, used, expired, superseded or another application's.
    TokenInvalid,
    /// The application's key is missing, wrong, revoked or not this application's.
    InvalidApiKey,
    /// Unknown address, wrong password or suspended user.
    InvalidCredentials,
    /// An access, refresh or portal token that is bad, expired or whose session ended.
    InvalidToken,
    /// A refresh token was shown again after its grace; its session has ended.
    RefreshTokenReused,
    /// This type of API key may not call this route.
    KeyTypeNotAllowed,
    /// The page's origin may not call this route.
    OriginNotAllowed,
    /// A secret key was sent from a browser.
    SecretKeyInBrowser,
    /// The application wants a verified address and this one isn't.
    EmailUnverified,
    /// The caller is known but may not do this.
    Forbidden,
    /// An unknown route, or an object that is not there or not the caller's.
    NotFound,
    /// The route has no such method.
    MethodNotAllowed,
    /// The request did not arrive in time.
    RequestTimeout,
    /// The body is too large.
    TooLarge,
    /// The body's media type is not one the route reads.
    UnsupportedMediaType,
    /// The header section or the target is too large.
    HeadersTooLarge,
    /// The address already has a user.
    EmailTaken,
    /// The request collides with the present state or with another request.
    Conflict,
    /// A request with the same idempotency key is still being answered.
    IdempotencyInProgress,
    /// Members of the body or parameters are unacceptable; `errors` says which.
    ValidationFailed,
    /// The idempotency key was used for a different request.
    IdempotencyMismatch,
    /// Too many requests.
    RateLimited,
    /// Too many failed logins from this address.
    AccountLocked,
    /// Too many failed logins for this account from anywhere.
    AccountProtected,
    /// Something the service needs is away.
    Unavailable,
    /// The password hashing queue is full.
    Busy,
    /// A bug.
    Internal,
}

/// One row of the error table.
#[derive(Clone, Copy, Debug)]
pub struct ErrorInfo {
    /// The code as it stands in a body.
    pub name: &'static str,
    /// The status that goes with it.
    pub status: StatusCode,
    /// The kind of problem in a few words; the same for every occurrence (RFC 9457, 3.1.3).
    pub title: &'static str,
    /// What `detail` says when the place that refuses has nothing more exact to tell.
    pub detail: &'static str,
}

const fn row(name: &'static str, status: StatusCode, title: &'static str, detail: &'static str) -> ErrorInfo {
    ErrorInfo { name, status, title, detail }
}

impl ErrorCode {
    /// Every code, in the order of the contract.
    #[rustfmt::skip]
    pub const ALL: [ErrorCode; 28] = {
        use ErrorCode::*;
        [
            MalformedRequest, TokenInvalid, InvalidApiKey, InvalidCredentials, InvalidToken,
            RefreshTokenReused, KeyTypeNotAllowed, OriginNotAllowed, SecretKeyInBrowser, EmailUnverified,
            Forbidden, NotFound, MethodNotAllowed, RequestTimeout, TooLarge, UnsupportedMediaType,
            HeadersTooLarge, EmailTaken, Conflict, IdempotencyInProgress, ValidationFailed,
            IdempotencyMismatch, RateLimited, AccountLocked, AccountProtected, Unavailable, Busy, Internal,
        ]
    };

    /// The code's row: name, status, title and usual detail.
    #[rustfmt::skip] // a table is read as a table
    pub const fn info(self) -> ErrorInfo {
        use StatusCode as S;
        match self {
            Self::MalformedRequest => row("malformed_request", S::BAD_REQUEST, "Malformed request",
                "The request could not be read. A body must be one JSON object in UTF-8 without repeated members."),
            Self::TokenInvalid => row("token_invalid", S::BAD_REQUEST, "Invalid or expired link",
                "The token is unknown, was already used, has expired or was replaced by a newer one."),
            Self::InvalidApiKey => row("invalid_api_key", S::UNAUTHORIZED, "Invalid API key",
                "Send a valid application id in x-app-id and one of its API keys in x-api-key."),
            Self::InvalidCredentials => row("invalid_credentials", S::UNAUTHORIZED, "Invalid credentials",
                "The email address or the password is wrong."),
            Self::InvalidToken => row("invalid_token", S::UNAUTHORIZED, "Invalid token",
                "The token is missing, malformed or expired, or its session has ended."),
            Self::RefreshTokenReused => row("refresh_token_reused", S::UNAUTHORIZED, "Refresh token reused",
                "This refresh token was already replaced. To be safe, its session was ended; log in again."),
            Self::KeyTypeNotAllowed => row("key_type_not_allowed", S::FORBIDDEN, "Key type not allowed",
                "This type of API key can't call this route."),
            Self::OriginNotAllowed => row("origin_not_allowed", S::FORBIDDEN, "Origin not allowed",
                "Requests from this web origin are not allowed. Add it to the application's allowed origins."),
            Self::SecretKeyInBrowser => row("secret_key_in_browser", S::FORBIDDEN, "Secret key in a browser",
                "A secret API key was used from a browser. Revoke it and use a publishable key there."),
            Self::EmailUnverified => row("email_unverified", S::FORBIDDEN, "Email address not verified",
                "The email address must be verified first."),
            Self::Forbidden => row("forbidden", S::FORBIDDEN, "Forbidden",
                "This caller may not do this."),
            Self::NotFound => row("not_found", S::NOT_FOUND, "Not found",
                "There is nothing here, or it is not yours."),
            Self::MethodNotAllowed => row("method_not_allowed", S::METHOD_NOT_ALLOWED, "Method not allowed",
                "The route does not have this method. The Allow header lists those it has."),
            Self::RequestTimeout => row("request_timeout", S::REQUEST_TIMEOUT, "Request timeout",
                "The request did not arrive in time."),
            Self::TooLarge => row("too_large", S::PAYLOAD_TOO_LARGE, "Body too large",
                "The body is larger than 64 KiB."),
            Self::UnsupportedMediaType => row("unsupported_media_type", S::UNSUPPORTED_MEDIA_TYPE, "Unsupported media type",
                "Send the body as application/json in UTF-8."),
            Self::HeadersTooLarge => row("headers_too_large", S::REQUEST_HEADER_FIELDS_TOO_LARGE, "Headers too large",
                "The request's headers or its target are too large."),
            Self::EmailTaken => row("email_taken", S::CONFLICT, "Email address taken",
                "There is already a user with this email address."),
            Self::Conflict => row("conflict", S::CONFLICT, "Conflict",
                "The request does not fit the present state."),
            Self::IdempotencyInProgress => row("idempotency_in_progress", S::CONFLICT, "Request in progress",
                "A request with this Idempotency-Key is still being answered."),
            Self::ValidationFailed => row("validation_failed", S::UNPROCESSABLE_ENTITY, "Validation failed",
                "Some values are not acceptable; errors lists them."),
            Self::IdempotencyMismatch => row("idempotency_mismatch", S::UNPROCESSABLE_ENTITY, "Idempotency key reused",
                "This Idempotency-Key was used for a different request."),
            Self::RateLimited => row("rate_limited", S::TOO_MANY_REQUESTS, "Too many requests",
                "Too many requests. Try again after the seconds in Retry-After."),
            Self::AccountLocked => row("account_locked", S::TOO_MANY_REQUESTS, "Account locked",
                "Too many failed logins. Try again after the seconds in Retry-After."),
            Self::AccountProtected => row("account_protected", S::TOO_MANY_REQUESTS, "Account protected",
                "Too many failed logins for this account. Try again later, or reset the password."),
            Self::Unavailable => row("unavailable", S::SERVICE_UNAVAILABLE, "Service unavailable",
                "The service can't answer right now. Try again after the seconds in Retry-After."),
            Self::Busy => row("busy", S::SERVICE_UNAVAILABLE, "Service busy",
                "Too many logins and signups at once. Try again after the seconds in Retry-After."),
            Self::Internal => row("internal", S::INTERNAL_SERVER_ERROR, "Internal error",
                "Something went wrong on our side. The request id helps to find it."),
        }
    }

    /// The code as it stands in a body, for example `not_found`.
    pub const fn as_str(self) -> &'static str {
        self.info().name
    }

    /// The status that goes with the code.
    pub const fn status(self) -> StatusCode {
        self.info().status
    }

    /// The code with this name.
    pub fn from_name(name: &str) -> Option<ErrorCode> {
        Self::ALL.into_iter().find(|code| code.as_str() == name)
    }

    /// The nearest code for an error status that was answered without one.
    pub fn from_status(status: StatusCode) -> ErrorCode {
        match status.as_u16() {
            401 => Self::InvalidToken,
            403 => Self::Forbidden,
            404 | 410 => Self::NotFound,
            405 => Self::MethodNotAllowed,
            408 => Self::RequestTimeout,
            409 => Self::Conflict,
            413 => Self::TooLarge,
            415 => Self::UnsupportedMediaType,
            414 | 431 => Self::HeadersTooLarge,
            429 => Self::RateLimited,
            503 => Self::Unavailable,
            500.. => Self::Internal,
            _ => Self::MalformedRequest,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_serialized_name_is_the_tables_name_and_names_are_unique() {
        for (index, code) in ErrorCode::ALL.into_iter().enumerate() {
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
            assert_eq!(ErrorCode::from_name(code.as_str()), Some(code));
            // The discriminants count up, so a variant that ALL forgets leaves a hole here.
            assert_eq!(code as usize, index);
        }
        assert_eq!(ErrorCode::Internal as usize + 1, ErrorCode::ALL.len());
    }

    #[test]
    fn every_status_with_a_code_of_its_own_maps_back_to_that_status() {
        for status in [401, 403, 404, 405, 408, 409, 413, 415, 429, 431, 500, 503] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(ErrorCode::from_status(status).status(), status);
        }
    }
}
