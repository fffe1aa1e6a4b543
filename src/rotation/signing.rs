//! Rotation of the key that signs access tokens: publish, sign, retire.
//!
//! No verifier ever meets a token whose key it can't find: a new key is published by every node, and every copy of the key set
//! that somebody keeps has run out, before anybody signs with it; an old one goes when the last token it signed has expired.

use std::path::Path;

use chrono::{DateTime, Duration, Utc};
use devauth_projections::key_uses::{self, Purpose};
use devauth_projections::nodes::NodeRow;
use secrecy::ExposeSecret as _;
use serde::Serialize;

use super::pem_file::PemFile;
use super::{Known, RotationError, Workplace, moment, names};
use crate::config::KeyFiles;
use crate::crypto::generate::{SigningKeySize, signing_key_pem};
use crate::crypto::jwt::KEY_SET_KEPT_FOR;

/// On top of the time that verifiers keep the key set: the way of an answer to them.
const MARGIN: Duration = Duration::seconds(10);

/// What comes next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "next", rename_all = "snake_case")]
pub enum Step {
    /// Nothing is under way: a new key may be made and published.
    Publish,
    /// A new key is in the file, and some nodes don't publish it yet.
    Spread {
        /// The new key.
        key: String,
        /// How many nodes.
        nodes_behind: usize,
    },
    /// Every node publishes a new key: it may sign.
    Sign {
        /// The new key.
        key: String,
        /// When no verifier has an older key set.
        not_before: DateTime<Utc>,
    },
    /// The first key of the file is new, and some nodes don't sign with it yet.
    Switch {
        /// The new key.
        key: String,
        /// How many nodes.
        nodes_behind: usize,
    },
    /// Every node signs with the first key: the others may go.
    Retire {
        /// The old keys.
        old: Vec<String>,
        /// When the last token they signed has expired.
        not_before: DateTime<Utc>,
    },
    /// Old keys are gone from the file, and some nodes still have them.
    Forget {
        /// The old keys.
        old: Vec<String>,
        /// How many nodes.
        nodes_behind: usize,
    },
}

/// Where a rotation is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct State {
    /// Ids of the keys in the file; the first is to sign.
    pub keys: Vec<String>,
    /// Nodes that run.
    pub nodes: usize,
    /// What comes next.
    #[serde(flatten)]
    pub step: Step,
}

/// A rotation of the signing key.
pub struct SigningRotation<'a> {
    at: &'a Workplace<'a>,
    path: &'a Path,
}

impl<'a> SigningRotation<'a> {
    /// Of the keys in these files, which has to be one file.
    ///
    /// # Errors
    /// There are several.
    pub fn new(at: &'a Workplace<'a>, files: &'a KeyFiles) -> Result<Self, RotationError> {
        match files.signing.as_slice() {
            [path] => Ok(SigningRotation { at, path }),
            several => Err(RotationError::Configuration(format!(
                "DEVAUTH_JWT_PRIVATE_KEY_FILE names {} files; a command rotates keys that are in one file: put them one \
                 after the other into one (cat first.pem second.pem > both.pem) and name that",
                several.len()
            ))),
        }
    }

    /// Where it is, and what comes next.
    ///
    /// # Errors
    /// The file or the database can't be used.
    pub async fn state(&self) -> Result<State, RotationError> {
        let keys = PemFile::read(self.path)?.ids();
        let known = self.at.known(Purpose::Signing, &keys).await?;
        let mut step = next(&keys, &known, self.at.clock.now());
        if let Step::Sign { key, not_before } = &mut step
            && known.of(key).is_none_or(|known| known.published_at.is_none())
        {
            // Whoever looks first when all nodes publish it sets the clock going.
            let now = self.at.clock.now();
            key_uses::published(self.at.pool, key, now).await?;
            *not_before = now + KEY_SET_KEPT_FOR + MARGIN;
        }
        Ok(State { keys, nodes: known.nodes.len(), step })
    }

    /// Makes a new key and has every node publish it; nobody signs with it yet.
    ///
    /// # Errors
    /// Another step is next, or not every node follows in time: then run it again.
    pub async fn publish(&self, size: SigningKeySize) -> Result<State, RotationError> {
        let _alone = self.at.alone().await?;
        let state = self.state().await?;
        match state.step {
            Step::Publish => {
                let key = signing_key_pem(size);
                PemFile::read(self.path)?.append(key.expose_secret())?;
                self.at.say("a new key is in the file");
            }
            Step::Spread { .. } => {}
            other => return Err(not_now(&other)),
        }
        let keys = PemFile::read(self.path)?.ids();
        let lack = "don't publish the new key yet";
        self.at.nodes(lack, |node| lacks(node, &keys)).await?;
        self.state().await
    }

    /// Has every node sign with the new key. With `force` also before all verifiers can know it.
    ///
    /// # Errors
    /// Another step is next, it is not due yet, or not every node follows in time: then run it again.
    pub async fn sign(&self, force: bool) -> Result<State, RotationError> {
        let _alone = self.at.alone().await?;
        match self.state().await?.step {
            Step::Sign { key, not_before } if force || not_before <= self.at.clock.now() => {
                PemFile::read(self.path)?.first(&key)?;
                self.at.say(format!("key {key} is the first in the file"));
            }
            Step::Switch { .. } => {}
            other => return Err(not_now(&other)),
        }
        let keys = PemFile::read(self.path)?.ids();
        let lack = "don't sign with the new key yet";
        self.at.nodes(lack, |node| node.signing_keys.first() != keys.first()).await?;
        self.state().await
    }

