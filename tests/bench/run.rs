//! The benchmark: the release build against the limits it can reach, side by side in the same run.
//!
//! `./dev bench` starts a private Postgres and Redis around it. It drives the real `devauth serve` over loopback with a small
//! load generator, alternates each measurement with its limit, prints the medians of the ratios and writes them into
//! `docs/benchmarks.md`, which says how each number comes about.

mod appending;
mod bare;
mod callers;
mod cpu;
mod following;
mod hashing;
mod latency;
mod load;
mod node;
mod reading;
mod rebuilding;
mod refreshing;
mod report;
mod setup;
mod starting;
mod wire;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::{Parser, Subcommand};

use report::{Ratios, Report};
use setup::Bench;

/// Measure the release build beside the limits it can reach
#[derive(Parser)]
struct Arguments {
    /// A quick look: fewer and shorter rounds, and docs/benchmarks.md stays as it is.
    #[arg(long)]
    short: bool,
    /// Only the parts whose names contain this (hashing, reading, latency, refreshing, appending, following, starting, rebuilding); writes no docs either.
    #[arg(long, value_name = "PART")]
    only: Option<String>,
    /// How many events the read models are rebuilt from.
    #[arg(long, value_name = "COUNT", default_value_t = 55_000)]
    events: usize,
    #[command(subcommand)]
    role: Option<Role>,
}

#[derive(Subcommand)]
enum Role {
    /// The limit of reading routes, in a process of its own.
    #[command(hide = true)]
    BareRoute {
        /// Its database.
        database_url: String,
    },
}

/// How long, and how often.
#[derive(Clone, Copy)]
pub struct Plan {
    /// One measurement of one side.
    pub slice: Duration,
    /// How often the sides take turns.
    pub rounds: usize,
}

/// What goes wrong ends the benchmark.
pub type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

// One thread: the generator takes as little as it can from the two sides, which have processes of their own.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match &arguments.role {
        Some(Role::BareRoute { database_url }) => bare::serve_route(database_url).await,
        None => run(&arguments).await,
    };
    if let Err(error) = outcome {
        eprintln!("bench: {error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

async fn run(arguments: &Arguments) -> Outcome<()> {
    let started = Instant::now();
    let plan = if arguments.short {
        Plan { slice: Duration::from_secs(1), rounds: 3 }
    } else {
        Plan { slice: Duration::from_secs(2), rounds: 4 }
    };
    let wanted = |part: &str| arguments.only.as_ref().is_none_or(|only| part.contains(only.as_str()));
    let mut bench = Bench::prepare().await?;
    let mut report = Report::default();
    if wanted("hashing") {
        hashing::measure(&bench, plan, &mut report).await?;
    }
    if wanted("reading") {
        reading::measure(&bench, plan, &mut report).await?;
    }
    if wanted("latency") {
        latency::measure(&bench, plan, &mut report).await?;
    }
    if wanted("refreshing") {
        refreshing::measure(&mut bench, plan, &mut report).await?;
    }
    if wanted("appending") {
        appending::measure(&bench, plan, &mut report).await?;
    }
    if wanted("following") {
        following::measure(&bench, plan, &mut report).await?;
    }
    if wanted("starting") {
        starting::measure(&bench, plan, &mut report).await?;
    }
    // The last, for it makes every table large.
    if wanted("rebuilding") {
        rebuilding::measure(&bench, plan, arguments.events, &mut report).await?;
    }
    println!("{}", report.table());
    println!("Took {} s.", started.elapsed().as_secs());
    if !arguments.short && arguments.only.is_none() {
        report.write_docs()?;
    }
    Ok(())
}
