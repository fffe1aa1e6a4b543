//! The command line: one file for each command, and what they share: exit statuses and how errors are told.
//!
//! Answers go to stdout, everything else to stderr. Exit status 0: done. 1: it did not work, or what was checked does
//! not hold. 2: the command line or the configuration is wrong, and nothing was done.

mod dev;
mod events;
mod failure;
mod health;
mod keys;
mod migrate;
mod openapi;
mod progress;
mod projections;
mod serve;

#[cfg(test)]
mod tests;

use std::io::Write;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Parser, Subcommand};

pub use failure::Failure;

use crate::config::unknown_variables;

/// Sign users up and in for other people's applications, with a log of events as the source of truth
#[derive(Debug, Parser)]
#[command(name = "devauth", version, after_help = AFTER_HELP, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "\
Example, for a first try on this machine:
  devauth dev

Exit status:
  0  done
  1  it did not work
  2  the command line or the configuration is wrong";

#[derive(Debug, Subcommand)]
enum Command {
    Dev(dev::Args),
    Serve(serve::Args),
    Migrate(migrate::Args),
    Events(events::Args),
    Projections(projections::Args),
    Keys(keys::Args),
    Openapi(openapi::Args),
    Health(health::Args),
}

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    match run(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("devauth: {failure}");
            failure.exit_code()
        }
    }
}

fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Dev(args) => dev::run(&args),
        Command::Serve(args) => serve::run(&args),
        Command::Migrate(args) => migrate::run(&args),
        Command::Events(args) => events::run(&args),
        Command::Projections(args) => projections::run(&args),
        Command::Keys(args) => keys::run(&args),
        Command::Openapi(args) => openapi::run(&args),
        Command::Health(args) => health::run(&args),
    }
}

/// Help and version are answers; the rest are errors. If nobody reads them any more, nothing is left to tell.
fn usage(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => ExitCode::SUCCESS,
        _ => ExitCode::from(2),
    }
}

/// The environment as [`crate::config`] reads it. What is not UTF-8 stays visibly wrong and fails its check.
fn env(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

/// Tells of variables that look like ours and are not.
fn warn_of_unknown_variables() {
    for unknown in unknown_variables(std::env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned()))
    {
        eprintln!("devauth: warning: {unknown}");
    }
}

/// Writes a command's answer to stdout. A reader who has seen enough (`| head`) is no error.
fn answer(text: &str) -> Result<(), Failure> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(cause) if cause.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::failed(format!("cannot write the answer: {cause}")))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Writes a command's answer to stdout for a program.
fn answer_json(value: &impl serde::Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).expect("answers are plain structs of text and numbers");
    answer(&format!("{text}\n"))
}

/// Who wants a process to end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    /// Whatever runs it (SIGTERM).
    ByItsKeeper,
    /// Somebody at a terminal (ctrl-c).
    ByHand,
}

/// Ends with the first SIGTERM or ctrl-c since the call, awaited or not.
fn until_told_to_stop() -> impl Future<Output = Told> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).expect("SIGTERM can be listened for");
    let mut interrupt = signal(SignalKind::interrupt()).expect("SIGINT can be listened for");
    async move {
        tokio::select! {
            _ = terminate.recv() => Told::ByItsKeeper,
            _ = interrupt.recv() => Told::ByHand,
        }
    }
}

/// Runs a command's asynchronous part on half of the cores, as decision 21 has it, unless tokio's own variable says on how many.
fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    if std::env::var_os("TOKIO_WORKER_THREADS").is_none() {
        runtime
            .worker_threads(std::thread::available_parallelism().map_or(1, |cores| (cores.get() / 2).max(1)));
    }
    let runtime = runtime.enable_all().build();
    runtime.map_err(|cause| Failure::failed(format!("cannot start threads: {cause}")))?.block_on(work)
}