    /// Takes the old keys away. With `force` also while tokens live that they signed: those are refused from then on.
    ///
    /// # Errors
    /// Another step is next, it is not due yet, or not every node follows in time: then run it again.
    pub async fn retire(&self, force: bool) -> Result<State, RotationError> {
        let _alone = self.at.alone().await?;
        match self.state().await?.step {
            Step::Retire { old, not_before } if force || not_before <= self.at.clock.now() => {
                PemFile::read(self.path)?.without(&old)?;
                self.at.say(format!("{} gone from the file", names(&old)));
            }
            Step::Forget { .. } => {}
            other => return Err(not_now(&other)),
        }
        let keys = PemFile::read(self.path)?.ids();
        let has_old = |node: &NodeRow| node.signing_keys.iter().any(|key| !keys.contains(key));
        self.at.nodes("still have the old keys", has_old).await?;
        let uses = key_uses::list(self.at.pool, Purpose::Signing).await?;
        let gone: Vec<_> =
            uses.into_iter().map(|known| known.key_id).filter(|key| !keys.contains(key)).collect();
        key_uses::forget(self.at.pool, Purpose::Signing, &gone).await?;
        self.state().await
    }

    /// Every step from the next one to the last, with the waits between them: about twenty minutes with the usual settings.
    ///
    /// # Errors
    /// As the steps.
    pub async fn all(&self, size: SigningKeySize) -> Result<State, RotationError> {
        let mut state = self.state().await?;
        loop {
            state = match &state.step {
                Step::Publish | Step::Spread { .. } => self.publish(size).await?,
                Step::Sign { not_before, .. } => {
                    self.until("no verifier keeps an older key set", *not_before).await;
                    self.sign(false).await?
                }
                Step::Switch { .. } => self.sign(false).await?,
                Step::Retire { not_before, .. } => {
                    self.until("the last token of the old key has expired", *not_before).await;
                    // Somebody may still have signed with it when this was asked for.
                    match self.retire(false).await {
                        Ok(state) => return Ok(state),
                        Err(RotationError::NotNow(_)) => self.state().await?,
                        Err(error) => return Err(error),
                    }
                }
                Step::Forget { .. } => return self.retire(false).await,
            }
        }
    }

    async fn until(&self, what: &str, moment_due: DateTime<Utc>) {
        self.at.say(format!("waiting until {}: then {what}", moment(moment_due)));
        while let Ok(left) = (moment_due - self.at.clock.now()).to_std()
            && !left.is_zero()
        {
            tokio::time::sleep(left.min(super::LOOK)).await;
        }
    }
}

fn lacks(node: &NodeRow, keys: &[String]) -> bool {
    keys.iter().any(|key| !node.signing_keys.contains(key))
}

/// The next step, from the keys in the file and what is known of them. `now` stands for what nobody has noted.
fn next(keys: &[String], known: &Known, now: DateTime<Utc>) -> Step {
    let (coming, going) = known.split(keys);
    let first = keys.first().cloned().unwrap_or_default();
    if let Some(key) = coming.first() {
        let key = (*key).clone();
        let nodes_behind = known.behind(|node| lacks(node, keys));
        if nodes_behind > 0 {
            return Step::Spread { key, nodes_behind };
        }
        let published = known.of(&key).and_then(|known| known.published_at).unwrap_or(now);
        return Step::Sign { key, not_before: published + KEY_SET_KEPT_FOR + MARGIN };
    }
    let nodes_behind = known.behind(|node| node.signing_keys.first() != Some(&first));
    if nodes_behind > 0 {
        return Step::Switch { key: first, nodes_behind };
    }
    if !going.is_empty() {
        let needed = going.iter().filter_map(|key| known.of(key)?.needed_until).max();
        return Step::Retire { old: going.into_iter().cloned().collect(), not_before: needed.unwrap_or(now) };
    }
    let mut left: Vec<String> = known.nodes.iter().flat_map(|node| node.signing_keys.clone()).collect();
    left.retain(|key| !keys.contains(key));
    left.sort();
    left.dedup();
    match left.is_empty() {
        true => Step::Publish,
        false => {
            let nodes_behind = known.behind(|node| node.signing_keys.iter().any(|key| !keys.contains(key)));
            Step::Forget { old: left, nodes_behind }
        }
    }
}

fn not_now(step: &Step) -> RotationError {
    RotationError::NotNow(step.to_string())
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Step::Publish => f.write_str("nothing is under way; a rotation begins with --publish"),
            Step::Spread { key, nodes_behind } => write!(
                f,
                "{nodes_behind} nodes don't publish key {key} yet; bring the file to them, then run --publish again"
            ),
            Step::Sign { key, not_before } => {
                write!(f, "key {key} is published; next is --sign, not before {}", moment(*not_before))
            }
            Step::Switch { key, nodes_behind } => write!(
                f,
                "{nodes_behind} nodes don't sign with key {key} yet; bring the file to them, then run --sign again"
            ),
            Step::Retire { old, not_before } => write!(
                f,
                "the first key signs; next is --retire for {}, not before {}",
                names(old),
                moment(*not_before)
            ),
            Step::Forget { old, nodes_behind } => write!(
                f,
                "{nodes_behind} nodes still have {}; bring the file to them, then run --retire again",
                names(old)
            ),
        }
    }
}

#[cfg(test)]
mod tests;
