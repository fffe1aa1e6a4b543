//! `devauth projections list`: how each read model stands.

use devauth_projections::catalog::{self, Model, Standing};
use devauth_projections::pool::{self, PoolSettings};
use devauth_projections::rebuild::Shadowing;
use secrecy::ExposeSecret as _;
use serde::Serialize;

use crate::cli::{Failure, answer, answer_json, block_on, env};
use crate::config::LogAccess;

/// List the read models and how they stand
#[derive(Debug, clap::Args)]
#[command(
    long_about = "List the read models: how far each is, whether it goes on and why not, which streams it leaves out, and \
        whether a rebuild of it runs or was cut off. Reads DATABASE_URL alone.",
    after_help = AFTER_HELP
)]
pub(super) struct Args {
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

const AFTER_HELP: &str = "\
Example:
  devauth projections list --json

Exit status:
  0  listed
  1  the database cannot be reached
  2  the command line or the configuration is wrong";

/// A model, as it is told.
#[derive(Debug, Serialize)]
struct Listed {
    name: &'static str,
    /// `async`: it follows the log. `inline`: it is written with the events.
    kind: &'static str,
    tables: &'static [&'static str],
    /// `running`, `stopped`; an inline one is always `live`.
    state: &'static str,
    /// The last position that it has; none if it is written with the events.
    checkpoint: Option<i64>,
    /// Positions that it doesn't have yet.
    lag: i64,
    /// Why it stopped.
    error: Option<String>,
    parked_streams: Vec<Parked>,
    /// `running`, `interrupted`, `verifying`, or none.
    rebuild: Option<&'static str>,
}

/// A stream that it leaves out.
#[derive(Debug, Serialize)]
struct Parked {
    aggregate_type: String,
    aggregate_id: String,
    /// The first event that is missing.
    position: i64,
    error: String,
    parked_at: String,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let url = LogAccess::from_env(&env, false)?.database_url;
    let standings = block_on(async {
        let pool = pool::lazy(url.expose_secret(), &PoolSettings::default())?;
        Ok(catalog::standings(&pool).await?)
    })?;
    let listed: Vec<_> = standings.into_iter().map(Listed::of).collect();
    if args.json {
        answer_json(&serde_json::json!({ "projections": listed }))
    } else {
        answer(&as_table(&listed))
    }
}

impl Listed {
    fn of(standing: Standing) -> Self {
        let parked = standing.parked.into_iter().map(|stream| Parked {
            aggregate_type: stream.aggregate_type,
            aggregate_id: stream.aggregate_id,
            position: stream.position,
            error: stream.error,
            parked_at: stream.parked_at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        });
        let (kind, state) = match (standing.model, &standing.following) {
            (Model::Inline(_), _) => ("inline", "live"),
            (Model::Async(_), Some(following)) if following.running => ("async", "running"),
            (Model::Async(_), Some(_) | None) => ("async", "stopped"),
        };
        let following = standing.following;
        Listed {
            name: standing.model.name(),
            kind,
            tables: standing.model.tables(),
            state,
            checkpoint: following.as_ref().map(|following| following.checkpoint),
            lag: following.as_ref().map_or(0, |following| following.lag),
            error: following.and_then(|following| following.error),
            parked_streams: parked.collect(),
            rebuild: standing.shadowing.map(|shadowing| match shadowing {
                Shadowing::Rebuilding => "running",
                Shadowing::Interrupted => "interrupted",
                Shadowing::Verifying => "verifying",
            }),
        }
    }

    /// What an operator may want to do something about.
    fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        if let Some(error) = &self.error {
            remarks.push(format!("{} stopped: {error}", self.name));
        }
        for Parked { aggregate_type, aggregate_id, position, error, parked_at } in &self.parked_streams {
            remarks.push(format!(
                "{} leaves {aggregate_type} {aggregate_id} out from position {position} on, since {parked_at}: {error}",
                self.name
            ));
        }
        if self.rebuild == Some("interrupted") {
            remarks.push(format!(
                "{0}: a rebuild was interrupted and left copies behind; the next \"devauth projections rebuild {0}\" or \
                 \"devauth migrate\" drops them",
                self.name
            ));
        }
        remarks
    }
}

fn as_table(listed: &[Listed]) -> String {
    let mut table = format!(
        "{:<16}{:<8}{:<10}{:>12}{:>10}  {}\n",
        "NAME", "KIND", "STATE", "CHECKPOINT", "LAG", "REBUILD"
    );
    for one in listed {
        let checkpoint = one.checkpoint.map_or_else(|| "-".to_owned(), |checkpoint| checkpoint.to_string());
        let rebuild = one.rebuild.unwrap_or("-");
        table += &format!(
            "{:<16}{:<8}{:<10}{:>12}{:>10}  {}\n",
            one.name, one.kind, one.state, checkpoint, one.lag, rebuild
        );
    }
    for remark in listed.iter().flat_map(Listed::remarks) {
        table += &format!("\n{remark}\n");
    }
    table
}
