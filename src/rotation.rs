//! Rotation of keys while the service goes on: the steps, when each is due, and the waits between them.
//!
//! A step changes a file, and the nodes follow by themselves ([`crate::app::KeyReload`]). What makes it safe is the order: every
//! node has a new key before any node uses it, and an old one goes only when nothing needs it. Who has which key, the nodes say
//! in the database; what a key was last used for stands there as well. So every step finds out by itself where the rotation is,
//! and one that was cut off is taken up by running it again.

pub mod encryption;
#[cfg(test)]
mod fixture;
mod key_file;
mod pem_file;
pub mod signing;

use std::time::{Duration, Instant};

use devauth_projections::key_uses::{self, KeyUse, OneRotation, Purpose};
use devauth_projections::nodes::{self, NodeRow};
use devauth_projections::{Error, Pool};

use crate::clock::Clock;

/// Between two looks at what the nodes have.
const LOOK: Duration = Duration::from_millis(200);

/// Why a rotation did not get further. What was done before stays done; running it again goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum RotationError {
    /// Another rotation is at work.
    #[error("another rotation of keys is at work")]
    Busy,
    /// The keys are configured so that the step can't be done by a command.
    #[error("{0}")]
    Configuration(String),
    /// The step is not the next, or not due yet.
    #[error("{0}")]
    NotNow(String),
    /// Not every node has followed.
    #[error("{0}")]
    NodesBehind(String),
    /// A file with keys can't be read or written.
    #[error("{0}")]
    File(String),
    /// Rows that nobody can open any more.
    #[error(
        "{0} rows can't be opened, because somebody changed or moved them; they stay under the old key: \
         `devauth keys list` says in which tables"
    )]
    Damaged(u64),
    /// The database can't be used.
    #[error(transparent)]
    Store(#[from] Error),
}

/// What a rotation tells while it works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// It did a step, or waits for something.
    Said(String),
    /// It seals anew.
    Resealed {
        /// Rows so far.
        done: u64,
        /// Rows there were at the start.
        of: u64,
    },
}

/// What every rotation works with.
pub struct Workplace<'a> {
    /// The database.
    pub pool: &'a Pool,
    /// The time.
    pub clock: &'a Clock,
    /// How long to wait for nodes that are behind.
    pub patience: Duration,
    /// Is told of the progress.
    pub tell: &'a (dyn Fn(Progress) + Send + Sync),
}

/// Everything that the next step depends on, besides the file.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) uses: Vec<KeyUse>,
    pub(crate) nodes: Vec<NodeRow>,
}

impl Workplace<'_> {
    async fn alone(&self) -> Result<OneRotation, RotationError> {
        key_uses::one_rotation(self.pool).await?.ok_or(RotationError::Busy)
    }

    fn say(&self, text: impl Into<String>) {
        (self.tell)(Progress::Said(text.into()));
    }

    /// What is known, with the keys in our file among it.
    async fn known(&self, purpose: Purpose, keys: &[String]) -> Result<Known, RotationError> {
        let now = self.clock.now();
        key_uses::observe(self.pool, purpose, keys, None, now).await?;
        let uses = key_uses::list(self.pool, purpose).await?;
        Ok(Known { uses, nodes: nodes::running(self.pool, now).await? })
    }

    /// Waits until `is_behind` holds for no running node.
    async fn nodes(
        &self,
        lack: &str,
        is_behind: impl Fn(&NodeRow) -> bool + Send + Sync,
    ) -> Result<(), RotationError> {
        let began = Instant::now();
        let mut told = 0;
        loop {
            let nodes = nodes::running(self.pool, self.clock.now()).await?;
            let behind = nodes.iter().filter(|node| is_behind(node)).count();
            if behind == 0 {
                return Ok(());
            }
            let text = format!("{behind} of {} nodes {lack}", nodes.len());
            if began.elapsed() >= self.patience {
                return Err(RotationError::NodesBehind(format!(
                    "{text}. If they read another copy of the file, bring it there; then run this again"
                )));
            }
            if behind != told {
                told = behind;
                self.say(format!("waiting: {text}"));
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

impl Known {
    fn of(&self, key: &str) -> Option<&KeyUse> {
        self.uses.iter().find(|known| known.key_id == key)
    }

    /// Keys behind the first that were never active and came after it: they are on their way in. The others are on their way out.
    fn split<'k>(&self, keys: &'k [String]) -> (Vec<&'k String>, Vec<&'k String>) {
        let Some((first, others)) = keys.split_first() else { return (Vec::new(), Vec::new()) };
        let since = self.of(first).map(|known| known.first_seen_at);
        others.iter().partition(|key| {
            self.of(key).is_none_or(|known| {
                known.last_active_at.is_none() && since.is_some_and(|since| known.first_seen_at > since)
            })
        })
    }

    fn behind(&self, is_behind: impl Fn(&NodeRow) -> bool) -> usize {
        self.nodes.iter().filter(|node| is_behind(node)).count()
    }
}

/// A moment as commands write it.
pub(crate) fn moment(time: chrono::DateTime<chrono::Utc>) -> String {
    time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

/// Ids of keys in a sentence.
fn names(keys: &[String]) -> String {
    let plural = if keys.len() == 1 { "key" } else { "keys" };
    format!("{plural} {}", keys.join(", "))
}
