//! `devauth events replay`: a user as they were at a moment, from an export alone.

mod person;
mod told;

#[cfg(test)]
mod tests;

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use devauth_aggregates::UserId;
use devauth_projections::proof::export::ExportCheck;

use super::lines::Lines;
use crate::cli::{Failure, answer, answer_json};
use person::Person;
use told::Told;

/// Rebuild a user's state at a moment from an export alone
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Rebuild the state that a user had at a moment, and list the events that led to it: of the user and of their sessions. \
        Needs nothing but the export, which is verified first.\n\n\
        From an export made with --opened personal data is shown as far as its keys were there; from any other it is sealed.",
    after_help = AFTER_HELP
)]
pub(in crate::cli) struct Args {
    /// An export; `-` is stdin
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The user: usr_…
    #[arg(long, value_name = "ID", value_parser = user)]
    user: UserId,
    /// The moment, such as 2026-05-01T12:00:00Z; otherwise the end of the export
    #[arg(long, value_name = "TIME", value_parser = moment)]
    at: Option<DateTime<Utc>>,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

const AFTER_HELP: &str = "\
Example:
  devauth events replay bookshop.jsonl --user usr_01ja3vks5re0b8n1q2s4t6v8wx --at 2026-05-01T12:00:00Z

Exit status:
  0  replayed
  1  the export does not hold, or has no such user
  2  the command line is wrong, or the file cannot be read";

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let mut check = ExportCheck::default();
    let mut person = Person::new(args.user);
    for text in Lines::open(&args.file)? {
        if let Some((line, event)) = check.line(&text?) {
            person.take(line, event);
        }
    }
    let summary = check.finish();
    let file = args.file.display();
    let (Some(header), true) = (summary.header, summary.findings.is_empty()) else {
        return Err(Failure::failed(format!(
            "{file} does not hold, so nothing follows from it; `devauth events verify {file}` says why"
        )));
    };
    if !person.is_known() {
        return Err(Failure::failed(format!("{file} has no events of {}", args.user)));
    }
    let moment = person.at(args.at).map_err(|reason| Failure::failed(format!("{file}: {reason}")))?;
    let told = Told::new(args.user, &header, args.at, moment);
    if args.json { answer_json(&told) } else { answer(&told.to_string()) }
}

fn user(text: &str) -> Result<UserId, String> {
    // A developer is the user of the portal with the same UUID.
    let developer = || text.parse().map(devauth_aggregates::user_id);
    text.parse().or_else(|_| developer()).map_err(|_| "not the id of a user: usr_… (or dev_…)".to_owned())
}

fn moment(text: &str) -> Result<DateTime<Utc>, String> {
    let time = DateTime::parse_from_rfc3339(text);
    time.map(|time| time.to_utc()).map_err(|_| "not a time such as 2026-05-01T12:00:00Z".to_owned())
}
