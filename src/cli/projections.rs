//! `devauth projections`: how the read models stand, and making sure that they are what the log says.

mod list;
mod progress;
mod rebuild;
mod retry;
mod verify;

use std::sync::Arc;

use clap::Subcommand;
use devauth_projections::catalog::Model;
use devauth_projections::event_log::EventLog;
use devauth_projections::pool::{self, PoolSettings};
use devauth_projections::rebuild::Refusal;
use devauth_projections::sealing::{Key256, Keyring, SealingError};
use secrecy::{ExposeSecret as _, SecretString};

use super::{Failure, env};
use crate::config::LogAccess;

/// List, rebuild and verify the read models
#[derive(Debug, clap::Args)]
#[command(
    long_about = "List, rebuild and verify the read models: everything that the log of events alone decides.\n\n\
        Works beside a running service. Reads DATABASE_URL and DEVAUTH_ENCRYPTION_KEY; the connection must lead to Postgres \
        itself, not to a pooler that shares sessions.",
    after_help = AFTER_HELP,
    arg_required_else_help = true
)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "\
Example:
  devauth projections list
  devauth projections verify
  devauth projections rebuild portal_users

Exit status:
  0  done
  1  it did not work, or a read model is not what the log says
  2  the command line or the configuration is wrong";

#[derive(Debug, Subcommand)]
enum Command {
    List(list::Args),
    Rebuild(rebuild::Args),
    Verify(verify::Args),
    Retry(retry::Args),
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    match &args.command {
        Command::List(args) => list::run(args),
        Command::Rebuild(args) => rebuild::run(args),
        Command::Verify(args) => verify::run(args),
        Command::Retry(args) => retry::run(args),
    }
}

/// The models of these names, each once and in their order; a name that is none is told before anything is done.
fn named(names: &[String]) -> Result<Vec<Model>, Failure> {
    let mut models = Vec::new();
    for name in names {
        let Some(model) = Model::named(name) else {
            let known: Vec<_> = Model::all().map(Model::name).collect();
            return Err(Failure::usage(format!(
                "no read model is called {name:?}; there are {}",
                known.join(", ")
            )));
        };
        if !models.contains(&model) {
            models.push(model);
        }
    }
    Ok(models)
}

/// The database and the keys that the environment names.
struct Access {
    url: SecretString,
    keyring: Arc<Keyring>,
}

impl Access {
    fn from_env() -> Result<Self, Failure> {
        let LogAccess { database_url: url, encryption_keys } = LogAccess::from_env(&env, true)?;
        let keys = encryption_keys.iter().map(|key| Key256::new(*key.expose())).collect();
        let keyring = Keyring::new(keys).expect("a list of keys that was read is not empty");
        Ok(Access { url, keyring: Arc::new(keyring) })
    }

    fn url(&self) -> &str {
        self.url.expose_secret()
    }

    /// The log; a few connections do: to read, and to number events if no service is there to do so. Needs the runtime.
    fn log(&self) -> Result<EventLog, Failure> {
        let settings = PoolSettings { max_connections: 3, ..PoolSettings::default() };
        Ok(EventLog::new(pool::lazy(self.url(), &settings)?, self.keyring.clone()))
    }
}

/// Why nothing was done, with what was to be done it to.
fn refused(model: Model, refusal: Refusal) -> Failure {
    use devauth_projections::Error;
    let reason = format!("{}: {refusal}", model.name());
    match refusal {
        // Nothing is wrong with the database.
        Refusal::Denied
        | Refusal::Store(Error::Sealing(SealingError::UnknownKey(_)))
        | Refusal::Event { error: Error::Sealing(SealingError::UnknownKey(_)), .. } => Failure::usage(reason),
        Refusal::Store(error) => {
            let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
            Failure::failed(format!("{reason}{}", cause.unwrap_or_default()))
        }
        Refusal::Busy(_)
        | Refusal::Version { .. }
        | Refusal::Definition { .. }
        | Refusal::Crowded(_)
        | Refusal::Event { .. } => Failure::failed(reason),
    }
}
