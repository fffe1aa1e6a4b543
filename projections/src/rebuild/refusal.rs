//! Why a read model was not rebuilt, or not checked. The one that serves is as it was.

use crate::Error;

/// Why there was no rebuild or no check.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Somebody else is at it.
    #[error("{0} is being rebuilt or verified by somebody else")]
    Busy(&'static str),
    /// The tables are not those that this release knows.
    #[error(
        "the database has migration {found} and this program {known}: use the program that belongs to it"
    )]
    Version {
        /// The newest applied migration.
        found: i64,
        /// The newest that this program has.
        known: i64,
    },
    /// The live table has something that its copy has not, or the table was changed while it was copied.
    #[error("{table} is not as its copy: {difference}")]
    Definition {
        /// Which table.
        table: String,
        /// What only one of them has.
        difference: String,
    },
    /// Transactions that hold the tables came one after another.
    #[error("the tables are in use all the time: no moment for the exchange was found in {0} tries")]
    Crowded(u32),
    /// An event can't be projected; a rebuild leaves nothing out.
    #[error("the event at position {position} can't be projected: {error}")]
    Event {
        /// Its position.
        position: i64,
        /// Why.
        error: Error,
    },
    /// The role in the URL may not do it.
    #[error("the role in DATABASE_URL may not do this; the one that owns the tables and the database may")]
    Denied,
    /// The database is away, refuses, or holds something that can't be read.
    #[error(transparent)]
    Store(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        if has_code(&error, "42501") { Refusal::Denied } else { Refusal::Store(error) }
    }
}

impl From<sqlx::Error> for Refusal {
    fn from(error: sqlx::Error) -> Self {
        Error::from(error).into()
    }
}

/// Whether a lock was waited for too long, or would have been for ever.
pub(super) fn is_lock_timeout(refusal: &Refusal) -> bool {
    match refusal {
        Refusal::Store(error) => matches!(error, Error::Conflict) || has_code(error, "55P03"),
        Refusal::Busy(_)
        | Refusal::Version { .. }
        | Refusal::Definition { .. }
        | Refusal::Crowded(_)
        | Refusal::Event { .. }
        | Refusal::Denied => false,
    }
}

fn has_code(error: &Error, code: &str) -> bool {
    let (Error::Database(cause) | Error::Unavailable(cause)) = error else { return false };
    cause.as_database_error().and_then(sqlx::error::DatabaseError::code).as_deref() == Some(code)
}
