//! `devauth keys list`: which keys a service with this environment would use; ids only.

use serde::Serialize;

use super::key_ids;
use crate::cli::{Failure, answer, answer_json, env};
use crate::config::{EncryptionKey, Keys};

/// List the ids of the configured keys, never the keys
#[derive(Debug, clap::Args)]
#[command(
    long_about = "List the ids of the configured keys, never the keys: encryption keys as sealed values name them, \
        signing keys as tokens name them in `kid`.\n\n\
        Reads DEVAUTH_ENCRYPTION_KEY and DEVAUTH_JWT_PRIVATE_KEY_FILE.",
    after_help = AFTER_HELP
)]
pub(in crate::cli) struct Args {
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

const AFTER_HELP: &str = "\
Example:
  devauth keys list --json

Exit status:
  0  listed
  1  the answer could not be written
  2  the command line is wrong, or a key is missing, weak or unreadable";

/// The answer; the first of each list is active.
#[derive(Debug, Serialize)]
pub(super) struct Listing {
    encryption_keys: Vec<Listed>,
    signing_keys: Vec<Listed>,
}

#[derive(Debug, Serialize)]
struct Listed {
    id: String,
    /// Encrypts or signs; the others only open or verify.
    active: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let listing = Listing::of(&Keys::from_env(&env)?)?;
    if args.json { answer_json(&listing) } else { answer(&listing.as_table()) }
}

impl Listing {
    pub(super) fn of(keys: &Keys) -> Result<Self, Failure> {
        let signing = key_ids(&keys.jwt_keys).map_err(|error| Failure::usage(error.to_string()))?;
        let encryption = keys.encryption_keys.iter().map(EncryptionKey::id).collect();
        Ok(Self { encryption_keys: first_is_active(encryption), signing_keys: first_is_active(signing) })
    }

    pub(super) fn as_table(&self) -> String {
        let row = |kind: &str, key: &Listed, uses: [&str; 2]| {
            format!("{kind:<12}{:<46}{}\n", key.id, if key.active { uses[0] } else { uses[1] })
        };
        let encryption = self
            .encryption_keys
            .iter()
            .map(|key| row("encryption", key, ["active: encrypts and opens", "opens"]));
        let signing = self
            .signing_keys
            .iter()
            .map(|key| row("signing", key, ["active: signs and verifies", "verifies"]));
        encryption.chain(signing).collect()
    }
}

fn first_is_active(ids: Vec<String>) -> Vec<Listed> {
    ids.into_iter().enumerate().map(|(index, id)| Listed { id, active: index == 0 }).collect()
}
