//! `devauth serve`: the service.

use super::{Failure, block_on, env, warn_of_unknown_variables};
use crate::config::Config;

/// Run the service, configured by the environment
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Run the service, configured by the environment (see docs/configuration.md).\n\n\
        Applies the migrations first, unless DEVAUTH_MIGRATE is off. SIGTERM or ctrl-c finishes what is in flight \
        and stops.",
    after_help = AFTER_HELP
)]
pub(super) struct Args {}

const AFTER_HELP: &str = "\
Example:
  devauth keys generate --dir /etc/devauth >> .env    (and fill in the rest of .env.example)
  set -a; . ./.env; set +a
  devauth serve

Exit status:
  0  stopped as asked
  1  it could not start or go on: the database cannot be reached, a port is taken
  2  the command line or the configuration is wrong; all problems are named at once";

pub(super) fn run(Args {}: &Args) -> Result<(), Failure> {
    warn_of_unknown_variables();
    let config = Config::from_env(&env)?;
    block_on(
        async move { Err(Failure::failed(format!("no service to run as {:?} yet", config.environment))) },
    )
}
