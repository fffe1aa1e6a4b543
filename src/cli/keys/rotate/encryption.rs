//! `devauth keys rotate encryption`: a new key for everything that is sealed.

use super::{Common, rotate};
use crate::cli::Failure;
use crate::rotation::encryption::{EncryptionRotation, State};

/// Replace the key that seals what the database holds
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Replace the key that seals what the database holds: the root key, application secrets, the data keys of persons, \
        answers kept for Idempotency-Key.\n\n\
        Adds a new key to the file, waits until every node has it, puts it first, waits until every node seals with it, and seals \
        everything anew, in small transactions. The old key stays until --retire takes it away. Run it again if it was cut off.\n\n\
        If DEVAUTH_ENCRYPTION_KEY holds the keys, the first two steps are yours and take restarts; this command does the rest.",
    after_help = AFTER_HELP
)]
pub(in crate::cli) struct Args {
    /// Take the old keys out of the file; refused while anything is sealed with them
    #[arg(long)]
    retire: bool,
    /// Do nothing, say what is next
    #[arg(long, conflicts_with = "retire")]
    status: bool,
    #[command(flatten)]
    common: Common,
}

const AFTER_HELP: &str = "\
Example:
  devauth keys rotate encryption
  devauth keys rotate encryption --retire

Exit status:
  0  done
  1  something is left under the old key, a node did not follow, or a file or the database can't be used
  2  the command line or the configuration is wrong";

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    rotate(
        &args.common,
        async |at, keys| {
            let rotation = EncryptionRotation::new(at, keys);
            Ok(match args {
                Args { retire: true, .. } => rotation.retire().await?,
                Args { status: true, .. } => rotation.state().await?,
                Args { .. } => rotation.rotate().await?,
            })
        },
        |state: &State| format!("{} rows are left under older keys; {}", state.rows_left, state.step),
    )
}
