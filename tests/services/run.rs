//! Runs a command with the services that the tests need, and takes them down after it:
//!
//! ```text
//! cargo run --example services -- cargo nextest run
//! ```
//!
//! The command finds a private Postgres (superuser, database `postgres`) in `DEVAUTH_TEST_DATABASE_URL` and a private Redis in
//! `DEVAUTH_TEST_REDIS_URL`, and a signing key that all its nodes may use in the file `DEVAUTH_TEST_SIGNING_KEY`: making one takes
//! longer than most tests. Both servers listen where nothing else does, so any number of these can run at once.
//! Postgres settings of one's own: `--set name=value`, before the command. `--in-memory` keeps the databases there if there is
//! room; a benchmark, whose commits have to reach a disk, doesn't ask for it.

mod redis;

use std::ffi::OsString;
use std::fs::{File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{ExitCode, ExitStatus};

use clap::Parser;
use devauth::crypto::generate::{SigningKeySize, signing_key_pem, write_private};
use devauth::dev::Postgres;
use devauth::dev::postgres::Options;
use rustix::process::{Pid, Signal, kill_process};
use secrecy::ExposeSecret as _;
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};

use redis::Redis;

/// What our temporary directories begin with.
const PREFIX: &str = "devauth-services-";

/// Files here stay in memory, on Linux.
const MEMORY: &str = "/dev/shm";

/// Hundreds of small databases at a time, none of them for long. Whatever is promised stays on: fsync, full page writes.
const SETTINGS: [(&str, &str); 8] = [
    ("max_connections", "400"),
    ("shared_buffers", "256MB"),
    ("max_wal_size", "4GB"),
    ("checkpoint_timeout", "1h"),
    ("autovacuum_naptime", "10min"),
    ("jit", "off"),
    ("log_min_messages", "fatal"),
    ("log_min_error_statement", "panic"),
];

#[derive(Parser)]
struct Arguments {
    /// A Postgres setting, as in postgresql.conf; may be repeated.
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = setting)]
    settings: Vec<(String, String)>,
    /// Keep the databases in memory, if there is room for those of a test run.
    #[arg(long)]
    in_memory: bool,
    /// The command to run, with its arguments.
    #[arg(trailing_var_arg = true, required = true)]
    command: Vec<OsString>,
}

fn setting(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write it as name=value")?;
    Ok((name.to_owned(), value.to_owned()))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(status) => code(status),
        Err(error) => {
            eprintln!("services: {error}");
            ExitCode::from(2)
        }
    }
}

async fn run(arguments: Arguments) -> Result<ExitStatus, Box<dyn std::error::Error>> {
    remove_abandoned();
    let place = if arguments.in_memory { roomy_memory() } else { None };
    let dir = TempDir::with_prefix_in(PREFIX, place.map_or_else(std::env::temp_dir, PathBuf::from))?;
    std::fs::set_permissions(dir.path(), Permissions::from_mode(0o711))?;
    let mut options = Options::new(dir.path().join("pg")).throwaway();
    for (name, value) in SETTINGS {
        options = options.setting(name, value);
    }
    options.settings.extend(arguments.settings);
    let postgres = Postgres::start(options)?;
    let redis = Redis::start(dir.path())?;
    let signing_key = dir.path().join("signing_key.pem");
    let pem = signing_key_pem(SigningKeySize::Rsa2048);
    write_private(&signing_key, pem.expose_secret())?;
    let (program, rest) = arguments.command.split_first().ok_or("no command")?;
    let child = Command::new(program)
        .args(rest)
        .env("DEVAUTH_TEST_DATABASE_URL", postgres.database_url("postgres"))
        .env("DEVAUTH_TEST_REDIS_URL", redis.url())
        .env("DEVAUTH_TEST_SIGNING_KEY", signing_key)
        .spawn()
        .map_err(|error| format!("can't run {}: {error}", program.to_string_lossy()))?;
    Ok(wait(child).await?)
}

/// Where files are kept in memory, if there is such a place and it has room for what a run of all tests writes.
fn roomy_memory() -> Option<&'static str> {
    const ROOM: u64 = 6 << 30;
    let room = rustix::fs::statvfs(MEMORY).ok()?;
    // Its size alone is no promise: it may be more than the machine has.
    let free = std::fs::read_to_string("/proc/meminfo").ok()?;
    let free =
        free.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?.trim().strip_suffix(" kB")?;
    let free: u64 = free.parse().ok()?;
    (room.f_bavail * room.f_frsize > ROOM && free > 2 * (ROOM >> 10)).then_some(MEMORY)
}

/// Removes the files of runs that were killed: Postgres' lock on them is free.
fn remove_abandoned() {
    let places = [std::env::temp_dir(), PathBuf::from(MEMORY)];
    for entry in places.iter().flat_map(std::fs::read_dir).flatten().flatten() {
        let ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
        let lock = File::open(entry.path().join("pg/postgres.lock"));
        if ours && lock.is_ok_and(|lock| lock.try_lock().is_ok()) {
            // Somebody else may be faster, or it may be another user's.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

/// Waits for the command, and hands on to it the signals that ask us to end: we have to outlive it.
async fn wait(mut child: Child) -> std::io::Result<ExitStatus> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    loop {
        let received = tokio::select! {
            status = child.wait() => return status,
            _ = interrupt.recv() => Signal::INT,
            _ = terminate.recv() => Signal::TERM,
            _ = hangup.recv() => Signal::HUP,
        };
        if let Some(pid) = child.id().and_then(|id| Pid::from_raw(id.cast_signed())) {
            // It may have ended on its own.
            let _ = kill_process(pid, received);
        }
    }
}

/// The command's own status, as a shell would show it.
fn code(status: ExitStatus) -> ExitCode {
    let code = status.code().or(status.signal().map(|signal| 128 + signal)).unwrap_or(1);
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}
