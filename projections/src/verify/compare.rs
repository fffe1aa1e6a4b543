//! Two tables of one form, read in the order of their keys and merged.

use std::cmp::Ordering;
use std::collections::VecDeque;
use std::fmt;

use sqlx::{Connection as _, Executor as _, PgConnection};

use super::Wanted;
use crate::rebuild::shadow::TEMPORARY;
use crate::rebuild::{Progress, Refusal, Report, Stage};

/// Rows that are fetched at once.
const FETCH: usize = 1_000;

/// How tables differ from what the log says.
#[derive(Debug, Default)]
pub struct Differences {
    /// Rows that are not there.
    pub missing: u64,
    /// Rows that should not be there.
    pub extra: u64,
    /// Rows that say something else.
    pub different: u64,
    /// The first of them.
    pub listed: Vec<Difference>,
}

/// A row that isn't what the log says.
#[derive(Debug)]
pub struct Difference {
    /// In which table.
    pub table: &'static str,
    /// Its primary key: columns with their values, which are ids.
    pub key: Vec<(String, String)>,
    /// What is wrong with it.
    pub kind: Kind,
}

/// What is wrong with a row.
#[derive(Debug)]
pub enum Kind {
    /// It is not there.
    Missing,
    /// It should not be there.
    Extra,
    /// It says something else in these columns.
    Different(Vec<Cell>),
}

/// A column in which a row differs.
pub struct Cell {
    /// Its name.
    pub column: String,
    /// What the table says and what the log says, if that was wanted.
    pub values: Option<Values>,
}

/// Two values as text, each of them absent if it is null.
pub struct Values {
    /// What the table says.
    pub live: Option<String>,
    /// What the log says.
    pub expected: Option<String>,
}

/// Without the values: they can be personal.
impl fmt::Debug for Cell {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Cell({})", self.column)
    }
}

impl Differences {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count() == 0
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.missing + self.extra + self.different
    }

    /// These as well.
    pub(super) fn add(&mut self, more: Differences) {
        self.missing += more.missing;
        self.extra += more.extra;
        self.different += more.different;
        self.listed.extend(more.listed);
    }
}

/// The sessions in which the two are seen.
pub(super) struct Sides<'a> {
    /// The table that serves, in a transaction that is open.
    pub live: &'a mut PgConnection,
    /// What it should be.
    pub fresh: &'a mut PgConnection,
}

/// Compares those rows of one table that meet a condition. Answers how many there are, and how they differ.
pub(super) async fn table(
    sides: Sides<'_>,
    (table, only): (&'static str, String),
    wanted: Wanted,
    report: &mut Report<'_>,
) -> Result<(u64, Differences), Refusal> {
    let layout = Layout::read(sides.live, table, only).await?;
    let total: f32 =
        sqlx::query_scalar("SELECT reltuples FROM pg_class WHERE oid = format('public.%I', $1)::regclass")
            .bind(table)
            .fetch_one(&mut *sides.live)
            .await?;
    let mut reading = sides.fresh.begin().await?;
    let mut live = Rows::open(sides.live, "public", &layout).await?;
    let mut fresh = Rows::open(&mut reading, TEMPORARY, &layout).await?;
    let mut found = Found { layout: &layout, wanted, differences: Differences::default() };
    let mut rows = 0;
    loop {
        let (is, should_be) = tokio::try_join!(live.peek(), fresh.peek())?;
        let order = match (is, should_be) {
            (None, None) => break,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(is), Some(should_be)) => is.key.cmp(&should_be.key),
        };
        let is = if order.is_le() { live.take() } else { None };
        let should_be = if order.is_ge() { fresh.take() } else { None };
        rows += u64::from(is.is_some());
        found.compare(is, should_be);
        if rows % FETCH as u64 == 0 {
            report(Progress { stage: Stage::Comparing, done: rows, total: total.max(0.0) as u64 });
        }
    }
    live.close().await?;
    let differences = found.differences;
    reading.rollback().await?;
    Ok((rows, differences))
}

/// The columns of a table.
struct Layout {
    table: &'static str,
    key: Vec<String>,
    values: Vec<String>,
    /// What to order by so that the keys come in the order of their texts.
    order: Vec<String>,
    /// The condition that rows have to meet.
    only: String,
}

