//! Rotation of the key that seals what the database holds: add, seal with it, reseal everything, retire the old one.
//!
//! Nobody ever meets a sealed value that it can't open: a new key seals nothing before every node has it, and an old one goes
//! only when every transaction that may have used it is over and no row is left under it.

use std::path::{Path, PathBuf};

use devauth_projections::key_uses::{self, Purpose};
use devauth_projections::nodes::NodeRow;
use devauth_projections::resealing::{self, Uses};
use devauth_projections::sealing::Keyring;
use devauth_projections::transactions;
use secrecy::ExposeSecret as _;
use serde::Serialize;
use zeroize::Zeroizing;

use super::{Known, LOOK, Progress, RotationError, Workplace, key_file, names};
use crate::app::keyring;
use crate::config::{EncryptionKey, KeyFiles, Keys};
use crate::crypto::generate::encryption_key;

/// Rows in one transaction: so few that nobody waits long for a row, nor the sequencer for the transaction.
const BATCH: i64 = 200;

/// What comes next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "next", rename_all = "snake_case")]
pub enum Step {
    /// Nothing is under way: a new key may be made.
    Add,
    /// A new key is configured here, and some nodes don't have it yet.
    Spread {
        /// The new key.
        key: String,
        /// How many nodes.
        nodes_behind: usize,
    },
    /// Every node has a new key: it may come to the front.
    Promote {
        /// The new key.
        key: String,
    },
    /// The first key is new, and some nodes don't seal with it yet.
    Switch {
        /// The new key.
        key: String,
        /// How many nodes.
        nodes_behind: usize,
    },
    /// Rows are left under other keys.
    Reseal {
        /// How many.
        rows: u64,
    },
    /// Nothing is left under the old keys: they may go.
    Retire {
        /// The old keys.
        old: Vec<String>,
    },
}

/// Where a rotation is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct State {
    /// Ids of the keys that are configured here; the first is to seal.
    pub keys: Vec<String>,
    /// Nodes that run.
    pub nodes: usize,
    /// Rows under another key than the first.
    pub rows_left: u64,
    /// What comes next.
    #[serde(flatten)]
    pub step: Step,
}

/// Where the keys are.
enum Source<'a> {
    /// In a file that we may write.
    File(&'a Path),
    /// In a variable, which only a restart changes.
    Variable(&'a [EncryptionKey]),
}

/// A rotation of the encryption key.
pub struct EncryptionRotation<'a> {
    at: &'a Workplace<'a>,
    source: Source<'a>,
}

impl<'a> EncryptionRotation<'a> {
    /// Of these keys.
    #[must_use]
    pub fn new(at: &'a Workplace<'a>, keys: &'a Keys) -> Self {
        let source = match &keys.files.encryption {
            Some(path) => Source::File(path),
            None => Source::Variable(&keys.encryption_keys),
        };
        EncryptionRotation { at, source }
    }

    /// Where it is, and what comes next. Counts rows, so it reads each table once.
    ///
    /// # Errors
    /// The file or the database can't be used.
    pub async fn state(&self) -> Result<State, RotationError> {
        let keys = ids(&self.keys()?);
        let known = self.at.known(Purpose::Encryption, &keys).await?;
        let rows_left = rows_under_others(&resealing::uses(self.at.pool).await?, &keys);
        let step = next(&keys, &known, rows_left);
        Ok(State { keys, nodes: known.nodes.len(), rows_left, step })
    }

    /// Everything up to the point where the old keys may go.
    ///
    /// # Errors
    /// Not every node follows in time, a row can't be opened, or the file or the database can't be used. Run it again: it goes
    /// on from where it is.
    pub async fn rotate(&self) -> Result<State, RotationError> {
        let _alone = self.at.alone().await?;
        let mut began = false;
        loop {
            let state = self.state().await?;
            match state.step {
                Step::Add if began => return Ok(state),
                Step::Add => self.add()?,
                Step::Spread { key, .. } => {
                    self.at
                        .nodes("don't have the new key yet", |node| !node.encryption_keys.contains(&key))
                        .await?;
                }
                Step::Promote { key } => self.promote(&key)?,
                Step::Switch { key, .. } => {
                    let lack = "don't seal with the new key yet";
                    self.at.nodes(lack, |node| node.encryption_keys.first() != Some(&key)).await?;
                }
                Step::Reseal { .. } | Step::Retire { .. } => {
                    self.reseal().await?;
                    return self.state().await;
                }
            }
            began = true;
        }
    }

