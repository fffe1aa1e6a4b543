//! `devauth dev`: everything for a first try on one machine.

use super::{Failure, answer, answer_json, block_on, env, until_told_to_stop, warn_of_unknown_variables};
use crate::app::REDIS_PREFIX;
use crate::clock::Clock;
use crate::config::{Config, Keys, Provided};
use crate::dev::{self, DevEnvironment};
use crate::http::{dev_mail, metrics, portal_pages};
use crate::mailer::inbox::DevInbox;
use crate::mailer::transport::Transport;
use crate::service::{Parts, Service};
use crate::telemetry::{self, Destination, LogForm};

/// Run everything for a first try on this machine, with nothing configured
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Run everything for a first try on this machine, with nothing configured: an own Postgres, in-process \
        limits, and mail shown in a local inbox at /dev/mail.\n\n\
        Data is kept in DEVAUTH_DATA_DIR between runs. Never expose this to a network.",
    after_help = AFTER_HELP
)]
pub(super) struct Args {
    /// Write JSON lines to a terminal, too, and say where everything is in JSON
    #[arg(long)]
    json: bool,
}

const AFTER_HELP: &str = "\
Example:
  devauth dev
  DEVAUTH_BIND=127.0.0.1:8181 DEVAUTH_DATA_DIR=/tmp/devauth devauth dev

Exit status:
  0  stopped with ctrl-c
  1  it could not start: no Postgres binaries were found, a port is taken
  2  the command line or a variable is wrong";

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    warn_of_unknown_variables();
    let data_dir = dev::data_dir::locate().map_err(|cause| Failure::usage(cause.to_string()))?;
    block_on(async {
        let environment = tokio::task::spawn_blocking(move || dev::prepare(&data_dir))
            .await
            .map_err(|_panicked| Failure::failed("the local Postgres could not be started"))?
            .map_err(|cause| Failure::failed(cause.to_string()))?;
        let ended = serve(&environment, args).await;
        let stopped = tokio::task::spawn_blocking(move || environment.postgres.stop()).await;
        ended?;
        match stopped {
            Ok(Err(cause)) => Err(Failure::failed(cause.to_string())),
            Ok(Ok(())) | Err(_) => Ok(()),
        }
    })
}

async fn serve(environment: &DevEnvironment, args: &Args) -> Result<(), Failure> {
    let config = configure(environment)?;
    let traces =
        telemetry::init(&config.log, Destination::Stderr, LogForm::asked(args.json), config.traces.as_ref())
            .map_err(|cause| Failure::usage(cause.to_string()))?;
    let inbox = DevInbox::open(&environment.mail_dir)
        .map_err(|cause| Failure::failed(format!("the inbox can't be opened: {cause}")))?;
    let metrics = metrics::install().map_err(|cause| Failure::failed(cause.to_string()))?;
    let parts = Parts {
        clock: Clock::system(),
        redis_prefix: REDIS_PREFIX.to_owned(),
        transport: Transport::Inbox(inbox.clone()),
        pages: dev_mail::router(inbox),
        metrics: Some(metrics),
    };
    let service = Service::start(config, parts).await?;
    // Before anybody reads that it is up: who is told to stop before they listen ends at once, and Postgres is left to its watchdog.
    let told_to_stop = until_told_to_stop();
    let url = &service.app.config.public_url;
    if args.json {
        answer_json(
            &serde_json::json!({ "url": url, "docs": format!("{url}/docs"), "mail": format!("{url}/dev/mail") }),
        )?;
    } else {
        answer(&dev::walkthrough(url, portal_pages::are_missing()))?;
    }
    told_to_stop.await;
    tracing::info!("stopping: finishing what is in flight");
    service.stop().await;
    traces.end().await;
    Ok(())
}

fn configure(environment: &DevEnvironment) -> Result<Config, Failure> {
    let keys = Keys::from_files(&environment.key_files)
        .map_err(|reason| Failure::failed(format!("the keys in the data directory: {reason}")))?;
    let provided = Provided {
        database_url: environment.postgres.database_url(dev::DATABASE).into(),
        database_replica_url: None,
        // Never used: mail is caught.
        smtp_url: "smtp://localhost".to_owned().into(),
        keys,
    };
    Ok(Config::for_dev(&env, provided)?)
}
