//! `devauth keys rotate signing`: publish, sign, retire.

use super::{Common, rotate};
use crate::cli::Failure;
use crate::cli::keys::generate::Bits;
use crate::rotation::signing::{SigningRotation, State};

/// Replace the key that signs access tokens
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Replace the key that signs access tokens, in three steps. Without a step: say which one is next, and when.\n\n\
        Each step waits until every node has followed. Between --publish and --sign verifiers get the time to fetch the new \
        public key (5 minutes), between --sign and --retire the tokens that the old key signed expire (DEVAUTH_ACCESS_TOKEN_TTL \
        and a minute). Nobody is logged out.",
    after_help = AFTER_HELP
)]
pub(in crate::cli) struct Args {
    /// Make a new key, add it to the file and have every node publish it
    #[arg(long, group = "step")]
    publish: bool,
    /// Move the new key to the front of the file, so that it signs
    #[arg(long, group = "step")]
    sign: bool,
    /// Take the old keys out of the file
    #[arg(long, group = "step")]
    retire: bool,
    /// Do all steps, with the waits between them
    #[arg(long, group = "step")]
    all: bool,
    /// Don't wait until a step is due: for a key that somebody else has. Tokens may be refused
    #[arg(long, conflicts_with_all = ["publish", "all"], requires = "step")]
    force: bool,
    /// The size of a new key; 3072 signs three times slower
    #[arg(long, value_enum, default_value = "2048")]
    bits: Bits,
    #[command(flatten)]
    common: Common,
}

const AFTER_HELP: &str = "\
Example:
  devauth keys rotate signing              (which step is next?)
  devauth keys rotate signing --publish
  devauth keys rotate signing --sign       (five minutes later)
  devauth keys rotate signing --retire     (a quarter of an hour later)

Exit status:
  0  done
  1  the step is not due yet, a node did not follow, or a file or the database can't be used
  2  the command line or the configuration is wrong";

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    rotate(
        &args.common,
        async |at, keys| {
            let rotation = SigningRotation::new(at, &keys.files)?;
            Ok(match args {
                Args { publish: true, .. } => rotation.publish(args.bits.size()).await?,
                Args { sign: true, .. } => rotation.sign(args.force).await?,
                Args { retire: true, .. } => rotation.retire(args.force).await?,
                Args { all: true, .. } => rotation.all(args.bits.size()).await?,
                Args { .. } => rotation.state().await?,
            })
        },
        |state: &State| state.step.to_string(),
    )
}
