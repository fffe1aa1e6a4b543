//! Everything a handler or a worker may ask for, put together once.

pub mod api_key_cache;
mod key_reload;
mod keys;
pub mod login_failures;

use std::ops::Deref;
use std::sync::Arc;

use devauth_aggregates::{ApplicationId, UserId};
use devauth_projections::event_log::{Actor, Context, EventLog};
use devauth_projections::gathered::Gathered;
use devauth_projections::reads::Reads;
use devauth_projections::sealing::{Key256, Keyring};
use devauth_projections::{Pool, cluster, sessions};
use secrecy::ExposeSecret as _;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::Clock;
use crate::commands::Commands;
use crate::config::{Config, EncryptionKey, Lockout};
use crate::crypto::passwords::Passwords;
use crate::crypto::random;
use crate::http::context::RequestContext;
use crate::limits::{Limiter, LockoutPolicy};

use api_key_cache::ApiKeyCache;
pub use key_reload::{KEY_FILE_UNUSABLE, KeyReload};
pub use keys::ServiceKeys;
use login_failures::LoginFailures;

/// How long a password may wait to be hashed.
const HASH_QUEUE: std::time::Duration = std::time::Duration::from_secs(2);
/// Begins every key in Redis, unless another prefix is given.
pub const REDIS_PREFIX: &str = "devauth:";

/// Why a node can't start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Postgres is away, or holds something that this node can't read.
    #[error("the database can't be used: {0}")]
    Database(#[from] devauth_projections::Error),
    /// An address can't be listened on.
    #[error("can't listen on {0}: {1}")]
    Listen(std::net::SocketAddr, std::io::Error),
    /// A configured value that can only be judged when it is used.
    #[error("{0}")]
    Configuration(String),
}

/// One node of the service. Cheap to clone; clones are the same node.
#[derive(Clone)]
pub struct App(Arc<Node>);

/// What a node is made of.
pub struct Node {
    /// Its id, a new one for each start.
    pub id: uuid::Uuid,
    /// How it was configured.
    pub config: Config,
    /// The time.
    pub clock: Clock,
    /// Connections to Postgres.
    pub pool: Pool,
    /// Connections for reads of the portal.
    pub reads: Reads,
    /// Finds living sessions for requests with access tokens.
    pub live_sessions: Gathered<sessions::Live>,
    /// Finds living sessions for refreshes.
    pub refreshable_sessions: Gathered<sessions::Refreshable>,
    /// Executes commands.
    pub commands: Commands,
    /// Counts requests and guesses.
    pub limiter: Limiter,
    /// Hashes passwords.
    pub passwords: Passwords,
    /// Signs and checks tokens, and finds addresses.
    pub keys: ServiceKeys,
    /// API keys that were looked up a moment ago.
    pub api_keys: ApiKeyCache,
    /// Failed logins that are still to be written.
    pub login_failures: LoginFailures,
    /// Told when events were appended.
    pub appended: Arc<Notify>,
    /// Told when a job was written.
    pub job_written: Arc<Notify>,
    /// Cancelled when the node is about to end and wants no new requests.
    pub ending: CancellationToken,
    /// What goes on after its request was answered or given up; a shutdown waits for it.
    pub tasks: TaskTracker,
}

impl Deref for App {
    type Target = Node;

    fn deref(&self) -> &Node {
        &self.0
    }
}

impl App {
    /// Puts a node together on a migrated database.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn new(
        config: Config,
        pool: Pool,
        reads: Reads,
        clock: Clock,
        redis_prefix: &str,
    ) -> Result<Self, StartError> {
        let keyring = keyring(&config.encryption_keys)
            .ok_or_else(|| StartError::Configuration("no encryption key is configured".to_owned()))?;
        cluster::begin_epoch_if_moved(&pool).await?;
        clock.synchronise(&pool).await?;
        let keys = ServiceKeys::load(&config, &pool, &keyring).await?;
        let appended = Arc::new(Notify::new());
        let commands = Commands::new(EventLog::new(pool.clone(), Arc::new(keyring)), appended.clone());
        let passwords = Passwords::new(
            &keys.password_prehash,
            config.passwords.bcrypt_cost,
            Passwords::default_threads(),
            HASH_QUEUE,
        );
        let limiter = limiter(&config, redis_prefix)?;
        Ok(App(Arc::new(Node {
            id: random::uuid_v7(clock.now()),
            config,
            clock,
            live_sessions: Gathered::new(pool.clone()),
            refreshable_sessions: Gathered::new(pool.clone()),
            reads,
            pool,
            commands,
            limiter,
            passwords,
            keys,
            api_keys: ApiKeyCache::default(),
            login_failures: LoginFailures::default(),
            appended,
            job_written: Arc::new(Notify::new()),
            ending: CancellationToken::new(),
            tasks: TaskTracker::new(),
        })))
    }

    /// What is recorded with the events of a command that a request asks for.
    #[must_use]
    pub fn context(
        &self,
        application: ApplicationId,
        actor: Actor,
        person: Option<UserId>,
        request: &RequestContext,
    ) -> Context {
        Context {
            command_id: random::uuid_v7(self.clock.now()),
            application_id: application,
            actor,
            person,
            request_id: Some(request.request_id.clone()),
            client_address: Some(request.client_address.to_string()),
            user_agent: request.user_agent.clone(),
        }
    }

    /// The keys that seal what the database holds.
    #[must_use]
    pub fn keyring(&self) -> &Keyring {
        self.commands.log().keyring()
    }

    /// A new UUIDv7.
    #[must_use]
    pub fn new_id(&self) -> uuid::Uuid {
        random::uuid_v7(self.clock.now())
    }
}

/// A ring of these keys; nothing if there are none.
pub fn keyring(keys: &[EncryptionKey]) -> Option<Keyring> {
    Keyring::new(keys.iter().map(|key| Key256::new(*key.expose())).collect())
}

fn limiter(config: &Config, prefix: &str) -> Result<Limiter, StartError> {
    let limiter = match &config.redis_url {
        None => Limiter::in_process(),
        Some(url) => Limiter::redis(url.expose_secret(), prefix)
            .map_err(|error| StartError::Configuration(format!("REDIS_URL {error}")))?,
    };
    let Lockout { attempts, window } = config.lockout;
    Ok(limiter.with_lockout(LockoutPolicy { attempts, window, lock: window, ..LockoutPolicy::default() }))
}