    /// Takes the old keys away.
    ///
    /// # Errors
    /// Something is left under them, or another step is next.
    pub async fn retire(&self) -> Result<State, RotationError> {
        let _alone = self.at.alone().await?;
        let old = match self.state().await?.step {
            Step::Retire { old } => old,
            Step::Add => Vec::new(),
            other => return Err(RotationError::NotNow(other.to_string())),
        };
        if !old.is_empty() {
            // What somebody sealed a moment before every node had changed is visible after this.
            self.settle(&transactions::running(self.at.pool).await?).await?;
            if resealing::any_use(self.at.pool, &old).await? {
                return Err(RotationError::NotNow(format!(
                    "{} still seal something; run `devauth keys rotate encryption` again",
                    names(&old)
                )));
            }
            let Source::File(path) = self.source else {
                return Err(RotationError::Configuration(format!(
                    "nothing is left under {}: take it out of DEVAUTH_ENCRYPTION_KEY and restart the nodes, one by one",
                    names(&old)
                )));
            };
            let mut keys = self.keys()?;
            keys.truncate(1);
            write(path, &keys)?;
            self.at.say(format!("{} gone from the file", names(&old)));
        }
        let keys = ids(&self.keys()?);
        let has_old = |node: &NodeRow| node.encryption_keys.iter().any(|key| !keys.contains(key));
        self.at.nodes("still have the old keys", has_old).await?;
        let uses = key_uses::list(self.at.pool, Purpose::Encryption).await?;
        let gone: Vec<_> =
            uses.into_iter().map(|known| known.key_id).filter(|key| !keys.contains(key)).collect();
        key_uses::forget(self.at.pool, Purpose::Encryption, &gone).await?;
        self.state().await
    }

    fn keys(&self) -> Result<Vec<EncryptionKey>, RotationError> {
        match self.source {
            Source::Variable(keys) => Ok(keys.to_vec()),
            Source::File(path) => {
                let files = KeyFiles { encryption: Some(PathBuf::from(path)), signing: Vec::new() };
                let keys = files
                    .read_encryption()
                    .map_err(|reason| RotationError::File(format!("{}: {reason}", path.display())))?;
                Ok(keys.unwrap_or_default())
            }
        }
    }

    fn ring(&self) -> Result<Keyring, RotationError> {
        let none = || RotationError::Configuration("no encryption key is configured".to_owned());
        keyring(&self.keys()?).ok_or_else(none)
    }

    /// Last, so that everybody can open with it before anybody seals with it.
    fn add(&self) -> Result<(), RotationError> {
        let Source::File(path) = self.source else {
            return Err(RotationError::Configuration(
                "DEVAUTH_ENCRYPTION_KEY holds the key itself, so it changes with a restart only: add a new key (`devauth \
                 keys generate` makes one) after the old one, restart the nodes one by one, put it first, restart them again, \
                 then run this; or keep the keys in a file named by DEVAUTH_ENCRYPTION_KEY_FILE, which needs no restart"
                    .to_owned(),
            ));
        };
        let mut keys = self.keys()?;
        let made =
            EncryptionKey::parse(encryption_key().expose_secret()).expect("32 random bytes are no weak key");
        self.at.say(format!("key {} is made and added to the file", made.id()));
        keys.push(made);
        write(path, &keys)
    }

    fn promote(&self, id: &str) -> Result<(), RotationError> {
        let Source::File(path) = self.source else {
            return Err(RotationError::NotNow(format!(
                "every node has key {id}: put it first in DEVAUTH_ENCRYPTION_KEY, restart the nodes one by one, then run this \
                 again"
            )));
        };
        let mut keys = self.keys()?;
        keys.sort_by_key(|key| key.id() != id);
        write(path, &keys)?;
        self.at.say(format!("key {id} is the first in the file"));
        Ok(())
    }

