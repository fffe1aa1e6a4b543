//! `devauth serve`: the service.

use axum::Router;
use secrecy::ExposeSecret as _;

use super::{Failure, Told, block_on, env, until_told_to_stop, warn_of_unknown_variables};
use crate::app::REDIS_PREFIX;
use crate::clock::Clock;
use crate::config::Config;
use crate::crypto::random;
use crate::http::{metrics, portal_pages};
use crate::mailer::transport::Transport;
use crate::service::{Parts, Service};
use crate::telemetry::{self, Destination, LogForm};

/// Run the service, configured by the environment
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Run the service, configured by the environment (see docs/configuration.md).\n\n\
        Applies the migrations first, unless DEVAUTH_MIGRATE is off. SIGTERM says on /health/ready that the node \
        is going, serves on for DEVAUTH_DRAIN_TIME, finishes what is in flight and stops. Ctrl-c, or a second SIGTERM, \
        doesn't wait.",
    after_help = AFTER_HELP
)]
pub(super) struct Args {
    /// Write JSON lines to a terminal, too
    #[arg(long)]
    json: bool,
}

const AFTER_HELP: &str = "\
Example:
  devauth keys generate --dir /etc/devauth >> .env    (and fill in the rest of .env.example)
  set -a; . ./.env; set +a
  devauth serve

Exit status:
  0  stopped as asked
  1  it could not start or go on: the database cannot be reached, a port is taken
  2  the command line or the configuration is wrong; all problems are named at once";

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    random::prepare();
    warn_of_unknown_variables();
    let config = Config::from_env(&env)?;
    let traces =
        telemetry::init(&config.log, Destination::Stdout, LogForm::asked(args.json), config.traces.as_ref())
            .map_err(|cause| Failure::usage(cause.to_string()))?;
    block_on(async {
        let ended = serve(config).await;
        traces.end().await;
        ended
    })
}

async fn serve(config: Config) -> Result<(), Failure> {
    let smtp_url = config.smtp_url.expose_secret();
    let transport =
        Transport::smtp(smtp_url).map_err(|cause| Failure::usage(format!("SMTP_URL: {cause}")))?;
    if config.redis_url.is_none() {
        tracing::warn!("no REDIS_URL: limits are counted in this process, so run one node only");
    }
    if config.trusts_everybody() {
        tracing::warn!(
            "DEVAUTH_TRUSTED_PROXIES has a network of all addresses: everybody can name any client address, and limits on guessing hold nobody"
        );
    }
    if let Some(missing) = portal_pages::are_missing() {
        tracing::warn!("{missing}");
    }
    let metrics = metrics::install().map_err(|cause| Failure::failed(cause.to_string()))?;
    let parts = Parts {
        clock: Clock::system(),
        redis_prefix: REDIS_PREFIX.to_owned(),
        transport,
        pages: Router::new(),
        metrics: Some(metrics),
    };
    let drain_time = config.drain_time;
    let service = Service::start(config, parts).await?;
    if until_told_to_stop().await == Told::ByItsKeeper && !drain_time.is_zero() {
        tokio::select! {
            () = service.drain(drain_time) => {}
            _ = until_told_to_stop() => {}
        }
    }
    tracing::info!("stopping: finishing what is in flight");
    service.stop().await;
    Ok(())
}
