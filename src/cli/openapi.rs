//! `devauth openapi`: prints the description of the HTTP interface.

use super::{Failure, answer};

/// Print the OpenAPI document
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Print the OpenAPI 3.1 document of this version, the same that the service answers at /openapi.json.",
    after_help = AFTER_HELP
)]
pub(super) struct Args {
    /// Answer in JSON, as it does anyway
    #[arg(long)]
    json: bool,
}

const AFTER_HELP: &str = "\
Example:
  devauth openapi > docs/openapi.json

Exit status:
  0  printed
  1  the answer could not be written
  2  the command line is wrong";

pub(super) fn run(Args { json: _ }: &Args) -> Result<(), Failure> {
    answer(&crate::http::routes::openapi())
}
