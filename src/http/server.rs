//! The server: an accept loop over hyper that bounds what a connection may cost and shuts down without cutting
//! off anybody who is being answered.
//!
//! Why not `axum::serve`: it has no limit on connections, on the time a header section may take, or on a client
//! that doesn't read its answer.

mod connection;
mod refusal;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use connection::Connection;
pub use refusal::Refusals;

/// How a server is told to end: first that it will, then to do it.
#[derive(Clone, Debug, Default)]
pub struct Ending {
    /// Everything is served as before, and each connection is closed after its next answer, so that clients make new ones,
    /// elsewhere if they can.
    pub announced: CancellationToken,
    /// Nobody new is let in; idle connections are closed.
    pub begun: CancellationToken,
}

/// What connections may cost.
#[derive(Clone, Copy, Debug)]
pub struct ServerLimits {
    /// How many connections are served at once; more wait in the listener's backlog.
    pub connections: usize,
    /// How long a header section may take to arrive, and a connection may stay idle.
    pub header_time: Duration,
    /// How long a client may leave its answer unread.
    pub write_time: Duration,
    /// How long a closed connection is still read, so that the client gets its last answer and not a reset.
    pub linger_time: Duration,
    /// How long a shutdown waits for what is in flight.
    pub drain_time: Duration,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            connections: 10_000,
            header_time: Duration::from_secs(10),
            write_time: Duration::from_secs(30),
            linger_time: Duration::from_secs(1),
            drain_time: Duration::from_secs(25),
        }
    }
}

/// How long to leave the listener alone when it has no more file descriptors to give.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// Serves until the ending has begun, then finishes what is in flight within [`ServerLimits::drain_time`].
///
/// `refusals` writes the answers to requests that can't even be parsed.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    refusals: Refusals,
    limits: ServerLimits,
    ending: Ending,
) {
    let tracker = TaskTracker::new();
    let cut_off = CancellationToken::new();
    let shared = Arc::new(connection::Shared { router, refusals, limits, ending: ending.clone() });
    let accepting = accept_all(&listener, shared, &tracker, &cut_off);
    ending.begun.run_until_cancelled(accepting).await;
    drop(listener);

    tracker.close();
    if tokio::time::timeout(limits.drain_time, tracker.wait()).await.is_err() {
        tracing::warn!(connections = tracker.len(), "cutting off connections that did not finish in time");
        cut_off.cancel();
        tracker.wait().await;
    }
}

async fn accept_all(
    listener: &TcpListener,
    shared: Arc<connection::Shared>,
    tracker: &TaskTracker,
    cut_off: &CancellationToken,
) {
    let places = Arc::new(Semaphore::new(shared.limits.connections));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                // The client that was first in line hung up, or we are out of file descriptors.
                tracing::debug!(%error, "accepting a connection failed");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let connection = Connection { stream, peer, shared: Arc::clone(&shared) };
        let cut_off = cut_off.clone();
        tracker.spawn(async move {
            cut_off.run_until_cancelled(connection.run()).await;
            drop(place);
        });
    }
}

#[cfg(test)]
mod tests;
