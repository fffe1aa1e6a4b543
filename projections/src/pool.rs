//! Connections: one pool a node, each session with limits, so that a stuck statement can't hold the log's horizon for long.

mod kept;

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _};

use crate::{Error, roles};

pub use kept::{Kept, Taken};

/// A pool of Postgres connections.
pub type Pool = sqlx::PgPool;
/// One connection.
pub type Connection = sqlx::PgConnection;
/// An open transaction.
pub type Tx<'a> = sqlx::Transaction<'a, sqlx::Postgres>;

/// A connection that was used so lately is taken to be alive. Asking it first would cost a busy node a round trip for every
/// statement; a server that was restarted since costs a request that met it one 503.
const FRESH: Duration = Duration::from_millis(100);

/// How long a command waits for a connection: nobody is waiting for an answer to a request.
const READER_WAITS: Duration = Duration::from_secs(10);

/// How long a reader waits for a connection to a standby.
const STANDBY_WAITS: Duration = Duration::from_millis(500);

/// Statements that reach rows by key have one plan, made once, whatever the values are and whatever Postgres knows of the tables.
/// Left alone, it plans the first five of each connection anew, and on a young table prefers to read all of it, by a plan that it
/// keeps while the table grows.
const PLAN: &str =
    "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_bitmapscan = off;
                    SET enable_hashjoin = off; SET enable_mergejoin = off";

/// How a node talks to Postgres.
#[derive(Debug, Clone)]
pub struct PoolSettings {
    /// Connections at most.
    pub max_connections: u32,
    /// How long a request waits for a connection before it is told that the database is away.
    pub acquire_timeout: Duration,
    /// The role to act as, if [`roles::restrict`] could make it.
    pub role: Option<&'static str>,
}

impl Default for PoolSettings {
    fn default() -> Self {
        PoolSettings { max_connections: 20, acquire_timeout: Duration::from_secs(3), role: None }
    }
}

/// Opens a pool; connections are made when they are needed, so this succeeds while Postgres is away.
///
/// # Errors
/// The URL is not one of Postgres.
pub fn lazy(url: &str, settings: &PoolSettings) -> Result<Pool, Error> {
    let role = settings.role;
    let pool = PgPoolOptions::new()
        .max_connections(settings.max_connections)
        .acquire_timeout(settings.acquire_timeout)
        .test_before_acquire(false)
        .before_acquire(|connection, metadata| {
            Box::pin(async move {
                if metadata.idle_for > FRESH {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .after_connect(move |connection, _| {
            Box::pin(async move {
                // After a failover the address may for a while lead to a server that is not promoted yet: it would show who was
                // logged in some time ago, and refuse every command.
                if sqlx::query_scalar("SELECT pg_is_in_recovery()").fetch_one(&mut *connection).await? {
                    return Err(sqlx::Error::Protocol("this is a standby".to_owned()));
                }
                if let Some(role) = role {
                    roles::assume(connection, role).await?;
                }
                Ok(())
            })
        })
        .connect_lazy_with(options(url)?);
    Ok(pool)
}

/// A connection of one's own for statements that reach rows by key. The pool makes it, within its time and with the role it gives to
/// all; it does not get it back.
///
/// # Errors
/// Postgres is away, or the pool is closed.
pub(crate) async fn by_key(pool: &Pool) -> Result<Connection, sqlx::Error> {
    let mut connection = pool.acquire().await?.detach();
    connection.execute(PLAN).await?;
    Ok(connection)
}

/// Opens a pool for reads from a standby. Who can't have a connection soon asks the primary.
///
/// # Errors
/// The URL is not one of Postgres.
pub(crate) fn of_standby(url: &str, settings: &PoolSettings) -> Result<Pool, Error> {
    let role = settings.role;
    let options = options(url)?.options([("default_transaction_read_only", "on")]);
    Ok(PgPoolOptions::new()
        .max_connections(settings.max_connections)
        .acquire_timeout(STANDBY_WAITS)
        .after_connect(move |connection, _| {
            Box::pin(async move {
                if let Some(role) = role {
                    roles::assume(connection, role).await?;
                }
                Ok(())
            })
        })
        .connect_lazy_with(options))
}

/// Opens a pool whose sessions change nothing, for who looks at the log from outside the service.
///
/// # Errors
/// The URL is not one of Postgres.
pub fn reading(url: &str) -> Result<Pool, Error> {
    let options = options(url)?.options([("default_transaction_read_only", "on")]);
    Ok(PgPoolOptions::new().max_connections(3).acquire_timeout(READER_WAITS).connect_lazy_with(options))
}

/// Opens one connection that changes nothing and may take its time.
///
/// # Errors
/// The URL is not one of Postgres, or Postgres is away.
pub async fn reader(url: &str) -> Result<sqlx::PgConnection, Error> {
    let options: PgConnectOptions = parse(url)?.options([
        ("statement_timeout", "0"),
        ("default_transaction_read_only", "on"),
        ("timezone", "UTC"),
    ]);
    Ok(options.connect().await?)
}

/// Opens one connection with the rights of the configured role, for migrations.
///
/// # Errors
/// The URL is not one of Postgres, or Postgres is away.
pub async fn owner(url: &str) -> Result<sqlx::PgConnection, Error> {
    // Migrations may take longer than a request may.
    let options: PgConnectOptions = parse(url)?.options([("statement_timeout", "0"), ("timezone", "UTC")]);
    Ok(options.connect().await?)
}

fn options(url: &str) -> Result<PgConnectOptions, Error> {
    Ok(parse(url)?.options([
        ("statement_timeout", "15s"),
        ("lock_timeout", "5s"),
        ("idle_in_transaction_session_timeout", "15s"),
        ("timezone", "UTC"),
        // A table with a single row, of which Postgres doesn't know that, looks dear enough for its statement to be compiled: twenty
        // milliseconds for one that takes a tenth of one.
        ("jit", "off"),
    ]))
}

fn parse(url: &str) -> Result<PgConnectOptions, Error> {
    let options: PgConnectOptions = url.parse().map_err(Error::Database)?;
    Ok(options.application_name("devauth").log_statements(tracing::log::LevelFilter::Trace))
}
