//! Rows as parts of the statement that appends the events. A command whose rows are all parts is one statement, which is a
//! transaction of its own: nothing has to be begun and committed, so it costs one round trip instead of five.

use sqlx::query_builder::Separated;
use sqlx::{Postgres, QueryBuilder};

use crate::{Error, Tx};

/// Binds the values of a row.
type Values = Box<dyn FnOnce(&mut Separated<'_, '_, Postgres, &'static str>) + Send>;

/// An INSERT of one row.
pub struct Part {
    /// The table with the columns to be filled.
    into: &'static str,
    /// The values, in the order of the columns.
    values: Values,
    /// What if there is such a row.
    on_conflict: &'static str,
}

impl Part {
    /// `INSERT INTO into VALUES (values) on_conflict`.
    pub(crate) fn new(
        into: &'static str,
        on_conflict: &'static str,
        values: impl FnOnce(&mut Separated<'_, '_, Postgres, &'static str>) + Send + 'static,
    ) -> Self {
        Part { into, values: Box::new(values), on_conflict }
    }

    /// Writes the row by a statement of its own.
    pub(crate) async fn execute(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        let mut statement = QueryBuilder::new("");
        self.add_to(&mut statement, "");
        statement.build().execute(&mut **tx).await?;
        Ok(())
    }

    /// Adds the INSERT to a statement; `condition` is what comes between the values and the conflict: FROM, WHERE.
    pub(crate) fn add_to(self, statement: &mut QueryBuilder<'_, Postgres>, condition: &str) {
        statement.push("INSERT INTO ").push(self.into).push(" SELECT ");
        (self.values)(&mut statement.separated(", "));
        statement.push(condition).push(" ").push(self.on_conflict);
    }
}
