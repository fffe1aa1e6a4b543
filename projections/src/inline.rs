//! Inline read models: the tables that allow-or-deny answers depend on, written in the transaction that writes the events.
//!
//! A row is a function of the folded aggregate and of the sequence of its last event; of two writes the higher sequence
//! wins. So writing a row twice, late or from a rebuild gives the same table.

use std::fmt::Display;

use cqrs_es::Aggregate;
use devauth_aggregates::UserId;
use uuid::Uuid;

use crate::part::Part;
use crate::{Error, Tx};

/// An aggregate whose state is kept as rows beside its events.
pub trait Inline: Aggregate {
    /// Ids of its streams.
    type Id: Copy + Display + Send + Sync;

    /// The UUID inside an id.
    fn uuid(id: Self::Id) -> Uuid;

    /// Whose personal data its events hold.
    fn person(&self, id: Self::Id) -> Option<UserId>;

    /// Writes the rows of the stream `id`, whose last event has `sequence`.
    ///
    /// # Errors
    /// Postgres is away.
    fn write(
        &self,
        tx: &mut Tx<'_>,
        id: Self::Id,
        sequence: i64,
    ) -> impl Future<Output = Result<(), Error>> + Send;

    /// The same as a part of another statement, where one row is all there is to write.
    fn part(&self, _id: Self::Id, _sequence: i64) -> Option<Part> {
        None
    }
}
