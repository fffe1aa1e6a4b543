//! `devauth events verify`: whether the log, or an export of it, is what it was.

mod database;
mod earlier;
mod file;
mod verdict;

use std::path::PathBuf;

use devauth_aggregates::ApplicationId;

use super::application;
use crate::cli::{Failure, answer, answer_json};
use earlier::Earlier;
use verdict::Verdict;

/// Verify the log of the database, or an export alone
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Verify the log: every event against its hash, every stream for holes and its beginning, every position. Says which \
        event was changed, removed, inserted or moved, and what about it.\n\n\
        Without FILE the log of the database is verified, in one snapshot and while writes go on; DATABASE_URL is read and \
        nothing is changed. With FILE an export is verified, and nothing else is needed.\n\n\
        Who may write to the database can also make a log that holds. --since compares with what was exported before, or \
        with its digest, which only has to be kept where they can't reach it.",
    after_help = AFTER_HELP
)]
pub(in crate::cli) struct Args {
    /// An export; `-` is stdin
    #[arg(value_name = "FILE", conflicts_with = "app")]
    file: Option<PathBuf>,
    /// Verify the events of this application only: app_…, or `portal` for the developers
    #[arg(long, value_name = "APP", value_parser = application)]
    app: Option<ApplicationId>,
    /// Also verify that everything is there that an earlier export has: its file, or its digest
    #[arg(long, value_name = "FILE|DIGEST")]
    since: Option<String>,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

const AFTER_HELP: &str = "\
Example:
  devauth events verify
  devauth events verify bookshop.jsonl --since bookshop-in-may.jsonl

Exit status:
  0  it holds
  1  it does not hold, or the database cannot be reached
  2  the command line or the configuration is wrong, or a file cannot be read";

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let earlier = args.since.as_deref().map(Earlier::read).transpose()?;
    let verdict = match &args.file {
        Some(file) => file::verify(file, earlier)?,
        None => database::verify(args.app, earlier)?,
    };
    if args.json { answer_json(&verdict) } else { answer(&verdict.to_string()) }?;
    verdict.judge()
}

/// What is verified, in words.
fn name_of_log(application: Option<ApplicationId>) -> String {
    match application {
        None => "the log".to_owned(),
        Some(application) => format!("the log of {application}"),
    }
}

impl Verdict {
    /// Exit status 1 if it does not hold.
    fn judge(&self) -> Result<(), Failure> {
        if self.holds {
            return Ok(());
        }
        Err(Failure::failed(format!("{} does not hold", self.what)))
    }
}
