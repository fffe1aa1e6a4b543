//! `devauth migrate`: brings the database to this version.

use devauth_projections::migrations;
use secrecy::ExposeSecret as _;

use super::{Failure, answer, answer_json, block_on, env};
use crate::config::{Environment, Migration};
use crate::service;

/// Apply the database migrations
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Apply the database migrations that are not applied yet. Reads DATABASE_URL alone.\n\n\
        `serve` does the same at its start unless DEVAUTH_MIGRATE is off.",
    after_help = AFTER_HELP
)]
pub(super) struct Args {
    /// Undo every migration above VERSION (0: all of them); loses data, so it is refused in production
    #[arg(long, value_name = "VERSION", value_parser = clap::value_parser!(i64).range(0..))]
    down_to: Option<i64>,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

const AFTER_HELP: &str = "\
Example:
  DATABASE_URL=postgres://devauth@localhost/devauth devauth migrate --json
  DEVAUTH_ENV=development devauth migrate --down-to 3

Exit status:
  0  nothing is left to do, and the answer is the version that the database has
  1  the database cannot be reached, or a migration failed (it then changed nothing)
  2  the command line or the configuration is wrong";

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let migration = Migration::from_env(&env)?;
    if args.down_to.is_some() && migration.environment == Environment::Production {
        return Err(Failure::usage(
            "--down-to loses data and is refused in production; set DEVAUTH_ENV=development if this is none",
        ));
    }
    let newest = migrations::newest();
    if args.down_to.is_some_and(|version| version > newest) {
        return Err(Failure::usage(format!("--down-to is above {newest}, the newest version there is")));
    }
    let url = migration.database_url.expose_secret();
    let version = block_on(async { Ok(service::migrate(url, args.down_to).await?) })?;
    if args.json {
        return answer_json(&serde_json::json!({ "version": version }));
    }
    answer(&format!("the database is at version {version}\n"))
}
