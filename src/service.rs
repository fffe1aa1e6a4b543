//! A running node: listeners, the routes, and the work that goes on beside requests.

mod background;
mod database;
pub mod numbering;
pub mod observing;
mod presence;
mod projecting;

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::app::{App, StartError};
use crate::clock::Clock;
use crate::config::Config;
use crate::http::server::{self, Ending, Refusals, ServerLimits};
use crate::http::{layers, metrics, routes};
use crate::mailer::transport::Transport;

pub use database::{migrate, open};
use presence::Presence;

/// What a node is given besides its configuration.
pub struct Parts {
    /// The time; tests bring one that they move.
    pub clock: Clock,
    /// Begins every key in Redis; services that share one server need one each.
    pub redis_prefix: String,
    /// Where mail goes.
    pub transport: Transport,
    /// Pages that only some nodes have, and that change nothing for users: a client that hangs up stops them.
    pub pages: Router,
    /// What `/metrics` shows; a process has one.
    pub metrics: Option<PrometheusHandle>,
}

/// A node that serves.
pub struct Service {
    /// The node.
    pub app: App,
    /// Where the public routes are.
    pub address: SocketAddr,
    /// Where `/metrics` is.
    pub admin_address: SocketAddr,
    ending: Ending,
    running: JoinHandle<()>,
}

impl Service {
    /// Listens, opens the database and serves.
    ///
    /// # Errors
    /// A port is taken, the database can't be used, or a configured value is no good.
    pub async fn start(config: Config, parts: Parts) -> Result<Self, StartError> {
        let listener = listen(config.bind).await?;
        let admin = listen(config.admin_bind).await?;
        let (pool, reads) = open(&config).await?;
        let app = App::new(config, pool, reads, parts.clock, &parts.redis_prefix).await?;
        let presence = Presence::begin(app.clone()).await?;
        let (address, admin_address) = (local(&listener)?, local(&admin)?);
        let ending = Ending { announced: app.ending.clone(), begun: CancellationToken::new() };
        let router = routes::router(&app, parts.pages);
        let refusals = Refusals::new(&app.config.public_url);
        let limits = ServerLimits::default();
        let public = server::serve(listener, router, refusals.clone(), limits, ending.clone());
        let admin_routes = parts.metrics.clone().map_or_else(Router::new, metrics::router);
        let admin_routes = layers::wrap(admin_routes, layers::HttpSettings::of(&app.config));
        let private = server::serve(admin, admin_routes, refusals, limits, ending.clone());
        let last = CancellationToken::new();
        let beside = background::run(app.clone(), presence, parts.transport, parts.metrics, last.clone());
        let tasks = app.tasks.clone();
        let running = tokio::spawn(async move {
            let requests = async {
                tokio::join!(public, private);
                // Commands that outlive their connections; then nobody appends or writes jobs any more.
                tasks.close();
                tasks.wait().await;
                last.cancel();
            };
            tokio::join!(requests, beside);
        });
        tracing::info!(%address, %admin_address, "listening");
        Ok(Service { app, address, admin_address, ending, running })
    }

    /// Says on `/health/ready` that the node will end, and serves on for `time`: until proxies have noticed and send nobody here
    /// any more. Connections are closed after their next answer.
    pub async fn drain(&self, time: Duration) {
        // First, so that it is true of whoever asks after reading the line.
        self.ending.announced.cancel();
        tracing::info!(seconds = time.as_secs_f64(), "draining: not ready any more, still serving");
        tokio::time::sleep(time).await;
    }

    /// Stops accepting, finishes what is in flight, and ends.
    pub async fn stop(self) {
        self.ending.announced.cancel();
        self.ending.begun.cancel();
        if self.running.await.is_err() {
            tracing::error!("a part of the node panicked");
        }
        self.app.pool.close().await;
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|cause| StartError::Listen(address, cause))
}

fn local(listener: &TcpListener) -> Result<SocketAddr, StartError> {
    listener.local_addr().map_err(|cause| StartError::Listen(SocketAddr::from(([0, 0, 0, 0], 0)), cause))
}
