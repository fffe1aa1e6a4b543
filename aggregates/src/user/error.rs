//! Why a user command is refused.

/// What is the case when a command is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UserError {
    /// No such user: never registered, or erased.
    #[error("there is no such user")]
    NotFound,
    /// The id is taken by a registered user.
    #[error("the user is already registered")]
    AlreadyRegistered,
    /// The one-time token is unknown, used, superseded or expired, or its user may not use it. One answer for all.
    #[error("the token is not valid")]
    TokenInvalid,
    /// Every session was ended since the caller proved who they are.
    #[error("the user's sessions were ended meanwhile")]
    SessionsEnded,
    /// The user is suspended.
    #[error("the user is suspended")]
    Suspended,
    /// The lock was reached before the user's last password reset, which opened it.
    #[error("the password was reset since")]
    ResetSince,
}
