//! Inline read models: the tables that allow-or-deny answers depend on, written in the transaction that writes the events.
//!
//! A row is a function of the folded aggregate and of the sequence of its last event; of two writes the higher sequence
//! wins. So writing a row twice, late or from a rebuild gives the same table.

use cqrs_es::Aggregate;

use crate::{Error, Tx};

/// An aggregate whose state is kept as rows beside its events.
pub trait Inline: Aggregate {
    /// Writes the rows of the stream `id`, whose last event has `sequence`.
    ///
    /// # Errors
    /// Postgres is away.
    fn write(
        &self,
        tx: &mut Tx<'_>,
        id: uuid::Uuid,
        sequence: i64,
    ) -> impl Future<Output = Result<(), Error>> + Send;
}
