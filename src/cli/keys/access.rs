//! Where the keys are that a command works with, and the database that tells what they are used for.

use devauth_projections::Pool;
use devauth_projections::pool::{self, PoolSettings};
use secrecy::ExposeSecret as _;

use crate::cli::{Failure, env};
use crate::config::{KeyAccess, Keys};
use crate::dev::postgres::Postgres;
use crate::dev::{self, data_dir};

/// Keys and database of the environment, or those of `devauth dev`.
pub(super) fn locate(of_dev: bool) -> Result<KeyAccess, Failure> {
    if !of_dev {
        return Ok(KeyAccess::from_env(&env)?);
    }
    let data_dir = data_dir::locate().map_err(|cause| Failure::usage(cause.to_string()))?;
    let keys = Keys::from_files(&dev::keys::files(&data_dir))
        .map_err(|reason| Failure::usage(format!("the keys in {}: {reason}", data_dir.display())))?;
    let database_url = Postgres::url_of_running(&data_dir, dev::DATABASE).map(Into::into);
    Ok(KeyAccess { keys, database_url })
}

/// The database, which some commands can't do without.
pub(super) fn connect(access: &KeyAccess, of_dev: bool) -> Result<Pool, Failure> {
    let missing =
        if of_dev { "`devauth dev` does not run: start it first" } else { "DATABASE_URL is not set" };
    let url = access.database_url.as_ref().ok_or_else(|| Failure::usage(missing))?;
    let settings = PoolSettings { max_connections: 3, ..PoolSettings::default() };
    Ok(pool::lazy(url.expose_secret(), &settings)?)
}
