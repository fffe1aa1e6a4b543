//! `devauth projections retry`: lets a read model go on after the cause of its trouble was removed.

use devauth_projections::catalog::Model;
use devauth_projections::subscription;

use super::{Access, named};
use crate::cli::{Failure, answer, answer_json, block_on};

/// Let a read model go on that stopped or leaves streams out
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Let a read model go on that stopped, and project what its parked streams missed, after the cause was removed: \
        usually by a new version. A stream that fails again stays parked.\n\n\
        Reads DATABASE_URL and DEVAUTH_ENCRYPTION_KEY.",
    after_help = AFTER_HELP
)]
pub(super) struct Args {
    /// The read model, as `devauth projections list` names it
    name: String,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

const AFTER_HELP: &str = "\
Example:
  devauth projections retry portal_users

Exit status:
  0  it goes on, and no stream is parked any more
  1  a stream still can't be projected, or the database cannot be reached
  2  the command line or the configuration is wrong";

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let models = named(std::slice::from_ref(&args.name))?;
    let [Model::Async(model)] = models[..] else {
        let reason = "is written with the events: it never stops; if it is wrong, rebuild it";
        return Err(Failure::usage(format!("{} {reason}", args.name)));
    };
    let access = Access::from_env()?;
    let freed = block_on(async {
        let freed = subscription::retry(&access.log()?, model).await;
        freed.map_err(|error| Failure::failed(format!("{}: {error}", model.name())))
    })?;
    if args.json {
        return answer_json(&serde_json::json!({ "name": model.name(), "freed_streams": freed }));
    }
    answer(&format!("{} goes on; {freed} streams are no longer parked\n", model.name()))
}
