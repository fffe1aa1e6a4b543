//! `devauth keys`: makes the keys a service needs, tells which ones it uses, and replaces them while it runs.

mod access;
mod generate;
mod list;
mod rotate;

#[cfg(test)]
mod tests;

use clap::Subcommand;
use secrecy::{ExposeSecret, SecretSlice};

use super::Failure;
use crate::crypto::jwt::{KeyError, SigningKeys};

/// Make keys, list the configured ones, or replace them
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Make an encryption key and a signing key, list the ids of the configured ones, or replace them while the \
        service runs.",
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
  devauth keys rotate encryption

Exit status:
  0  done
  1  a file could not be written, or a step of a rotation is not due yet
  2  the command line or a configured key is wrong";

#[derive(Debug, Subcommand)]
enum Command {
    Generate(generate::Args),
    List(list::Args),
    Rotate(rotate::Args),
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    match &args.command {
        Command::Generate(args) => generate::run(args),
        Command::List(args) => list::run(args),
        Command::Rotate(args) => rotate::run(args),
    }
}

/// The ids of signing keys as tokens carry them in `kid`, the signing one first.
fn key_ids(pems: &[SecretSlice<u8>]) -> Result<Vec<String>, KeyError> {
    let pems: Vec<&[u8]> = pems.iter().map(|pem| pem.expose_secret()).collect();
    Ok(SigningKeys::load(&pems)?.key_ids().map(str::to_owned).collect())
}
