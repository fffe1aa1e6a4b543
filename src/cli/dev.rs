//! `devauth dev`: everything for a first try on one machine.

use super::{Failure, block_on, warn_of_unknown_variables};

/// Run everything for a first try on this machine, with nothing configured
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Run everything for a first try on this machine, with nothing configured: an own Postgres, in-process \
        limits, and mail shown in a local inbox at /dev/mail.\n\n\
        Data is kept in DEVAUTH_DATA_DIR between runs. Never expose this to a network.",
    after_help = AFTER_HELP
)]
pub(super) struct Args {}

const AFTER_HELP: &str = "\
Example:
  devauth dev
  DEVAUTH_BIND=127.0.0.1:8181 DEVAUTH_DATA_DIR=/tmp/devauth devauth dev

Exit status:
  0  stopped with ctrl-c
  1  it could not start: no Postgres binaries were found, a port is taken
  2  the command line or a variable is wrong";

pub(super) fn run(Args {}: &Args) -> Result<(), Failure> {
    warn_of_unknown_variables();
    block_on(async { Err(Failure::failed("no service to run yet")) })
}
