//! A private Postgres: found, initialised, started and stopped by us, reachable through a unix socket.
//!
//! Everything it needs is in one data directory:
//!
//! ```text
//! postgres/        the cluster (as root: owned by the user who runs it)
//! run/             the socket, mode 0700, only while it runs
//! postgres.log     of this run (postgres.old.log: of the one before)
//! postgres.lock    held by the process that started it
//! ```

mod account;
mod binaries;
mod cluster;
mod leftover;
mod server;
mod sockets;
mod url;
mod wire;

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};

use account::Account;
use binaries::Binaries;
use server::{Launch, Server};
use sockets::SocketDir;

use super::{DATABASE, DevError, data_dir, keys};

/// Names the socket of a server that listens nowhere else.
const PORT: u16 = 5432;

/// The superuser of every cluster made here.
const SUPERUSER: &str = "devauth";

/// How to start a [`Postgres`].
#[derive(Clone, Debug)]
pub struct Options {
    /// Where it keeps everything; created when missing.
    pub data_dir: PathBuf,
    /// Whether it also listens on a free port of 127.0.0.1, with a password.
    pub tcp: bool,
    /// Whether the data is for this run only: then `initdb` doesn't wait for the disk.
    pub throwaway: bool,
    /// Further Postgres settings, as in postgresql.conf.
    pub settings: Vec<(String, String)>,
}

impl Options {
    /// A server on a unix socket only, with Postgres' own settings.
    pub fn new(data_dir: impl Into<PathBuf>) -> Options {
        Options { data_dir: data_dir.into(), tcp: false, throwaway: false, settings: Vec::new() }
    }

    /// The same for data of this run only.
    #[must_use]
    pub fn throwaway(self) -> Options {
        Options { throwaway: true, ..self }
    }

    /// Adds a Postgres setting, such as `("max_connections", "400")`.
    #[must_use]
    pub fn setting(mut self, name: &str, value: &str) -> Options {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// A running private Postgres. Dropping it stops it; when this process is killed, a watchdog does.
#[derive(Debug)]
pub struct Postgres {
    server: Server,
    sockets: SocketDir,
    port: u16,
    password: Option<SecretString>,
    data_dir: PathBuf,
    _lock: File,
}

impl Postgres {
    /// Starts it and answers when it accepts connections and has a database `devauth`. Blocks: about a second the first time, a
    /// few hundredths later. A server that a killed run left behind is stopped first.
    ///
    /// # Errors
    /// When another process uses the data directory, no fitting binaries are found, or Postgres does not start.
    pub fn start(options: Options) -> Result<Postgres, DevError> {
        data_dir::create_private(&options.data_dir)?;
        let data_dir = options.data_dir.canonicalize().map_err(DevError::io("find", &options.data_dir))?;
        let lock = lock(&data_dir)?;
        let cluster = data_dir.join("postgres");
        let account = Account::for_cluster(&cluster)?;
        if !account.is_me() {
            data_dir::let_through(&data_dir)?;
            account.must_reach(&data_dir)?;
        }
        let binaries = Binaries::find(&cluster, &data_dir)?;
        leftover::stop(&cluster)?;
        cluster::create_unless_there(&cluster, &binaries, &account, !options.throwaway)?;
        let sockets = SocketDir::create(&data_dir, &account)?;
        let port = if options.tcp { free_port()? } else { PORT };
        let launch = Launch { cluster, binaries, account, port, log: data_dir.join("postgres.log") };
        let server = launch.start(&sockets, options.tcp, &options.settings)?;
        let password = if options.tcp { Some(set_password(&data_dir, &sockets, port)?) } else { None };
        Ok(Postgres { server, sockets, port, password, data_dir, _lock: lock })
    }

    /// The superuser's URL of a database, through the unix socket.
    pub fn database_url(&self, database: &str) -> String {
        url::socket(self.sockets.path(), self.port, SUPERUSER, database)
    }

    /// The superuser's URL of a database of the server that another process runs on this data directory, if one does.
    pub fn url_of_running(data_dir: &Path, database: &str) -> Option<String> {
        let sockets = sockets::place(&data_dir.canonicalize().ok()?);
        let is_there = sockets.join(format!(".s.PGSQL.{PORT}")).exists();
        is_there.then(|| url::socket(&sockets, PORT, SUPERUSER, database))
    }

    /// The superuser's URL of a database through TCP, for programs that know no unix sockets. None unless asked for at start.
    pub fn tcp_url(&self, database: &str) -> Option<String> {
        let password = self.password.as_ref()?.expose_secret();
        Some(url::tcp(self.port, SUPERUSER, password, database))
    }

    /// The data directory, absolute and without symbolic links.
    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// Stops it (connections are cut, nothing committed is lost) and waits for its end.
    ///
    /// # Errors
    /// When it has not ended after half a minute.
    pub fn stop(mut self) -> Result<(), DevError> {
        self.server.stop()
    }
}

/// Held as long as the file is open, and let go by the kernel when the process dies.
fn lock(data_dir: &Path) -> Result<File, DevError> {
    let path = data_dir.join("postgres.lock");
    let file = File::create(&path).map_err(DevError::io("open", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(DevError::Busy(data_dir.to_owned())),
        Err(TryLockError::Error(source)) => Err(DevError::io("lock", &path)(source)),
    }
}

fn free_port() -> Result<u16, DevError> {
    std::net::TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(DevError::io("find a free port on", Path::new("127.0.0.1")))
}

/// Over TCP any user of the machine could knock, so that way in asks for a password, kept beside the keys.
fn set_password(data_dir: &Path, sockets: &SocketDir, port: u16) -> Result<SecretString, DevError> {
    let password = keys::postgres_password(data_dir)?;
    let sql = format!("ALTER ROLE {SUPERUSER} PASSWORD '{}'", password.expose_secret());
    let done =
        wire::Connection::open(&sockets.socket(port), SUPERUSER, DATABASE).and_then(|mut c| c.execute(&sql));
    done.map_err(|error| DevError::Failed { program: "ALTER ROLE".into(), output: error.to_string() })?;
    Ok(password)
}
