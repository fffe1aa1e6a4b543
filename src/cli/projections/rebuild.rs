//! `devauth projections rebuild`: builds read models anew from the log while the service goes on.

use std::time::Instant;

use devauth_projections::catalog::Model;
use devauth_projections::rebuild::rebuild;
use serde::Serialize;

use super::progress::Line;
use super::{Access, named, refused};
use crate::cli::{Failure, answer, answer_json, block_on};

/// Build read models anew from the log, while the service goes on
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Build read models anew from the log, one after the other, while the service goes on: beside the one that \
        serves, which they replace in one short step. Whatever happens before that step, the old one serves on; what an \
        interrupted rebuild leaves behind, the next one drops.\n\n\
        Needs a DATABASE_URL whose role owns the tables and the database, as `migrate` does, and DEVAUTH_ENCRYPTION_KEY.",
    after_help = AFTER_HELP
)]
pub(super) struct Args {
    /// The read models, as `devauth projections list` names them
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

const AFTER_HELP: &str = "\
Example:
  devauth projections rebuild portal_users sessions

Exit status:
  0  rebuilt
  1  it did not work; the one that was there serves on
  2  the command line or the configuration is wrong";

/// What was done.
#[derive(Debug, Serialize)]
struct Done {
    name: &'static str,
    /// Events that were read.
    events: u64,
    /// How often the exchange was tried.
    tries: u32,
    seconds: f64,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let models = named(&args.names)?;
    let access = Access::from_env()?;
    let mut all_done = Vec::new();
    let result = block_on(async {
        for model in models {
            let done = one(&access, model).await?;
            if !args.json {
                answer(&done.as_line())?;
            }
            all_done.push(done);
        }
        Ok(())
    });
    // What was done before the one that failed was done.
    if args.json {
        answer_json(&serde_json::json!({ "rebuilt": all_done }))?;
    }
    result
}

async fn one(access: &Access, model: Model) -> Result<Done, Failure> {
    let started = Instant::now();
    let mut line = Line::of(model);
    let rebuilt = rebuild(&access.log()?, access.url(), model, &mut |progress| line.show(progress)).await;
    drop(line);
    let rebuilt = rebuilt.map_err(|refusal| refused(model, refusal))?;
    let seconds = (started.elapsed().as_secs_f64() * 1_000.0).round() / 1_000.0;
    Ok(Done { name: model.name(), events: rebuilt.events, tries: rebuilt.tries, seconds })
}

impl Done {
    fn as_line(&self) -> String {
        let rate = self.events as f64 / self.seconds.max(0.001);
        format!(
            "{}: rebuilt from {} events in {:.1} s ({rate:.0} a second)\n",
            self.name, self.events, self.seconds
        )
    }
}
