//! `devauth keys`: makes the keys a service needs, and tells which ones it would use.

mod generate;
mod list;

#[cfg(test)]
mod tests;

use clap::Subcommand;
use secrecy::{ExposeSecret, SecretSlice};

use super::Failure;
use crate::crypto::jwt::{KeyError, SigningKeys};

/// Make keys, or list the configured ones
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Make an encryption key and a signing key, or list the ids of the configured ones.",
    after_help = AFTER_HELP,
    arg_required_else_help = true
)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "\
Example:
  devauth keys generate --dir /etc/devauth
  devauth keys list

Exit status:
  0  done
  1  a file could not be written
  2  the command line or a configured key is wrong";

#[derive(Debug, Subcommand)]
enum Command {
    Generate(generate::Args),
    List(list::Args),
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    match &args.command {
        Command::Generate(args) => generate::run(args),
        Command::List(args) => list::run(args),
    }
}

/// The ids of signing keys as tokens carry them in `kid`, the signing one first.
fn key_ids(pems: &[SecretSlice<u8>]) -> Result<Vec<String>, KeyError> {
    let pems: Vec<_> = pems.iter().map(|pem| pem.expose_secret().to_vec()).collect();
    Ok(SigningKeys::load(&pems)?.key_ids().map(str::to_owned).collect())
}
