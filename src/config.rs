//! The configuration of a DevAuth process, read once from the environment into plain values.
//!
//! Everything wrong is found before anything starts and named at once ([`ConfigErrors`]). Values are never repeated
//! in a message, since a secret is easily put into the wrong variable. Nothing below this module reads the
//! environment; tests and `devauth dev` build a [`Config`] directly.

mod duration;
mod encryption_key;
#[cfg(test)]
mod fuzz;
mod key_files;
mod networks;
mod private_key;
mod problem;
mod reader;
#[cfg(test)]
mod reference;
mod sections;
mod traces;
mod unknown;
mod urls;
mod variable;
mod variables;

#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use lettre::message::Mailbox;
use secrecy::{SecretSlice, SecretString};

pub use duration::parse as parse_duration;
pub use encryption_key::{EncryptionKey, WeakKey};
pub use key_files::KeyFiles;
pub use problem::{ConfigErrors, Problem};
pub use sections::{Lockout, Passwords, Rates, Tokens};
pub use traces::Traces;
pub use unknown::{UnknownVariable, unknown_variables};
pub use variable::{Accepts, Variable};
pub use variables::VARIABLES;

use reader::Reader;
use sections::Settings;

/// Where a variable's value comes from: `std::env::var` in the program, a map in tests.
pub type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Which promises the process must keep (`DEVAUTH_ENV`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// Real users: https only, bcrypt cost 12 or more.
    Production,
    /// A developer's machine: as production, but http is accepted.
    Development,
    /// Automatic tests: cheap password hashes, and therefore never reachable from outside the machine.
    Test,
}

/// Everything a process is told by its operator.
///
/// `Debug` shows no secret: those are held in redacting types.
#[derive(Debug, Clone)]
pub struct Config {
    /// Which promises must be kept.
    pub environment: Environment,
    /// `postgres://…`, as sqlx reads it.
    pub database_url: SecretString,
    /// A standby of it for reads of the portal; none means that it answers them itself.
    pub database_replica_url: Option<SecretString>,
    /// `redis://…`; none means in-process limits and a single node.
    pub redis_url: Option<SecretString>,
    /// `smtp://…` or `smtps://…`.
    pub smtp_url: SecretString,
    /// Where the public routes listen.
    pub bind: SocketAddr,
    /// Where `/metrics` listens.
    pub admin_bind: SocketAddr,
    /// Issuer of tokens and base of mailed links; without a trailing slash.
    pub public_url: String,
    /// The first encrypts, all of them open; never empty.
    pub encryption_keys: Vec<EncryptionKey>,
    /// RSA private keys in PEM form, at least 2048 bits; each may be several. The first signs, all of them verify; never empty.
    pub jwt_keys: Vec<SecretSlice<u8>>,
    /// Where these keys were read, to notice when they are replaced.
    pub key_files: KeyFiles,
    /// The sender of every mail.
    pub mail_from: Mailbox,
    /// How passwords are stored.
    pub passwords: Passwords,
    /// How long tokens live.
    pub tokens: Tokens,
    /// When guessing is stopped.
    pub lockout: Lockout,
    /// How many requests new API keys may make.
    pub rates: Rates,
    /// Peers whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// How long a node that was told to end goes on serving while it says that it isn't ready.
    pub drain_time: Duration,
    /// A `tracing` filter, already checked.
    pub log: String,
    /// Whether `serve` applies the migrations before it listens.
    pub migrate: bool,
    /// Where traces go; none means that nothing is traced.
    pub traces: Option<Traces>,
}

/// What `devauth dev` makes itself instead of asking its user for it.
#[derive(Debug, Clone)]
pub struct Provided {
    /// The private cluster's address.
    pub database_url: SecretString,
    /// As [`Config::database_replica_url`]; a private cluster has none.
    pub database_replica_url: Option<SecretString>,
    /// Where mail would go; `dev` catches it instead.
    pub smtp_url: SecretString,
    /// The keys, and where they are.
    pub keys: Keys,
}

