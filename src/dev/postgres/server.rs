//! The server process: from its start to its first connection, and to its end.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::account::Account;
use super::binaries::Binaries;
use super::sockets::SocketDir;
use super::wire::{Connection, WireError};
use super::{DATABASE, DevError, SUPERUSER};
use crate::dev::wait;
use crate::dev::watchdog::Watchdog;

/// Long enough for crash recovery of a development database on a slow disk.
const START_LIMIT: Duration = Duration::from_secs(120);
const STOP_LIMIT: Duration = Duration::from_secs(30);

/// SQLSTATEs a server answers with before it is of use.
const STARTING_UP: &str = "57P03";
const NO_SUCH_DATABASE: &str = "3D000";

/// All that a start needs and that does not change between tries.
pub(crate) struct Launch {
    pub(crate) cluster: PathBuf,
    pub(crate) binaries: Binaries,
    pub(crate) account: Account,
    pub(crate) port: u16,
    pub(crate) log: PathBuf,
}

/// A server process of ours. Dropping it stops it.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    watchdog: Option<Watchdog>,
    log: PathBuf,
}

impl Launch {
    /// Starts a server and waits until the database `devauth` can be used.
    pub(crate) fn start(
        &self,
        sockets: &SocketDir,
        tcp: bool,
        settings: &[(String, String)],
    ) -> Result<Server, DevError> {
        let started = Instant::now();
        loop {
            let mut server = self.spawn(sockets, tcp, settings)?;
            match server.ready(&sockets.socket(self.port)) {
                // Sessions of a postmaster that was killed take a moment to notice.
                Err(DevError::Failed { output, .. })
                    if output.contains("shared memory block") && started.elapsed() < STOP_LIMIT => {}
                Err(error) => return Err(error),
                Ok(()) => return Ok(server),
            }
        }
    }

    fn spawn(
        &self,
        sockets: &SocketDir,
        tcp: bool,
        settings: &[(String, String)],
    ) -> Result<Server, DevError> {
        let log = open_log(&self.log).map_err(DevError::io("write", &self.log))?;
        let errors = log.try_clone().map_err(DevError::io("write", &self.log))?;
        let program = self.binaries.program("postgres");
        let mut command = self.account.command(&program);
        command.arg("-D").arg(&self.cluster).args(["-p", &self.port.to_string()]);
        let directories = sockets.setting();
        let ours = [
            ("listen_addresses", if tcp { "127.0.0.1" } else { "" }),
            ("unix_socket_directories", &directories),
            ("unix_socket_permissions", "0700"),
            ("cluster_name", "devauth"),
        ];
        let theirs = settings.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in ours.into_iter().chain(theirs) {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        let child = command.stdout(log).stderr(errors).spawn().map_err(DevError::io("run", &program))?;
        let mut server = Server { child, watchdog: None, log: self.log.clone() };
        let watchdog = Watchdog::over(server.child.id(), self.account.ids());
        server.watchdog = Some(watchdog.map_err(DevError::io("run", Path::new("/bin/sh")))?);
        Ok(server)
    }
}

impl Server {
    /// Waits until the server lets us into our database, which is created if it isn't there.
    fn ready(&mut self, socket: &Path) -> Result<(), DevError> {
        let timeout = DevError::Timeout {
            what: "starting Postgres",
            seconds: START_LIMIT.as_secs(),
            log: self.log.clone(),
        };
        wait::until(START_LIMIT, || match use_database(socket) {
            Ok(()) => Some(Ok(())),
            Err(WireError::Server { code, .. }) if code == STARTING_UP => None,
            Err(WireError::Server { code, message }) => Some(Err(format!("{message} ({code})"))),
            Err(WireError::Io(_)) => self.ended().then(|| Err(last_lines(&self.log))),
        })
        .ok_or(timeout)?
        .map_err(|output| DevError::Failed { program: "postgres".into(), output })
    }

    /// Ends it: SIGINT cuts connections and shuts down in order; SIGQUIT, if that does not help, leaves the rest to recovery.
    pub(crate) fn stop(&mut self) -> Result<(), DevError> {
        for signal in [Signal::INT, Signal::QUIT] {
            if self.ended() {
                break;
            }
            // Our child and not yet waited for, so the number is still its own.
            let _ = kill_process(Pid::from_child(&self.child), signal);
            wait::until(STOP_LIMIT, || self.ended().then_some(()));
        }
        if !self.ended() {
            let seconds = 2 * STOP_LIMIT.as_secs();
            return Err(DevError::Timeout { what: "stopping Postgres", seconds, log: self.log.clone() });
        }
        if let Some(watchdog) = self.watchdog.take() {
            watchdog.dismiss();
        }
        Ok(())
    }

    fn ended(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(Some(_)))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nobody is left to tell; the next start deals with a server that did not stop.
        let _ = self.stop();
    }
}

fn use_database(socket: &Path) -> Result<(), WireError> {
    match Connection::open(socket, SUPERUSER, DATABASE) {
        Err(WireError::Server { code, .. }) if code == NO_SUCH_DATABASE => {
            Connection::open(socket, SUPERUSER, "postgres")?.execute(&format!("CREATE DATABASE {DATABASE}"))
        }
        other => other.map(drop),
    }
}

/// A fresh log; the one before stays readable, for it may say why that run ended.
fn open_log(path: &Path) -> io::Result<fs::File> {
    if path.exists() {
        fs::rename(path, path.with_extension("old.log"))?;
    }
    OpenOptions::new().create(true).append(true).mode(0o600).open(path)
}

fn last_lines(log: &Path) -> String {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(12)..].join("\n")
}