    /// Passes over all rows until none is left, and waits for what may still be sealed with an old key.
    async fn reseal(&self) -> Result<(), RotationError> {
        let ring = self.ring()?;
        let keys = ring.key_ids();
        let older = transactions::running(self.at.pool).await?;
        let of = rows_under_others(&resealing::uses(self.at.pool).await?, &keys);
        let mut done = 0;
        let mut settled = false;
        loop {
            let pass = resealing::pass(self.at.pool, &ring, BATCH, |count| {
                (self.at.tell)(Progress::Resealed { done: done + count, of: of.max(done + count) });
            })
            .await?;
            done += pass.resealed;
            let left = rows_under_others(&resealing::uses(self.at.pool).await?, &keys);
            if pass.damaged > 0 && left <= pass.damaged {
                return Err(RotationError::Damaged(pass.damaged));
            }
            match (left, settled) {
                (0, true) => return Ok(()),
                (0, false) => {
                    self.settle(&older).await?;
                    settled = true;
                }
                // Somebody holds a row just now, or sealed one meanwhile.
                (_, _) => tokio::time::sleep(LOOK).await,
            }
        }
    }

    /// Waits for transactions that began before now.
    async fn settle(&self, older: &transactions::Running) -> Result<(), RotationError> {
        let mut told = false;
        let began = std::time::Instant::now();
        loop {
            let left = older.left(self.at.pool).await?;
            if left == 0 {
                return Ok(());
            }
            if began.elapsed() >= self.at.patience {
                return Err(RotationError::NotNow(format!(
                    "{left} transactions in this database began before the new key was in service everywhere and are \
                     still open; end them (pg_stat_activity shows them), then run this again"
                )));
            }
            if !told {
                told = true;
                self.at.say(format!("waiting: {left} older transactions are still open"));
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

fn ids(keys: &[EncryptionKey]) -> Vec<String> {
    keys.iter().map(EncryptionKey::id).collect()
}

fn write(path: &Path, keys: &[EncryptionKey]) -> Result<(), RotationError> {
    let mut text = Zeroizing::new(String::with_capacity(keys.len() * 45));
    for key in keys {
        text.push_str(key.to_base64().expose_secret());
        text.push('\n');
    }
    key_file::replace(path, &text)
}

fn rows_under_others(uses: &Uses, keys: &[String]) -> u64 {
    uses.iter().filter(|((_, key), _)| Some(key) != keys.first()).map(|(_, count)| count).sum()
}

/// The next step, from the keys that are configured here and what is known of them.
fn next(keys: &[String], known: &Known, rows_left: u64) -> Step {
    let (coming, going) = known.split(keys);
    if let Some(key) = coming.first() {
        let key = (*key).clone();
        return match known.behind(|node| !node.encryption_keys.contains(&key)) {
            0 => Step::Promote { key },
            nodes_behind => Step::Spread { key, nodes_behind },
        };
    }
    let first = keys.first().cloned().unwrap_or_default();
    match known.behind(|node| node.encryption_keys.first() != Some(&first)) {
        0 if rows_left > 0 => Step::Reseal { rows: rows_left },
        0 if going.is_empty() => Step::Add,
        0 => Step::Retire { old: going.into_iter().cloned().collect() },
        nodes_behind => Step::Switch { key: first, nodes_behind },
    }
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Step::Add => {
                f.write_str("nothing is under way; `devauth keys rotate encryption` makes a new key")
            }
            Step::Spread { key, nodes_behind } => {
                write!(f, "{nodes_behind} nodes don't have key {key} yet")
            }
            Step::Promote { key } => write!(f, "every node has key {key}; it may come to the front"),
            Step::Switch { key, nodes_behind } => {
                write!(f, "{nodes_behind} nodes don't seal with key {key} yet")
            }
            Step::Reseal { rows } => write!(f, "{rows} rows are left under older keys"),
            Step::Retire { old } => write!(
                f,
                "nothing is left under {}; `devauth keys rotate encryption --retire` takes it away",
                names(old)
            ),
        }
    }
}

#[cfg(test)]
mod tests;