/// The keys alone.
#[derive(Debug, Clone)]
pub struct Keys {
    /// As [`Config::encryption_keys`].
    pub encryption_keys: Vec<EncryptionKey>,
    /// As [`Config::jwt_keys`].
    pub jwt_keys: Vec<SecretSlice<u8>>,
    /// As [`Config::key_files`].
    pub files: KeyFiles,
}

/// What `devauth keys list` and `devauth keys rotate` need.
#[derive(Debug, Clone)]
pub struct KeyAccess {
    /// The keys.
    pub keys: Keys,
    /// As [`Config::database_url`]; the keys alone can be listed without.
    pub database_url: Option<SecretString>,
}

/// What `devauth events` and `devauth projections` need to read the log of a database.
#[derive(Debug, Clone)]
pub struct LogAccess {
    /// As [`Config::database_url`].
    pub database_url: SecretString,
    /// As [`Config::encryption_keys`]; empty unless they were asked for.
    pub encryption_keys: Vec<EncryptionKey>,
}

/// What `devauth migrate` needs.
#[derive(Debug, Clone)]
pub struct Migration {
    /// Rolling back is refused in [`Environment::Production`].
    pub environment: Environment,
    /// As [`Config::database_url`].
    pub database_url: SecretString,
    /// As [`Config::log`].
    pub log: String,
}

impl Config {
    /// Whether `trusted_proxies` has a network of all addresses, so that everybody can name any client address.
    #[must_use]
    pub fn trusts_everybody(&self) -> bool {
        networks::trust_everybody(&self.trusted_proxies)
    }

    /// Reads what `devauth serve` needs.
    ///
    /// # Errors
    /// Every missing or unacceptable variable, all in one answer.
    pub fn from_env(env: Env<'_>) -> Result<Self, ConfigErrors> {
        let mut reader = Reader::new(env);
        let environment = sections::environment(&mut reader);
        let database_url = reader.parse(&variables::DATABASE_URL, urls::database);
        let smtp_url = reader.parse(&variables::SMTP_URL, urls::smtp);
        let mail_from = reader.parse(&variables::MAIL_FROM, sections::mailbox);
        let public_url = reader.parse(&variables::PUBLIC_URL, |text| urls::public(text, environment));
        let keys = Keys::read(&mut reader);
        let database_replica_url = reader.parse_if_set(&variables::DATABASE_REPLICA_URL, urls::database);
        let settings = Settings::read(&mut reader, environment);

        reader.finish(|| {
            let (database_url, smtp_url, keys) = (database_url?, smtp_url?, keys?);
            let provided = Provided { database_url, database_replica_url, smtp_url, keys };
            Some(Self::assemble(environment, provided, public_url?, mail_from?, settings?))
        })
    }

    /// Reads where a node of this configuration listens, and nothing else.
    ///
    /// # Errors
    /// `DEVAUTH_BIND` is no address.
    pub fn bind_from_env(env: Env<'_>) -> Result<SocketAddr, ConfigErrors> {
        let mut reader = Reader::new(env);
        let bind = sections::bind(&mut reader);
        reader.finish(|| bind)
    }

    /// Reads what `devauth dev` lets its user change, around what it provides itself.
    ///
    /// `DEVAUTH_ENV` and the variables for which [`Provided`] has a value are not read.
    ///
    /// # Errors
    /// Every unacceptable variable, all in one answer.
    pub fn for_dev(env: Env<'_>, provided: Provided) -> Result<Self, ConfigErrors> {
        let environment = Environment::Development;
        let mut reader = Reader::new(env);
        let public_url =
            reader.parse_or(&variables::PUBLIC_URL, "", |text| urls::dev_public(text, environment));
        let mail_from =
            reader.parse_or(&variables::MAIL_FROM, "DevAuth <devauth@localhost>", sections::mailbox);
        let settings = Settings::read(&mut reader, environment);

        reader.finish(|| {
            let settings = settings?;
            let public_url =
                public_url?.unwrap_or_else(|| format!("http://localhost:{}", settings.bind.port()));
            Some(Self::assemble(environment, provided, public_url, mail_from?, settings))
        })
    }

