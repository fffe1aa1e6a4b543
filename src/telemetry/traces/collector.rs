//! The way to the collector: OTLP as protobuf over HTTP.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{ConfigBuilderExt as _, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{Connect, HttpConnector};
use hyper_util::rt::TokioExecutor;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{
    ExporterBuildError, Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _,
};
use secrecy::ExposeSecret as _;
use tokio::runtime::Runtime;

use crate::config;

/// How long one delivery may take. Spans that come meanwhile wait in a queue, and past its end are dropped.
const TO_DELIVER: Duration = Duration::from_secs(10);
/// A collector's answer is empty, or says in a few words what it did not take.
const LONGEST_ANSWER: usize = 64 * 1024;

/// Why traces can't be sent.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// The system's certificates, or a thread.
    #[error("the way to the collector can't be prepared: {0}")]
    Preparation(String),
    /// The exporter refuses the configuration.
    #[error("the collector's address or headers can't be used")]
    Configuration(#[from] ExporterBuildError),
}

/// Sends spans to the configured collector.
pub(super) fn exporter(settings: &config::Traces) -> Result<SpanExporter, Unusable> {
    let headers =
        settings.headers.iter().map(|(name, value)| (name.clone(), value.expose_secret().to_owned()));
    let builder = SpanExporter::builder()
        .with_http()
        .with_endpoint(&settings.endpoint)
        .with_protocol(Protocol::HttpBinary)
        .with_timeout(TO_DELIVER)
        .with_headers(headers.collect());
    let builder = if settings.endpoint.starts_with("https:") {
        let tls = rustls::ClientConfig::builder().try_with_platform_verifier().map_err(preparing)?;
        let tls = tls.with_no_client_auth();
        let connector = HttpsConnectorBuilder::new().with_tls_config(tls).https_only().enable_http1().build();
        builder.with_http_client(Collector::new(connector)?)
    } else {
        builder.with_http_client(Collector::new(HttpConnector::new())?)
    };
    Ok(builder.build()?)
}

fn preparing(cause: impl std::fmt::Display) -> Unusable {
    Unusable::Preparation(cause.to_string())
}

/// An HTTP client that works on the thread of whoever asks. That is the thread on which the SDK sends batches, which has
/// nothing else to do; so delivering needs nothing of the service's own runtime, not even while that shuts down.
#[derive(Debug)]
struct Collector<C> {
    client: Client<C, Full<Bytes>>,
    runtime: Runtime,
    away: AtomicBool,
}

impl<C: Connect + Clone + Send + Sync + 'static> Collector<C> {
    fn new(connector: C) -> Result<Self, Unusable> {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(preparing)?;
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Ok(Collector { client, runtime, away: AtomicBool::new(false) })
    }

    async fn deliver(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (head, body) = self.client.request(request.map(Full::new)).await?.into_parts();
        let body = Limited::new(body, LONGEST_ANSWER).collect().await?.to_bytes();
        Ok(Response::from_parts(head, body))
    }

    /// One line when the collector goes, one when it comes back.
    fn note(&self, delivered: bool) {
        match (self.away.swap(!delivered, Ordering::Relaxed), delivered) {
            (false, false) => tracing::warn!("spans can't be delivered to the collector"),
            (true, true) => tracing::info!("spans are delivered again"),
            (false, true) | (true, false) => {}
        }
    }
}

#[async_trait]
impl<C> HttpClient for Collector<C>
where
    C: Connect + Clone + std::fmt::Debug + Send + Sync + 'static,
{
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let delivering = async { tokio::time::timeout(TO_DELIVER, self.deliver(request)).await };
        let outcome = self.runtime.block_on(delivering).unwrap_or_else(|elapsed| Err(elapsed.into()));
        self.note(outcome.as_ref().is_ok_and(|response| response.status().is_success()));
        outcome
    }
}
