//! `devauth events export`: the events of one application, as lines that can be verified without the database.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use devauth_aggregates::ApplicationId;
use devauth_projections::event_log::{DataKeys, EventLog};
use devauth_projections::feed::{self, Opened, StoredEvent};
use devauth_projections::freshness::{self, Freshness};
use devauth_projections::proof::export::ExportWriter;
use devauth_projections::proof::line::{Footer, Header};
use devauth_projections::sealing::{Key256, Keyring};
use devauth_projections::{Error, Pool, pool};
use secrecy::ExposeSecret as _;

use super::application;
use super::output::Output;
use crate::cli::progress::{Progress, grouped};
use crate::cli::{Failure, answer, answer_json, block_on, env, until_told_to_stop};
use crate::config::LogAccess;

/// Export the events of an application, so that they can be verified without the database
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Export the events of an application in the order in which they were committed, as JSON lines: all that carry its \
        id, those of its users, of their sessions and its own. The file can be verified and replayed without the database.\n\n\
        Personal data stays sealed. With --opened it is added in clear, as far as its keys are there; that needs \
        DEVAUTH_ENCRYPTION_KEY. Otherwise DATABASE_URL alone is read, and a standby will do. Nothing is changed and no writer waits.",
    after_help = AFTER_HELP
)]
pub(in crate::cli) struct Args {
    /// The application: app_…, or `portal` for the developers
    #[arg(long, value_name = "APP", value_parser = application)]
    app: ApplicationId,
    /// Add personal data in clear
    #[arg(long)]
    opened: bool,
    /// Begin after this position
    #[arg(long, value_name = "POSITION", default_value_t = 0, value_parser = clap::value_parser!(i64).range(0..))]
    after: i64,
    /// End with this position; otherwise with the newest
    #[arg(long, value_name = "POSITION", value_parser = clap::value_parser!(i64).range(1..))]
    until: Option<i64>,
    /// Write to FILE, for its owner only, and all of it or nothing; otherwise to stdout
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// With --output: answer with the last line of the file; without, the lines are JSON anyway
    #[arg(long)]
    json: bool,
}

const AFTER_HELP: &str = "\
Example:
  devauth events export --app app_01ja3vks5re0b8n1q2s4t6v8wx --output bookshop.jsonl
  devauth events export --app app_01ja3vks5re0b8n1q2s4t6v8wx | gzip > bookshop.jsonl.gz

Exit status:
  0  exported
  1  the application has no events, the database cannot be reached, or the file is there already
  2  the command line or the configuration is wrong";

/// Events read at once.
const PAGE: i64 = 1_000;
/// How long the newest events may take to get their positions.
const PATIENCE: Duration = Duration::from_secs(2);

/// Why writing ended early.
enum Stopped {
    /// Nobody reads stdout any more, which is no error.
    Unread,
    Failed(Failure),
}

impl<E: Into<Failure>> From<E> for Stopped {
    fn from(failure: E) -> Self {
        Stopped::Failed(failure.into())
    }
}

/// An export under way.
struct Export<'a> {
    args: &'a Args,
    pool: Pool,
    /// Opens what is personal, if it is to be opened.
    keys: Option<EventLog>,
    head: i64,
    /// Position of the application's last event before the first that is exported.
    previous: i64,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let access = LogAccess::from_env(&env, args.opened)?;
    if args.opened {
        eprintln!(
            "devauth: warning: the export has personal data in clear; erasing a person does not reach it"
        );
    }
    let exported = block_on(async {
        let export = Export::begin(args, &access).await?;
        Ok(tokio::select! {
            // The signals first: they have to be listened for before there is a file.
            biased;
            failure = interrupted(args) => Err(failure.into()),
            exported = export.write() => exported,
        })
    })?;
    match exported {
        Ok(footer) => tell(args, &footer),
        Err(Stopped::Unread) => Ok(()),
        Err(Stopped::Failed(failure)) => Err(failure),
    }
}

/// A file that was begun has to be taken away again. Stdout needs nothing, so a signal may end the process as ever.
async fn interrupted(args: &Args) -> Failure {
    if args.output.is_none() {
        std::future::pending::<()>().await;
    }
    until_told_to_stop().await;
    Failure::failed("interrupted, and nothing was written")
}