    fn assemble(
        environment: Environment,
        provided: Provided,
        public_url: String,
        mail_from: Mailbox,
        settings: Settings,
    ) -> Self {
        Self {
            environment,
            database_url: provided.database_url,
            database_replica_url: provided.database_replica_url,
            redis_url: settings.redis_url,
            smtp_url: provided.smtp_url,
            bind: settings.bind,
            admin_bind: settings.admin_bind,
            public_url,
            encryption_keys: provided.keys.encryption_keys,
            jwt_keys: provided.keys.jwt_keys,
            key_files: provided.keys.files,
            mail_from,
            passwords: settings.passwords,
            tokens: settings.tokens,
            lockout: settings.lockout,
            rates: settings.rates,
            trusted_proxies: settings.trusted_proxies,
            drain_time: settings.drain_time,
            log: settings.log,
            migrate: settings.migrate,
            traces: settings.traces,
        }
    }
}

impl Keys {
    /// Reads the encryption keys and the signing keys.
    ///
    /// # Errors
    /// Every missing, weak or unreadable key.
    pub fn from_env(env: Env<'_>) -> Result<Self, ConfigErrors> {
        let mut reader = Reader::new(env);
        let keys = Self::read(&mut reader);
        reader.finish(|| keys)
    }

    /// Reads them from their files.
    ///
    /// # Errors
    /// Says which file can't be read, or which key is weak.
    pub fn from_files(files: &KeyFiles) -> Result<Self, String> {
        let encryption_keys = files.read_encryption()?.unwrap_or_default();
        Ok(Self { encryption_keys, jwt_keys: files.read_signing()?, files: files.clone() })
    }

    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let encryption_keys = reader.parse(&variables::ENCRYPTION_KEY, EncryptionKey::parse_list);
        let jwt_keys = reader.parse(&variables::JWT_PRIVATE_KEY_FILE, private_key::read_list);
        let files = KeyFiles {
            encryption: reader.text(&variables::ENCRYPTION_KEY.file_name()).map(PathBuf::from),
            signing: reader
                .text(variables::JWT_PRIVATE_KEY_FILE.name)
                .map_or_else(Vec::new, |text| private_key::paths(&text)),
        };
        Some(Self { encryption_keys: encryption_keys?, jwt_keys: jwt_keys?, files })
    }
}

impl KeyAccess {
    /// Reads the keys, and the database's URL if there is one.
    ///
    /// # Errors
    /// Every missing, weak or unreadable key, and a database's URL that is none.
    pub fn from_env(env: Env<'_>) -> Result<Self, ConfigErrors> {
        let mut reader = Reader::new(env);
        let keys = Keys::read(&mut reader);
        let database_url = reader.parse_if_set(&variables::DATABASE_URL, urls::database);
        reader.finish(|| Some(Self { keys: keys?, database_url }))
    }
}

impl LogAccess {
    /// Reads where the log is and, if personal data is to be `opened`, the keys for that. Nothing else is asked for.
    ///
    /// # Errors
    /// Every missing or unacceptable variable.
    pub fn from_env(env: Env<'_>, opened: bool) -> Result<Self, ConfigErrors> {
        let mut reader = Reader::new(env);
        let database_url = reader.parse(&variables::DATABASE_URL, urls::database);
        let encryption_keys = if opened {
            reader.parse(&variables::ENCRYPTION_KEY, EncryptionKey::parse_list)
        } else {
            Some(Vec::new())
        };
        reader.finish(|| Some(Self { database_url: database_url?, encryption_keys: encryption_keys? }))
    }
}

impl Migration {
    /// Reads what `devauth migrate` needs; the keys and the mail server are not asked for.
    ///
    /// # Errors
    /// Every missing or unacceptable variable.
    pub fn from_env(env: Env<'_>) -> Result<Self, ConfigErrors> {
        let mut reader = Reader::new(env);
        let environment = sections::environment(&mut reader);
        let database_url = reader.parse(&variables::DATABASE_URL, urls::database);
        let log = reader.parse(&variables::LOG, sections::log_filter);
        reader.finish(|| Some(Self { environment, database_url: database_url?, log: log? }))
    }
}
