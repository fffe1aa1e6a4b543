//! Every row of every table, to compare.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::PgConnection;

/// The columns of each table, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns(BTreeMap<String, Vec<String>>);

/// The rows of each table, sorted: its columns as text.
pub type Contents = BTreeMap<String, Vec<Vec<Option<String>>>>;

impl Columns {
    /// Those that there are. `projections` is left out: a way back removes rows of it, and the way forward makes them new.
    pub async fn now(connection: &mut PgConnection) -> Self {
        let all: Vec<(String, String)> = sqlx::query_as(
            "SELECT table_schema || '.' || table_name, column_name::text FROM information_schema.columns
             WHERE table_schema IN ('public', 'secrets') AND table_name NOT IN ('_sqlx_migrations', 'projections')
             ORDER BY table_schema, table_name, ordinal_position",
        )
        .fetch_all(connection)
        .await
        .unwrap();
        let mut columns = BTreeMap::<_, Vec<_>>::new();
        for (table, column) in all {
            columns.entry(table).or_default().push(column);
        }
        Columns(columns)
    }

    /// Of the contents of these columns, those of `some`.
    pub fn contents_of(&self, some: &Columns, contents: &Contents) -> Contents {
        let of = |(table, columns): (&String, &Vec<String>)| {
            let place = |column| self.0[table].iter().position(|known| known == column).unwrap();
            let places: Vec<_> = columns.iter().map(place).collect();
            let cut = |row: &Vec<Option<String>>| places.iter().map(|place| row[*place].clone()).collect();
            let mut rows: Vec<_> = contents[table].iter().map(cut).collect();
            rows.sort();
            (table.clone(), rows)
        };
        some.0.iter().map(of).collect()
    }
}

/// What is in these columns.
pub async fn contents(connection: &mut PgConnection, columns: &Columns) -> Contents {
    let mut contents = Contents::new();
    for (table, columns) in &columns.0 {
        let row: Vec<_> = columns.iter().map(|column| format!("\"{column}\"::text")).collect();
        let mut rows: Vec<Vec<Option<String>>> =
            sqlx::query_scalar(&format!("SELECT ARRAY[{}] FROM {table}", row.join(", ")))
                .fetch_all(&mut *connection)
                .await
                .unwrap();
        rows.sort();
        contents.insert(table.clone(), rows);
    }
    contents
}

/// The first rows that only one of two contents has.
pub fn differing(one: &Contents, other: &Contents) -> Vec<String> {
    let lines = |contents: &Contents| -> BTreeSet<String> {
        contents
            .iter()
            .flat_map(|(table, rows)| rows.iter().map(move |row| format!("{table} {row:?}")))
            .collect()
    };
    lines(one).symmetric_difference(&lines(other)).take(4).cloned().collect()
}
