//! Processes that answer HTTP: the release build of `devauth serve`, and the bare route.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use devauth_test_support::ports::free_address;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::Outcome;
use crate::wire::{Connection, request};

/// How long a start may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// What all nodes of a run have in common.
pub struct Common {
    /// The database.
    pub database_url: String,
    /// Where mail goes.
    pub smtp_url: String,
    /// Where the signing key is.
    pub signing_key: PathBuf,
    /// Encrypts.
    pub encryption_key: String,
}

/// How one node differs from another.
#[derive(Clone, Copy, Default)]
pub struct Kind<'a> {
    /// Where it counts; in its own process if nowhere.
    pub redis_url: Option<&'a str>,
    /// Whether password hashes are as cheap as they can be: to prepare many accounts, never to measure.
    pub cheap_hashes: bool,
}

/// A running process that answers. Killed when dropped.
pub struct Server {
    /// Where.
    pub address: SocketAddr,
    /// How long it took to answer that it is ready.
    pub took: Duration,
    child: Child,
}

impl Server {
    /// Its process.
    pub fn pid(&self) -> Outcome<u32> {
        Ok(self.child.id().ok_or("it has ended")?)
    }

    /// Starts the release build of `devauth serve`, and waits until it is ready.
    pub async fn node(common: &Common, kind: Kind<'_>) -> Outcome<Self> {
        let (address, admin) = (free_address(), free_address());
        let mut command = Command::new(program()?);
        command
            .arg("serve")
            .env_clear()
            .env("DATABASE_URL", &common.database_url)
            .env("SMTP_URL", &common.smtp_url)
            .env("DEVAUTH_MAIL_FROM", "no-reply@example.com")
            .env("DEVAUTH_PUBLIC_URL", "http://127.0.0.1:8080")
            .env("DEVAUTH_ENCRYPTION_KEY", &common.encryption_key)
            .env("DEVAUTH_JWT_PRIVATE_KEY_FILE", &common.signing_key)
            .env("DEVAUTH_BIND", address.to_string())
            .env("DEVAUTH_ADMIN_BIND", admin.to_string())
            .env("DEVAUTH_RATE_LIMIT_PER_MINUTE", "1000000")
            .env("DEVAUTH_INTROSPECT_LIMIT_PER_MINUTE", "1000000")
            .env("DEVAUTH_ENV", if kind.cheap_hashes { "test" } else { "development" })
            .env("DEVAUTH_BCRYPT_COST", if kind.cheap_hashes { "4" } else { "12" });
        if let Some(url) = kind.redis_url {
            command.env("REDIS_URL", url);
        }
        // Log lines are made as in production; nobody reads them.
        command.stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
        let started = Instant::now();
        let child = command.spawn()?;
        let mut server = Server { address, took: Duration::ZERO, child };
        server.wait_until_ready(started).await?;
        server.took = started.elapsed();
        Ok(server)
    }

    async fn wait_until_ready(&mut self, started: Instant) -> Outcome<()> {
        let question = request("GET", "/health/ready", &[], "");
        while started.elapsed() < PATIENCE {
            if let Ok(mut connection) = Connection::open(self.address).await
                && connection.exchange(&question).await.is_ok_and(|answer| answer.status == 200)
            {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                return Err(format!("devauth ended at its start: {status}").into());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Err("devauth did not get ready".into())
    }

    /// Starts the bare route in a process of its own.
    pub async fn bare_route(database_url: &str) -> Outcome<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["bare-route", database_url]).stdout(Stdio::piped()).kill_on_drop(true);
        let started = Instant::now();
        let mut child = command.spawn()?;
        let mut line = String::new();
        let stdout = child.stdout.take().ok_or("its output was asked for")?;
        BufReader::new(stdout).read_line(&mut line).await?;
        Ok(Server { address: line.trim().parse()?, took: started.elapsed(), child })
    }
}

/// The release build, which cargo puts one directory above its examples.
pub fn program() -> Outcome<PathBuf> {
    let bench = std::env::current_exe()?;
    let dir = bench.parent().and_then(Path::parent).ok_or("cargo put this into target/release/examples")?;
    let program = dir.join("devauth");
    if !program.is_file() {
        return Err("build it first: cargo build --release (or run ./dev bench)".into());
    }
    Ok(program)
}
