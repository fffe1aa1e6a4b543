//! Why a session command is refused.

/// What is the case when a command is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SessionError {
    /// No such session.
    #[error("there is no such session")]
    NotFound,
    /// The id is taken by a session.
    #[error("the session was already started")]
    AlreadyStarted,
    /// The session has ended or expired.
    #[error("the session has ended")]
    Ended,
    /// A counter that was never given out: the token was not made by us.
    #[error("the refresh token is not valid")]
    Invalid,
}
