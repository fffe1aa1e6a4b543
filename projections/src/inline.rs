//! Inline read models: the tables that allow-or-deny answers depend on, written in the transaction that writes the events.
//!
//! A row is a function of the folded aggregate and of the sequence of its last event; of two writes the higher sequence
//! wins. So writing a row twice, late or from a rebuild gives the same table.

use std::fmt::Display;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use cqrs_es::Aggregate;
use devauth_aggregates::UserId;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::part::Part;
use crate::{Error, Tx, clean_up, last_logins, sessions};

/// An aggregate whose state is kept as rows beside its events.
pub trait Inline: Aggregate {
    /// Ids of its streams.
    type Id: Copy + Display + FromStr + Send + Sync;

    /// The UUID inside an id.
    fn uuid(id: Self::Id) -> Uuid;

    /// Whose personal data its events hold.
    fn person(&self, id: Self::Id) -> Option<UserId>;

    /// Writes the rows of these streams (each is there once) into the tables that `connection` finds by their names, and
    /// touches no other table.
    ///
    /// # Errors
    /// Postgres is away.
    fn write_all(
        connection: &mut PgConnection,
        streams: &[Stream<'_, Self>],
    ) -> impl Future<Output = Result<(), Error>> + Send;

    /// As [`Inline::write_all`], without what clean-up has removed.
    ///
    /// # Errors
    /// Postgres is away.
    fn write_all_kept(
        connection: &mut PgConnection,
        streams: &[Stream<'_, Self>],
        _cleaned: CleanedUp,
    ) -> impl Future<Output = Result<(), Error>> + Send {
        Self::write_all(connection, streams)
    }

    /// Writes the rows of the stream `id`, whose last event has `sequence`.
    ///
    /// # Errors
    /// Postgres is away.
    fn write(
        &self,
        tx: &mut Tx<'_>,
        id: Self::Id,
        sequence: i64,
    ) -> impl Future<Output = Result<(), Error>> + Send {
        async move { Self::write_all(tx, &[Stream { id, state: self, sequence }]).await }
    }

    /// The same as a part of another statement, where one row is all there is to write.
    fn part(&self, _id: Self::Id, _sequence: i64) -> Option<Part> {
        None
    }
}

/// A stream, folded.
pub struct Stream<'a, A: Inline> {
    /// Its id.
    pub id: A::Id,
    /// The state after its last event.
    pub state: &'a A,
    /// The sequence of its last event.
    pub sequence: i64,
}

impl<A: Inline> Clone for Stream<'_, A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A: Inline> Copy for Stream<'_, A> {}

/// The inline read models, as operators see them: the tables that one aggregate's streams fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InlineModel {
    /// Users.
    Users,
    /// Sessions, and when each user logged in last.
    Sessions,
    /// Applications and their API keys.
    Applications,
}

impl InlineModel {
    /// All of them.
    pub const ALL: &'static [InlineModel] =
        &[InlineModel::Users, InlineModel::Sessions, InlineModel::Applications];

    /// Its name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            InlineModel::Users => "users",
            InlineModel::Sessions => "sessions",
            InlineModel::Applications => "applications",
        }
    }

    /// The tables it consists of, in the order in which writers touch them.
    #[must_use]
    pub fn tables(self) -> &'static [&'static str] {
        match self {
            InlineModel::Users => &["users"],
            InlineModel::Sessions => &["sessions", "last_logins"],
            InlineModel::Applications => &["applications", "api_keys"],
        }
    }

    /// Removes what the tables that `connection` finds by their names say of these people, beyond what their own streams
    /// make of it: their sessions, whose streams don't know that their user was erased.
    ///
    /// # Errors
    /// Postgres is away.
    pub(crate) async fn forget(self, connection: &mut PgConnection, people: &[UserId]) -> Result<(), Error> {
        match self {
            InlineModel::Users | InlineModel::Applications => Ok(()),
            InlineModel::Sessions => {
                for person in people {
                    sessions::forget(connection, *person).await?;
                    last_logins::forget(connection, *person).await?;
                }
                Ok(())
            }
        }
    }

    /// What clean-up has removed so far.
    ///
    /// # Errors
    /// Postgres is away.
    pub(crate) async fn cleaned_up(self, connection: &mut PgConnection) -> Result<CleanedUp, Error> {
        match self {
            InlineModel::Users | InlineModel::Applications => Ok(CleanedUp(None)),
            InlineModel::Sessions => Ok(CleanedUp(Some(clean_up::sessions_ended_until(connection).await?))),
        }
    }

    /// Removes from the tables that `connection` finds by their names what clean-up has removed.
    ///
    /// # Errors
    /// Postgres is away.
    pub(crate) async fn clean_up(
        self,
        connection: &mut PgConnection,
        cleaned: CleanedUp,
    ) -> Result<(), Error> {
        match (self, cleaned) {
            (InlineModel::Sessions, CleanedUp(Some(until))) => sessions::clean_up(connection, until).await,
            (InlineModel::Users | InlineModel::Sessions | InlineModel::Applications, _) => Ok(()),
        }
    }
}

/// What clean-up has removed of an inline model: what was over up to this moment, if it removes anything at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CleanedUp(pub(crate) Option<DateTime<Utc>>);

impl CleanedUp {
    /// Whether it has removed what was over at `end`.
    #[must_use]
    pub fn covers(self, end: DateTime<Utc>) -> bool {
        self.0.is_some_and(|until| end <= until)
    }
}
