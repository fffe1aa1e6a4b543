//! Opening the database: migrations with the configured role, everything else with less.

use devauth_projections::pool::{self, Connection, PoolSettings};
use devauth_projections::reads::Reads;
use devauth_projections::{Error, Pool, migrations, rebuild, roles};
use secrecy::ExposeSecret as _;

use crate::config::Config;

/// Brings the database to `version` (the newest if none is named); answers the version that it
/// has then: there is nothing to undo above one that it has not reached.
///
/// # Errors
/// Postgres is away or refuses.
pub async fn migrate(url: &str, version: Option<i64>) -> Result<i64, Error> {
    let mut connection = pool::owner(url).await?;
    match version {
        Some(version) => {
            drop_left_overs(&mut connection).await;
            migrations::down(&mut connection, version).await?;
        }
        None => {
            up(&mut connection).await?;
            // New tables are nobody's but the owner's until they are granted.
            roles::restrict(&mut connection).await?;
        }
    }
    migrations::current(&mut connection).await
}

async fn up(connection: &mut Connection) -> Result<(), Error> {
    drop_left_overs(connection).await;
    migrations::up(connection).await
}

/// Nothing depends on it, so it is no reason not to go on.
async fn drop_left_overs(connection: &mut Connection) {
    match rebuild::drop_left_overs(connection).await {
        Ok(dropped) if dropped.is_empty() => {}
        Ok(dropped) => tracing::info!(?dropped, "copies that interrupted rebuilds left behind were dropped"),
        Err(error) => tracing::warn!(%error, "copies that interrupted rebuilds left behind can't be dropped"),
    }
}

/// Migrates unless told not to, and opens pools whose connections act with as few rights as the server lets us arrange.
///
/// # Errors
/// Postgres is away or refuses.
pub async fn open(config: &Config) -> Result<(Pool, Reads), Error> {
    let url = config.database_url.expose_secret();
    let mut owner = pool::owner(url).await?;
    if config.migrate {
        up(&mut owner).await?;
    }
    let role = roles::restrict(&mut owner).await?;
    if role.is_none() {
        tracing::info!(
            "the server doesn't allow a role with fewer rights: the log's triggers alone protect it"
        );
    }
    let settings = PoolSettings { role, ..PoolSettings::default() };
    let pool = pool::lazy(url, &settings)?;
    let reads = Reads::of(pool.clone());
    let reads = match &config.database_replica_url {
        Some(standby) => reads.with_standby(standby.expose_secret(), &settings)?,
        None => reads,
    };
    Ok((pool, reads))
}
