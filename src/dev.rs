//! `devauth dev`: everything for a first try on one machine, with nothing configured.
//!
//! [`prepare`] brings up a private Postgres and the keys; wiring them to the server is done by the command.

pub mod data_dir;
mod error;
pub mod keys;
pub mod postgres;
mod wait;
mod walkthrough;
pub mod watchdog;

use std::path::{Path, PathBuf};

use crate::config::KeyFiles;

pub use error::DevError;
pub use postgres::Postgres;
pub use walkthrough::{walkthrough, walkthrough_script};

/// The database that `devauth dev` keeps its data in; [`Postgres::start`] creates it.
pub const DATABASE: &str = "devauth";

/// What `devauth dev` runs on. Dropping it stops Postgres.
#[derive(Debug)]
pub struct DevEnvironment {
    /// The private Postgres, ready for connections.
    pub postgres: Postgres,
    /// Where the keys are, as `DEVAUTH_ENCRYPTION_KEY_FILE` and `DEVAUTH_JWT_PRIVATE_KEY_FILE` take it.
    pub key_files: KeyFiles,
    /// Where all of this is kept between runs.
    pub data_dir: PathBuf,
    /// A directory for caught mails.
    pub mail_dir: PathBuf,
}

/// Starts Postgres and makes (first time) or reads (later) the keys, all inside `data_dir`.
///
/// Blocks for a second or so the first time; call it through `spawn_blocking`.
///
/// # Errors
/// Says in a sentence what is missing and what to do about it.
pub fn prepare(data_dir: &Path) -> Result<DevEnvironment, DevError> {
    // Postgres first: it takes the lock that keeps a second `devauth dev` from making other keys meanwhile.
    let postgres = Postgres::start(postgres::Options::new(data_dir))?;
    let data_dir = postgres.data_dir().to_owned();
    let mail_dir = data_dir.join("mail");
    data_dir::create_private(&mail_dir)?;
    Ok(DevEnvironment { key_files: keys::make(&data_dir)?, postgres, data_dir, mail_dir })
}
