//! A node tells the others, through the database, that it runs and with which keys; a rotation of keys waits for that. And it
//! notices when its keys are replaced.

use std::time::Duration;

use devauth_projections::Error;
use devauth_projections::key_uses::{self, Purpose};
use devauth_projections::nodes::{self, NodeRow};
use tokio_util::sync::CancellationToken;

use crate::app::{App, KeyReload, StartError};
use crate::crypto::jwt::LEEWAY;

/// How often the files with keys are looked at.
const LOOK: Duration = Duration::from_secs(1);
/// Looks between two signs of life; far less than [`nodes::COUNTS_FOR`].
const BEAT: u32 = 5;

/// A node as the others know it.
pub(super) struct Presence {
    app: App,
    files: KeyReload,
    /// The signing key that was told of last.
    told: String,
}

impl Presence {
    /// Says that the node is there, before it serves.
    ///
    /// # Errors
    /// Postgres is away, or another node seals with a key that this one does not have.
    pub(super) async fn begin(app: App) -> Result<Self, StartError> {
        let told = signer(&app);
        let mut presence = Presence { files: KeyReload::of(&app), app, told };
        presence.beat().await?;
        if let Err(refused) = presence.opens_what_others_seal().await {
            presence.end().await;
            return Err(refused);
        }
        Ok(presence)
    }

    /// Keeps it up, until `shutdown`.
    pub(super) async fn run(mut self, shutdown: CancellationToken) {
        let mut ticks = tokio::time::interval(LOOK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut looks = 0;
        while shutdown.run_until_cancelled(ticks.tick()).await.is_some() {
            looks = (looks + 1) % BEAT;
            let replaced = self.files.look(&self.app).await;
            if (replaced || looks == 0)
                && let Err(error) = self.beat().await
            {
                tracing::debug!(%error, "the other nodes can't be told of this one");
            }
        }
        self.end().await;
    }

    async fn beat(&mut self) -> Result<(), Error> {
        let now = self.app.clock.now();
        let encryption_keys = self.app.keyring().key_ids();
        let signing_keys: Vec<String> = self.app.keys.signing().key_ids().map(str::to_owned).collect();
        // Should this be the last that is heard of the node, it goes on signing no longer than it counts as running.
        let token = chrono::Duration::from_std(self.app.config.tokens.access_ttl).unwrap_or_default();
        let needed = now + token + chrono::Duration::seconds(LEEWAY) + nodes::COUNTS_FOR;
        if !signing_keys.starts_with(std::slice::from_ref(&self.told)) {
            // It signed until a moment ago. By itself: within a transaction the rows of keys are locked in order.
            let told = std::slice::from_ref(&self.told);
            key_uses::observe(&self.app.pool, Purpose::Signing, told, Some(needed), now).await?;
        }
        let mut tx = self.app.pool.begin().await?;
        key_uses::observe(&mut *tx, Purpose::Encryption, &encryption_keys, None, now).await?;
        key_uses::observe(&mut *tx, Purpose::Signing, &signing_keys, Some(needed), now).await?;
        let signer = signing_keys[0].clone();
        nodes::put(&mut *tx, &NodeRow { id: self.app.id, seen_at: now, encryption_keys, signing_keys })
            .await?;
        tx.commit().await?;
        self.told = signer;
        Ok(())
    }

    async fn opens_what_others_seal(&self) -> Result<(), StartError> {
        let known = self.app.keyring().key_ids();
        let nodes = nodes::running(&self.app.pool, self.app.clock.now()).await?;
        let sealing = nodes.iter().filter_map(|node| node.encryption_keys.first());
        match sealing.into_iter().find(|key| !known.contains(key)) {
            None => Ok(()),
            Some(key) => Err(StartError::Configuration(format!(
                "another node seals with encryption key {key}, which is not configured here"
            ))),
        }
    }

    async fn end(self) {
        if let Err(error) = nodes::remove(&self.app.pool, self.app.id, self.app.clock.now()).await {
            tracing::debug!(%error, "the other nodes can't be told of the end of this one");
        }
    }
}

fn signer(app: &App) -> String {
    app.keys.signing().key_ids().next().unwrap_or_default().to_owned()
}