impl Layout {
    async fn read(connection: &mut PgConnection, table: &'static str, only: String) -> Result<Self, Refusal> {
        let columns: Vec<(String, Option<i32>, bool)> = sqlx::query_as(
            "SELECT quote_ident(a.attname), array_position(i.indkey::int2[], a.attnum), a.atttypid = 'uuid'::regtype
             FROM pg_attribute a JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary
             WHERE a.attrelid = format('public.%I', $1)::regclass AND a.attnum > 0 AND NOT a.attisdropped
             ORDER BY 2 NULLS LAST, a.attnum",
        )
        .bind(table)
        .fetch_all(connection)
        .await?;
        let mut layout = Layout { table, key: Vec::new(), values: Vec::new(), order: Vec::new(), only };
        for (column, place, is_uuid) in columns {
            match place {
                None => layout.values.push(column),
                Some(_) => {
                    // The order of a UUID is that of its text, and an index has it.
                    let as_text = format!("{column}::text COLLATE \"C\"");
                    layout.order.push(if is_uuid { column.clone() } else { as_text });
                    layout.key.push(column);
                }
            }
        }
        Ok(layout)
    }

    fn select(&self, schema: &str) -> String {
        let texts = |columns: &[String]| {
            let texts: Vec<_> = columns.iter().map(|column| format!("{column}::text")).collect();
            format!("ARRAY[{}]::text[]", texts.join(", "))
        };
        format!(
            "SELECT {}, {} FROM {schema}.{} WHERE {} ORDER BY {}",
            texts(&self.key),
            texts(&self.values),
            self.table,
            self.only,
            self.order.join(", ")
        )
    }
}

struct Row {
    key: Vec<String>,
    values: Vec<Option<String>>,
}

/// The rows of one side in order, a few at a time.
struct Rows<'a> {
    connection: &'a mut PgConnection,
    fetched: VecDeque<Row>,
    finished: bool,
}

impl<'a> Rows<'a> {
    async fn open(connection: &'a mut PgConnection, schema: &str, layout: &Layout) -> Result<Self, Refusal> {
        connection
            .execute(&*format!("DECLARE compared NO SCROLL CURSOR FOR {}", layout.select(schema)))
            .await?;
        Ok(Rows { connection, fetched: VecDeque::new(), finished: false })
    }

    /// The next row, which stays the next.
    async fn peek(&mut self) -> Result<Option<&Row>, Refusal> {
        if self.fetched.is_empty() && !self.finished {
            let rows: Vec<(Vec<String>, Vec<Option<String>>)> =
                sqlx::query_as(&format!("FETCH FORWARD {FETCH} FROM compared"))
                    .persistent(false)
                    .fetch_all(&mut *self.connection)
                    .await?;
            self.finished = rows.len() < FETCH;
            self.fetched.extend(rows.into_iter().map(|(key, values)| Row { key, values }));
        }
        Ok(self.fetched.front())
    }

    fn take(&mut self) -> Option<Row> {
        self.fetched.pop_front()
    }

    async fn close(self) -> Result<(), Refusal> {
        self.connection.execute("CLOSE compared").await?;
        Ok(())
    }
}

struct Found<'a> {
    layout: &'a Layout,
    wanted: Wanted,
    differences: Differences,
}

impl Found<'_> {
    fn compare(&mut self, is: Option<Row>, should_be: Option<Row>) {
        match (is, should_be) {
            (Some(is), None) => {
                self.differences.extra += 1;
                self.list(is.key, Kind::Extra);
            }
            (None, Some(should_be)) => {
                self.differences.missing += 1;
                self.list(should_be.key, Kind::Missing);
            }
            (Some(is), Some(should_be)) if is.values != should_be.values => {
                self.differences.different += 1;
                let cells = self.cells(is.values, should_be.values);
                self.list(is.key, Kind::Different(cells));
            }
            (Some(_), Some(_)) | (None, None) => {}
        }
    }

    fn cells(&self, is: Vec<Option<String>>, should_be: Vec<Option<String>>) -> Vec<Cell> {
        let values = is.into_iter().zip(should_be);
        let differing = self.layout.values.iter().zip(values).filter(|(_, (is, should_be))| is != should_be);
        differing
            .map(|(column, (live, expected))| Cell {
                column: column.clone(),
                values: self.wanted.values.then_some(Values { live, expected }),
            })
            .collect()
    }

    fn list(&mut self, key: Vec<String>, kind: Kind) {
        if self.differences.listed.len() < self.wanted.listed {
            let key = self.layout.key.iter().cloned().zip(key).collect();
            self.differences.listed.push(Difference { table: self.layout.table, key, kind });
        }
    }
}
