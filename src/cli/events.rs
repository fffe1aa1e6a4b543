//! `devauth events`: the log for auditors: exported, followed, verified, and replayed from an export alone.

mod export;
mod lines;
mod output;
mod replay;
mod tail;
mod verify;

use clap::Subcommand;
use devauth_aggregates::{ApplicationId, portal};

use super::Failure;

/// Export, follow, verify or replay the log of events
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Export, follow and verify the log of events, and rebuild a user's state from an export.\n\n\
        `export`, `tail` and `verify` of a database read DATABASE_URL. `verify FILE` and `replay FILE` need nothing but the \
        file: see docs/auditing.md.",
    after_help = AFTER_HELP,
    arg_required_else_help = true
)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "\
Example:
  devauth events export --app app_01ja3vks5re0b8n1q2s4t6v8wx --output bookshop.jsonl
  devauth events verify bookshop.jsonl

Exit status:
  0  done, and what was checked holds
  1  what was checked does not hold, or it did not work
  2  the command line or the configuration is wrong";

#[derive(Debug, Subcommand)]
enum Command {
    Export(export::Args),
    Tail(tail::Args),
    Verify(verify::Args),
    Replay(replay::Args),
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    match &args.command {
        Command::Export(args) => export::run(args),
        Command::Tail(args) => tail::run(args),
        Command::Verify(args) => verify::run(args),
        Command::Replay(args) => replay::run(args),
    }
}

/// An application on the command line; `portal` is the one whose users are the developers.
fn application(text: &str) -> Result<ApplicationId, String> {
    if text == "portal" {
        return Ok(portal());
    }
    text.parse().map_err(|_| "not the id of an application: app_… or `portal`".to_owned())
}
