//! `devauth events tail`: the log as it grows.

use std::io::{self, ErrorKind, Write as _};
use std::time::Duration;

use chrono::SecondsFormat;
use devauth_aggregates::ApplicationId;
use devauth_projections::feed::{self, StoredEvent};
use devauth_projections::proof::line::{self, EventLine};
use devauth_projections::sequencer::Listener;
use devauth_projections::{Error, Pool, pool};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use secrecy::ExposeSecret as _;

use super::application;
use crate::cli::{Failure, block_on, env, until_told_to_stop};
use crate::config::LogAccess;

/// Follow the log: print each event once, in order, as it gets its position
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Follow the log: print each event once, in the order in which they were committed, as it gets its position. Shows \
        no personal data. Goes on when Postgres comes back after an outage; ends with ctrl-c, SIGTERM or when nobody reads \
        any more.\n\n\
        Reads DATABASE_URL. Begins with what comes next, or after the position that is named.",
    after_help = AFTER_HELP
)]
pub(in crate::cli) struct Args {
    /// Events of this application only: app_…, or `portal` for the developers
    #[arg(long, value_name = "APP", value_parser = application)]
    app: Option<ApplicationId>,
    /// Begin after this position (0: with the first event)
    #[arg(long, value_name = "POSITION", value_parser = clap::value_parser!(i64).range(0..))]
    after: Option<i64>,
    /// Print lines of JSON, as `export` writes them
    #[arg(long)]
    json: bool,
}

const AFTER_HELP: &str = "\
Example:
  devauth events tail
  devauth events tail --app app_01ja3vks5re0b8n1q2s4t6v8wx --after 0 --json

Exit status:
  0  ended as asked, or nobody reads any more
  1  the database cannot be reached at the start, or refuses
  2  the command line or the configuration is wrong";

/// Events read at once.
const PAGE: i64 = 500;
/// How often it is looked when nobody told of anything.
const IDLE: Duration = Duration::from_secs(1);

/// Why following ended, or has to pause.
enum Stopped {
    /// Nobody reads any more.
    Unread,
    /// What was printed could not be written.
    Unwritten(io::Error),
    Database(Error),
}

/// Where in the log it is.
struct Tail {
    app: Option<ApplicationId>,
    json: bool,
    pool: Pool,
    /// Of the last event that was printed, or where it began.
    position: i64,
    /// Of the event before the next.
    previous: i64,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let access = LogAccess::from_env(&env, false)?;
    block_on(async {
        let tail = Tail::begin(args, access.database_url.expose_secret()).await?;
        // In a task of its own, because who reads slowly must not keep it from hearing a signal.
        let following = tokio::spawn(tail.follow());
        let ended = tokio::select! {
            ended = following => ended,
            _ = until_told_to_stop() => std::process::exit(0),
        };
        match ended.map_err(|_panicked| Failure::failed("following the log ended"))? {
            Stopped::Unread => Ok(()),
            Stopped::Unwritten(cause) => Err(Failure::failed(format!("cannot write the events: {cause}"))),
            Stopped::Database(error) => Err(error.into()),
        }
    })
}

impl Tail {
    async fn begin(args: &Args, url: &str) -> Result<Self, Failure> {
        let pool = pool::reading(url)?;
        let mut connection = pool.acquire().await.map_err(Error::from)?;
        let position = match args.after {
            Some(position) => position,
            None => feed::head(&mut connection).await?,
        };
        let previous = match args.app {
            Some(app) => feed::newest_of_application(&mut connection, app, position).await?,
            None => position,
        };
        drop(connection);
        Ok(Tail { app: args.app, json: args.json, pool, position, previous })
    }

    async fn follow(mut self) -> Stopped {
        let mut listener = None;
        let mut away = false;
        loop {
            // Before the look, so that what grows meanwhile is heard of. A standby can't be listened to: then the clock has to do.
            if listener.is_none() {
                listener = Listener::connect(&self.pool).await.ok();
            }
            match self.print_new().await {
                Ok(()) if std::mem::take(&mut away) => eprintln!("devauth: the database is back"),
                Ok(()) => {}
                Err(Stopped::Database(Error::Unavailable(_))) => {
                    listener = None;
                    if !std::mem::replace(&mut away, true) {
                        eprintln!("devauth: the database is away; going on when it is back");
                    }
                }
                Err(stopped) => return stopped,
            }
            if nobody_reads() {
                return Stopped::Unread;
            }
            wait(&mut listener).await;
        }
    }

    /// Positions are given in order and for good, so what comes after the last is all that is new.
    async fn print_new(&mut self) -> Result<(), Stopped> {
        loop {
            let events = self.page().await.map_err(Stopped::Database)?;
            let mut text = String::new();
            for event in &events {
                text += &if self.json {
                    line::write(&EventLine::sealed(event, self.previous))
                } else {
                    shown(event, self.app)
                };
                self.previous = event.position;
            }
            print(&text)?;
            let Some(last) = events.last() else { return Ok(()) };
            self.position = last.position;
        }
    }

    async fn page(&self) -> Result<Vec<StoredEvent>, Error> {
        let mut connection = self.pool.acquire().await?;
        match self.app {
            Some(app) => feed::of_application(&mut connection, app, self.position, PAGE).await,
            None => feed::after(&mut connection, self.position, PAGE).await,
        }
    }
}

/// Until Postgres tells that the log grew, or for a moment.
async fn wait(listener: &mut Option<Listener>) {
    let heard = async {
        match listener {
            Some(listener) => listener.numbered().await,
            None => std::future::pending().await,
        }
    };
    if let Ok(Err(_lost)) = tokio::time::timeout(IDLE, heard).await {
        *listener = None;
        tokio::time::sleep(IDLE).await;
    }
}

fn print(text: &str) -> Result<(), Stopped> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(|cause| match cause.kind() {
        ErrorKind::BrokenPipe => Stopped::Unread,
        _ => Stopped::Unwritten(cause),
    })
}

/// Whether the other end of stdout was closed; writing would tell, and there may be nothing to write for long.
fn nobody_reads() -> bool {
    let stdout = io::stdout();
    let mut descriptors = [PollFd::new(&stdout, PollFlags::empty())];
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut descriptors, Some(&at_once)).is_ok()
        && descriptors[0].revents().intersects(PollFlags::ERR | PollFlags::HUP)
}

/// An event in a line for people. Escaped: who can write to the log must not command the terminal of who reads it.
fn shown(event: &StoredEvent, app: Option<ApplicationId>) -> String {
    let application = match app {
        Some(_) => String::new(),
        None => format!("{}  ", ApplicationId::from_uuid(event.application_id)),
    };
    let metadata: serde_json::Value = serde_json::from_str(&event.metadata).unwrap_or_default();
    let actor = ["type", "id"].map(|part| metadata["actor"][part].as_str().unwrap_or_default()).join(" ");
    let line = format!(
        "{:>8}  {}  {application}{:<26}  {} event {}  by {}",
        event.position,
        event.recorded_at.to_rfc3339_opts(SecondsFormat::Millis, true),
        event.event_type,
        event.aggregate_id,
        event.sequence,
        actor.trim_end(),
    );
    format!("{}\n", line.escape_debug())
}
