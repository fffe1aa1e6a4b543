//! What can go wrong with Postgres, told apart as far as a caller has to act differently.

use crate::sealing::SealingError;

/// A failure of the event log, a read model or a secret.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another writer was first; reload and decide again.
    #[error("another writer was first")]
    Conflict,
    /// The events of this command are in the log already: an earlier try was committed although its answer was lost.
    #[error("the events of this command are already recorded")]
    AlreadyRecorded,
    /// The address belongs to another user of the application.
    #[error("the address is taken")]
    AddressTaken,
    /// The `Idempotency-Key` of this request is another one's by now, which does the work or has done it.
    #[error("the request took so long that a repeated one took its Idempotency-Key over")]
    ReservationLost,
    /// A person whose data would be recorded was erased.
    #[error("the person was erased")]
    PersonErased,
    /// A person who was to be forgotten only if they never logged in did.
    #[error("the person has logged in")]
    HasLoggedIn,
    /// Postgres can't be reached or refuses to work just now; trying later is right.
    #[error("Postgres is not available")]
    Unavailable(#[source] sqlx::Error),
    /// Postgres refused a statement: a bug.
    #[error("Postgres refused a statement")]
    Database(#[source] sqlx::Error),
    /// Something stored can't be read: a bug, or somebody changed it.
    #[error("stored data can't be read: {0}")]
    Corrupt(String),
    /// Something sealed can't be opened.
    #[error(transparent)]
    Sealing(#[from] SealingError),
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        if is_unavailable(&error) {
            return Error::Unavailable(error);
        }
        let Some(database) = error.as_database_error() else {
            return Error::Database(error);
        };
        // The named constraint decides: every unique violation has the same SQLSTATE.
        match (database.code().as_deref(), database.constraint()) {
            (Some("23505"), Some("events_pkey")) => Error::Conflict,
            (Some("23505"), Some("events_event_id_key")) => Error::AlreadyRecorded,
            (Some("23505"), Some("claims_pkey")) => Error::AddressTaken,
            (Some("40001" | "40P01"), _) => Error::Conflict,
            (_, _) => Error::Database(error),
        }
    }
}

/// Whether Postgres is away (or going away) rather than refusing this statement.
///
/// SQLSTATE classes: 08 connection exception, 53 insufficient resources, 57P0x shutdown and start-up, 58 system error; and
/// 25006 a standby after a failover, 25P03, 55P03 and 57014 the time limits that [`crate::pool`] sets. Of a connection that is
/// refused: 28 the credentials, 3D the database is not there, 55000 it takes no connections just now.
fn is_unavailable(error: &sqlx::Error) -> bool {
    if let Some(database) = error.as_database_error() {
        return database.code().is_some_and(|code| {
            ["08", "28", "3D", "53", "57P0", "58"].iter().any(|class| code.starts_with(class))
                || ["25006", "25P03", "55000", "55P03", "57014"].contains(&&*code)
        });
    }
    matches!(
        error,
        sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::Protocol(_)
    )
}
