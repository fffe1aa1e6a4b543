//! `devauth keys list`: which keys a service with this environment would use, and what for; ids only.

use std::collections::BTreeMap;

use devauth_projections::key_uses::{self, KeyUse, Purpose};
use devauth_projections::nodes::{self, NodeRow};
use devauth_projections::{Pool, resealing};
use serde::Serialize;

use super::{access, key_ids};
use crate::cli::{Failure, answer, answer_json, block_on};
use crate::clock::Clock;
use crate::config::{EncryptionKey, Keys};
use crate::rotation::moment;

/// List the ids of the configured keys and what they are used for, never the keys
#[derive(Debug, clap::Args)]
#[command(
    long_about = "List the ids of the configured keys, never the keys: encryption keys as sealed values name them, \
        signing keys as tokens name them in `kid`.\n\n\
        Reads DEVAUTH_ENCRYPTION_KEY and DEVAUTH_JWT_PRIVATE_KEY_FILE. If DATABASE_URL is set, it also tells how many rows \
        each key seals, how many of the running nodes have it, and until when tokens live that it signed.",
    after_help = AFTER_HELP
)]
pub(in crate::cli) struct Args {
    /// The keys of `devauth dev`
    #[arg(long)]
    dev: bool,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

const AFTER_HELP: &str = "\
Example:
  devauth keys list --json

Exit status:
  0  listed
  1  the database could not be asked, or the answer could not be written
  2  the command line is wrong, or a key is missing, weak or unreadable";

/// The answer; the first of each list is active.
#[derive(Debug, Serialize)]
pub(super) struct Listing {
    encryption_keys: Vec<Listed>,
    signing_keys: Vec<Listed>,
    /// Nodes that run, if there is a database to ask.
    #[serde(skip_serializing_if = "Option::is_none")]
    nodes: Option<usize>,
}

#[derive(Debug, Default, Serialize)]
struct Listed {
    id: String,
    /// Encrypts or signs; the others only open or verify.
    active: bool,
    /// False for a key that rows are sealed with and that is not here.
    configured: bool,
    /// Rows that it seals, by table.
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<BTreeMap<&'static str, u64>>,
    /// Running nodes that have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    nodes: Option<usize>,
    /// When the last token that it may have signed has expired.
    #[serde(skip_serializing_if = "Option::is_none")]
    needed_until: Option<chrono::DateTime<chrono::Utc>>,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let found = access::locate(args.dev)?;
    let mut listing = Listing::of(&found.keys)?;
    if found.database_url.is_some() {
        block_on(async { listing.ask(&access::connect(&found, args.dev)?).await })?;
    }
    if args.json { answer_json(&listing) } else { answer(&listing.as_table()) }
}

impl Listing {
    pub(super) fn of(keys: &Keys) -> Result<Self, Failure> {
        let signing = key_ids(&keys.jwt_keys).map_err(|error| Failure::usage(error.to_string()))?;
        let encryption = keys.encryption_keys.iter().map(EncryptionKey::id).collect();
        Ok(Self {
            encryption_keys: first_is_active(encryption),
            signing_keys: first_is_active(signing),
            nodes: None,
        })
    }

    async fn ask(&mut self, pool: &Pool) -> Result<(), Failure> {
        let clock = Clock::system();
        clock.synchronise(pool).await?;
        let nodes = nodes::running(pool, clock.now()).await?;
        self.count_rows(resealing::uses(pool).await?);
        for key in &mut self.encryption_keys {
            key.nodes = Some(with(&nodes, |node| node.encryption_keys.contains(&key.id)));
        }
        let uses = key_uses::list(pool, Purpose::Signing).await?;
        for key in &mut self.signing_keys {
            key.nodes = Some(with(&nodes, |node| node.signing_keys.contains(&key.id)));
            let signed = |known: &&KeyUse| known.key_id == key.id && known.last_active_at.is_some();
            key.needed_until = uses.iter().find(signed).and_then(|known| known.needed_until);
        }
        self.nodes = Some(nodes.len());
        Ok(())
    }

    fn count_rows(&mut self, uses: resealing::Uses) {
        self.encryption_keys.iter_mut().for_each(|key| key.rows = Some(BTreeMap::new()));
        for ((table, id), count) in uses {
            let place = self.encryption_keys.iter().position(|key| key.id == id).unwrap_or_else(|| {
                self.encryption_keys.push(Listed { id, ..Listed::default() });
                self.encryption_keys.len() - 1
            });
            self.encryption_keys[place].rows.get_or_insert_default().insert(table, count);
        }
    }

    pub(super) fn as_table(&self) -> String {
        let row = |kind: &str, key: &Listed, uses: [&str; 2]| {
            let uses = match (key.configured, key.active) {
                (false, _) => "NOT CONFIGURED",
                (true, true) => uses[0],
                (true, false) => uses[1],
            };
            format!("{kind:<12}{:<46}{uses}{}\n", key.id, self.details(key))
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

    fn details(&self, key: &Listed) -> String {
        let rows = key.rows.as_ref().map(|rows| format!(", {} rows", rows.values().sum::<u64>()));
        let nodes = key.nodes.zip(self.nodes).map(|(some, all)| format!(", {some} of {all} nodes"));
        let until =
            key.needed_until.filter(|_| !key.active).map(|time| format!(", tokens until {}", moment(time)));
        [rows, nodes, until].into_iter().flatten().collect()
    }
}

fn with(nodes: &[NodeRow], has: impl Fn(&NodeRow) -> bool) -> usize {
    nodes.iter().filter(|node| has(node)).count()
}

fn first_is_active(ids: Vec<String>) -> Vec<Listed> {
    let listed = |(index, id)| Listed { id, active: index == 0, configured: true, ..Listed::default() };
    ids.into_iter().enumerate().map(listed).collect()
}
