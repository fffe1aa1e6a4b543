//! `devauth keys rotate`: replaces keys while the service runs.

mod encryption;
mod signing;

use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use clap::Subcommand;
use serde::Serialize;

use super::access;
use crate::cli::{Failure, answer, answer_json, block_on, warn_of_unknown_variables};
use crate::clock::Clock;
use crate::config::{Keys, parse_duration};
use crate::rotation::{Progress, Workplace};

/// Replace keys while the service runs
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Replace the encryption key or the signing key while the service runs, without a restart and without a failed \
        request.\n\n\
        The steps change the files named by DEVAUTH_ENCRYPTION_KEY_FILE and DEVAUTH_JWT_PRIVATE_KEY_FILE; the nodes notice \
        within seconds, and say so in the database (DATABASE_URL). A step that was cut off is taken up by running it again.",
    after_help = AFTER_HELP,
    arg_required_else_help = true
)]
pub(in crate::cli) struct Args {
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "\
Example:
  devauth keys rotate encryption && devauth keys rotate encryption --retire
  devauth keys rotate signing --all

Exit status:
  0  done
  1  a step is not due yet, a node did not follow, or a file or the database can't be used
  2  the command line or the configuration is wrong";

#[derive(Debug, Subcommand)]
enum Command {
    Signing(signing::Args),
    Encryption(encryption::Args),
}

/// What both have in common.
#[derive(Debug, clap::Args)]
struct Common {
    /// How long to wait for nodes that don't have a change yet; a node that was killed counts as running for a minute
    #[arg(long, value_name = "TIME", default_value = "2m", value_parser = parse_duration)]
    wait: Duration,
    /// The keys of `devauth dev`, which has to run
    #[arg(long)]
    dev: bool,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    warn_of_unknown_variables();
    match &args.command {
        Command::Signing(args) => signing::run(args),
        Command::Encryption(args) => encryption::run(args),
    }
}

/// Does `work` with the configured keys and database, and answers the state that it ends in.
fn rotate<S: Serialize>(
    common: &Common,
    work: impl AsyncFnOnce(&Workplace<'_>, &Keys) -> Result<S, Failure>,
    told: impl FnOnce(&S) -> String,
) -> Result<(), Failure> {
    let found = access::locate(common.dev)?;
    let state = block_on(async {
        let pool = access::connect(&found, common.dev)?;
        let clock = Clock::system();
        clock.synchronise(&pool).await?;
        let tell = |progress: Progress| show(&progress);
        let at = Workplace { pool: &pool, clock: &clock, patience: common.wait, tell: &tell };
        work(&at, &found.keys).await
    })?;
    if common.json { answer_json(&state) } else { answer(&format!("{}\n", told(&state))) }
}

/// For who watches; scripts have the answer and the exit status.
fn show(progress: &Progress) {
    let mut terminal = std::io::stderr();
    if !terminal.is_terminal() {
        return;
    }
    // Nobody who reads it is no reason to stop.
    let _ = match progress {
        Progress::Said(text) => writeln!(terminal, "{text}"),
        Progress::Resealed { done, of } if done >= of => writeln!(terminal, "\r{done} of {of} rows resealed"),
        Progress::Resealed { done, of } => write!(terminal, "\r{done} of {of} rows resealed"),
    };
}