impl<'a> Export<'a> {
    async fn begin(args: &'a Args, access: &LogAccess) -> Result<Self, Failure> {
        let pool = pool::reading(access.database_url.expose_secret())?;
        if freshness::wait(&pool, args.app, &[], PATIENCE).await? == Freshness::Behind {
            eprintln!(
                "devauth: warning: the newest events have no position yet and are left out; a running node gives them one"
            );
        }
        let mut connection = pool.acquire().await.map_err(Error::from)?;
        let newest = feed::head(&mut connection).await?;
        if args.after > newest {
            return Err(Failure::failed(format!("the log ends at position {newest}, before --after")));
        }
        let head = args.until.map_or(newest, |until| until.min(newest));
        if feed::newest_of_application(&mut connection, args.app, head).await? == 0 {
            return Err(Failure::failed(format!("{} has no events up to position {head}", args.app)));
        }
        let previous = feed::newest_of_application(&mut connection, args.app, args.after).await?;
        drop(connection);
        let keys = args.opened.then(|| keyring(access)).transpose()?;
        let keys = keys.map(|keyring| EventLog::new(pool.clone(), Arc::new(keyring)));
        Ok(Export { args, pool, keys, head, previous })
    }

    /// Page by page, each read by itself: a transaction that lasts would hold up others.
    async fn write(&self) -> Result<Footer, Stopped> {
        let mut output =
            Output::create(self.args.output.as_deref()).map_err(|cause| self.unwritten(cause))?;
        let mut progress = Progress::of("positions");
        let header = Header::new(self.args.app, self.args.after, self.args.opened);
        let (mut writer, first) = ExportWriter::begin(&header, self.previous);
        output.write(&first).map_err(|cause| self.unwritten(cause))?;
        let mut position = self.args.after;
        while position < self.head {
            let lines = self.page(&mut position, &mut writer).await?;
            output.write(&lines).map_err(|cause| self.unwritten(cause))?;
            progress.show(position.unsigned_abs(), self.head.unsigned_abs());
        }
        let (footer, last) = writer.end(self.head);
        output.write(&last).map_err(|cause| self.unwritten(cause))?;
        output.finish().map_err(|cause| self.unwritten(cause))?;
        Ok(footer)
    }

    /// The lines of the next events after `position`, which moves on.
    async fn page(&self, position: &mut i64, writer: &mut ExportWriter) -> Result<String, Failure> {
        let mut connection = self.pool.acquire().await.map_err(Error::from)?;
        let mut events = feed::of_application(&mut connection, self.args.app, *position, PAGE).await?;
        drop(connection);
        let more = events.len() as u64 == PAGE.unsigned_abs();
        *position = events.last().filter(|_| more).map_or(self.head, |last| last.position);
        events.retain(|event| event.position <= self.head);
        match &self.keys {
            None => Ok(events.iter().map(|event| writer.sealed(event)).collect()),
            Some(log) => {
                let keys = log.keys_of(&events).await?;
                events.into_iter().map(|event| Ok(writer.opened(&opened(event, &keys)?))).collect()
            }
        }
    }

    fn unwritten(&self, cause: std::io::Error) -> Stopped {
        use std::io::ErrorKind::{AlreadyExists, BrokenPipe};
        match (&self.args.output, cause.kind()) {
            (None, BrokenPipe) => Stopped::Unread,
            (None, _) => Failure::failed(format!("cannot write the export: {cause}")).into(),
            (Some(path), AlreadyExists) => {
                Failure::failed(format!("{} is already there and is not overwritten", path.display())).into()
            }
            (Some(path), _) => Failure::failed(format!("cannot write {}: {cause}", path.display())).into(),
        }
    }
}

/// A seal is bound to its place: what was changed or moved does not open, whatever the event's hash says.
fn opened(event: StoredEvent, keys: &DataKeys) -> Result<Opened, Failure> {
    let place = format!("position {}, {} event {}", event.position, event.aggregate_id, event.sequence);
    event.open(keys).map_err(|error| Failure::failed(format!("{}: {error}", place.escape_debug())))
}

fn keyring(access: &LogAccess) -> Result<Keyring, Failure> {
    let keys = access.encryption_keys.iter().map(|key| Key256::new(*key.expose())).collect();
    Keyring::new(keys).ok_or_else(|| Failure::usage("no encryption key is configured"))
}

/// What was exported: on stdout if the lines are not there.
fn tell(args: &Args, footer: &Footer) -> Result<(), Failure> {
    let Some(path) = &args.output else { return Ok(()) };
    if args.json {
        return answer_json(footer);
    }
    answer(&format!(
        "{}: {} events of {} up to position {}\ndigest {}\n",
        path.display(),
        grouped(footer.count),
        args.app,
        grouped(footer.head.unsigned_abs()),
        footer.digest
    ))
}
