//! `devauth projections verify`: whether the read models are what the log says.

use std::collections::BTreeMap;

use devauth_projections::catalog::Model;
use devauth_projections::verify::{Cell, Difference, Kind, Verified, Wanted, verify};
use serde::Serialize;

use super::progress::Line;
use super::{Access, named, refused};
use crate::cli::{Failure, answer, answer_json, block_on};

/// Check that read models are what the log says, row by row
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Check that read models are what the log says: folds the events anew beside them and compares row by row, in \
        one snapshot, while the service goes on. Names the rows that are missing, extra or different by their ids, and the \
        columns that differ.\n\n\
        Needs a DATABASE_URL whose role may read everything and make temporary tables, and DEVAUTH_ENCRYPTION_KEY.",
    after_help = AFTER_HELP
)]
pub(super) struct Args {
    /// The read models, as `devauth projections list` names them; all of them unless named
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// How many differences are listed for each table; all of them are counted
    #[arg(long, value_name = "COUNT", default_value_t = 100)]
    limit: usize,
    /// Also show the values that differ, which can be personal data
    #[arg(long)]
    show_values: bool,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

const AFTER_HELP: &str = "\
Example:
  devauth projections verify
  devauth projections verify users sessions --json

Exit status:
  0  each of them is exactly what the log says
  1  one of them is not, or it could not be checked
  2  the command line or the configuration is wrong";

/// What was found of one model.
#[derive(Debug, Serialize)]
struct Report {
    name: &'static str,
    /// Whether it is what the log says.
    equal: bool,
    /// The position up to which it was checked; none if it is written with the events.
    checkpoint: Option<i64>,
    /// Events that were folded.
    events: u64,
    /// Rows that it has.
    rows: u64,
    missing: u64,
    extra: u64,
    different: u64,
    /// Streams that it leaves out, and so did the check.
    parked_streams: Vec<String>,
    differences: Vec<Row>,
}

/// A row that is not what the log says.
#[derive(Debug, Serialize)]
struct Row {
    table: &'static str,
    key: BTreeMap<String, String>,
    /// `missing`, `extra` or `different`.
    kind: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    columns: Vec<Column>,
}

#[derive(Serialize)]
struct Column {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    values: Option<Values>,
}

/// Without the values: they can be personal.
impl std::fmt::Debug for Column {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.name)
    }
}

#[derive(Serialize)]
struct Values {
    live: Option<String>,
    expected: Option<String>,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let models = if args.names.is_empty() { Model::all().collect() } else { named(&args.names)? };
    let wanted = Wanted { listed: args.limit, values: args.show_values };
    let access = Access::from_env()?;
    let mut reports = Vec::new();
    let checked = block_on(async {
        for model in models {
            let report = one(&access, model, wanted).await?;
            if !args.json {
                answer(&report.as_text())?;
            }
            reports.push(report);
        }
        Ok(())
    });
    let equal = reports.iter().all(|report| report.equal);
    if args.json {
        answer_json(&serde_json::json!({ "equal": equal && checked.is_ok(), "projections": reports }))?;
    }
    checked?;
    if equal {
        return Ok(());
    }
    let names: Vec<_> = reports.iter().filter(|report| !report.equal).map(|report| report.name).collect();
    Err(Failure::failed(format!("not what the log says: {}", names.join(", "))))
}

async fn one(access: &Access, model: Model, wanted: Wanted) -> Result<Report, Failure> {
    let mut line = Line::of(model);
    let verified =
        verify(access.url(), &access.keyring, model, wanted, &mut |progress| line.show(progress)).await;
    drop(line);
    Ok(Report::of(model, verified.map_err(|refusal| refused(model, refusal))?))
}

impl Report {
    fn of(model: Model, verified: Verified) -> Self {
        let equal = verified.holds();
        let parked = verified.parked.into_iter();
        let found = verified.differences;
        Report {
            name: model.name(),
            equal,
            checkpoint: verified.position,
            events: verified.events,
            rows: verified.rows,
            missing: found.missing,
            extra: found.extra,
            different: found.different,
            parked_streams: parked
                .map(|stream| format!("{} {}", stream.aggregate_type, stream.aggregate_id))
                .collect(),
            differences: found.listed.into_iter().map(Row::of).collect(),
        }
    }

    fn as_text(&self) -> String {
        let up_to =
            self.checkpoint.map_or_else(String::new, |position| format!(" up to position {position}"));
        let read = format!("{} rows against {} events{up_to}", self.rows, self.events);
        let mut text = match self.equal {
            true => format!("{}: equal ({read})\n", self.name),
            false => format!(
                "{}: NOT EQUAL: {} missing, {} extra, {} different ({read})\n",
                self.name, self.missing, self.extra, self.different
            ),
        };
        for stream in &self.parked_streams {
            text += &format!("  parked     {stream}\n");
        }
        for row in &self.differences {
            text += &row.as_text();
        }
        let listed = self.differences.len() as u64;
        let all = self.missing + self.extra + self.different;
        if listed < all {
            text += &format!("  and {} more\n", all - listed);
        }
        text
    }
}

impl Row {
    fn of(difference: Difference) -> Self {
        let (kind, cells) = match difference.kind {
            Kind::Missing => ("missing", Vec::new()),
            Kind::Extra => ("extra", Vec::new()),
            Kind::Different(cells) => ("different", cells),
        };
        let columns = cells.into_iter().map(|Cell { column, values }| Column {
            name: column,
            values: values.map(|values| Values { live: values.live, expected: values.expected }),
        });
        let key = difference.key.into_iter().collect();
        Row { table: difference.table, key, kind, columns: columns.collect() }
    }

    fn as_text(&self) -> String {
        let key: Vec<_> = self.key.iter().map(|(column, value)| format!("{column}={value}")).collect();
        let names: Vec<_> = self.columns.iter().map(|column| &*column.name).collect();
        let columns = if names.is_empty() { String::new() } else { format!(": {}", names.join(", ")) };
        let mut text = format!("  {:<10} {} {}{columns}\n", self.kind, self.table, key.join(" "));
        for Column { name, values } in &self.columns {
            if let Some(Values { live, expected }) = values {
                let shown =
                    |value: &Option<String>| value.as_ref().map_or("null".to_owned(), |it| format!("{it:?}"));
                text += &format!("             {name} is {}, not {}\n", shown(live), shown(expected));
            }
        }
        text
    }
}
