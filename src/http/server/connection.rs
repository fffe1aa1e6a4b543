//! One connection from its first byte to its last.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::CONNECTION;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tower::Service;

use super::refusal::Refusals;
use super::wire::Wire;
use super::{Ending, ServerLimits};
use crate::http::context::PeerAddress;
use crate::http::error::ErrorCode;

/// How many bytes of head hyper buffers: several times what the layers accept, which refuse the rest with a body.
const PARSED_BYTES: usize = 64 * 1024;

/// What all connections of a server share.
pub struct Shared {
    pub router: Router,
    pub refusals: Refusals,
    pub limits: ServerLimits,
    pub ending: Ending,
}

/// An accepted connection.
pub struct Connection {
    pub stream: TcpStream,
    pub peer: SocketAddr,
    pub shared: Arc<Shared>,
}

impl Connection {
    /// Answers requests until either side has enough.
    pub async fn run(self) {
        let Self { stream, peer, shared } = self;
        // Answers are written whole, so waiting for more to fill a packet only delays them.
        if stream.set_nodelay(true).is_err() {
            return;
        }
        let service = service_fn(|mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(PeerAddress(peer));
            let answering = shared.router.clone().call(request);
            let announced = &shared.ending.announced;
            async move {
                let mut response = answering.await?;
                if announced.is_cancelled() {
                    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                }
                Ok::<_, std::convert::Infallible>(response)
            }
        });
        let wire = TokioIo::new(Wire::new(stream, &shared.limits, shared.refusals.clone()));
        let mut connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(shared.limits.header_time)
            .max_buf_size(PARSED_BYTES)
            .serve_connection(wire, service);

        let outcome = tokio::select! {
            outcome = &mut connection => outcome,
            () = shared.ending.begun.cancelled() => {
                Pin::new(&mut connection).graceful_shutdown();
                (&mut connection).await
            }
        };
        // An idle connection that times out has nothing to be told; half a header section has.
        if outcome.is_err_and(|error| error.is_timeout()) {
            let parts = connection.into_parts();
            if !parts.read_buf.is_empty() {
                let mut wire = parts.io.into_inner();
                let answer = shared.refusals.answer(ErrorCode::RequestTimeout);
                if wire.write_all(&answer).await.is_ok() {
                    wire.shutdown().await.ok();
                }
            }
        }
    }
}
