//! The read models that follow the log. Each is a file named as its table; this is the list of them.

use devauth_aggregates::UserId;
use sqlx::PgConnection;

use crate::feed::Recorded;
use crate::{Error, audit_log, portal_users, statistics};

/// A read model that follows the log by its checkpoint.
///
/// What it makes of events depends on nothing else: no clock, no randomness, no other table. And it is the same in whatever
/// batches they come. So it can be rebuilt, and proved to equal what a rebuild would make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReadModel {
    /// Users as the portal lists and searches them.
    PortalUsers,
    /// What happened in an application.
    AuditLog,
    /// How many users an application has, and its days.
    Statistics,
}

/// What happens when an event can't be projected, after it was tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnFailure {
    /// The whole read model stops: it must never leave anything out.
    Stop,
    /// The event's stream is left out from there on, and everything else goes on.
    ParkStream,
}

impl ReadModel {
    /// All of them.
    pub const ALL: &'static [ReadModel] =
        &[ReadModel::PortalUsers, ReadModel::AuditLog, ReadModel::Statistics];

    /// Its name on the command line, in metrics and in the table of checkpoints.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            ReadModel::PortalUsers => "portal_users",
            ReadModel::AuditLog => "audit_log",
            ReadModel::Statistics => "statistics",
        }
    }

    /// The one of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|model| model.name() == name)
    }

    /// The tables it consists of.
    #[must_use]
    pub fn tables(self) -> &'static [&'static str] {
        match self {
            ReadModel::PortalUsers => &["portal_users"],
            ReadModel::AuditLog => &["audit_log"],
            ReadModel::Statistics => &["application_statistics", "application_days", "statistics_users"],
        }
    }

    /// What happens when an event can't be projected.
    #[must_use]
    pub fn on_failure(self) -> OnFailure {
        match self {
            // A stream's part of the numbers doesn't depend on other streams, so it can be added later.
            ReadModel::PortalUsers | ReadModel::Statistics => OnFailure::ParkStream,
            ReadModel::AuditLog => OnFailure::Stop,
        }
    }

    /// Projects events, which follow one another in the log, into the tables that `connection` finds by their names.
    ///
    /// # Errors
    /// Postgres is away, or refuses what an event would have it store.
    pub async fn apply(self, connection: &mut PgConnection, events: &[Recorded]) -> Result<(), Error> {
        match self {
            ReadModel::PortalUsers => portal_users::apply(connection, events).await,
            ReadModel::AuditLog => audit_log::apply(connection, events).await,
            ReadModel::Statistics => statistics::apply(connection, events).await,
        }
    }

    /// Removes what the tables that `connection` finds by their names say of people who were erased.
    ///
    /// # Errors
    /// Postgres is away.
    pub(crate) async fn forget(self, connection: &mut PgConnection, people: &[UserId]) -> Result<(), Error> {
        for person in people {
            match self {
                ReadModel::PortalUsers => portal_users::forget(connection, *person).await?,
                ReadModel::AuditLog => audit_log::forget(connection, *person).await?,
                // It counts, and says nothing personal.
                ReadModel::Statistics => {}
            }
        }
        Ok(())
    }
}
