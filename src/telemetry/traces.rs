//! Traces, in OpenTelemetry's form, sent to a collector by OTLP. Off unless a collector is configured: then no layer is installed,
//! and a span of this module costs the look at a flag.
//!
//! What is traced are the requests, by the span that their lines of the log have too, spans with the target [`TARGET`], all of
//! them made here, and the statements of sqlx. They hold ids, routes, SQL without its parameters and codes: nothing personal,
//! nothing secret. Lines of the log show neither the spans of that target nor fields with a dot in their name.

mod collector;
mod statements;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::http::{HeaderMap, StatusCode};
use opentelemetry::Context;
use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::{TraceContextExt as _, TracerProvider as _};
use opentelemetry_http::HeaderExtractor;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tracing::field::Empty;
use tracing::{Level, Span, Subscriber, dispatcher, info_span};
use tracing_opentelemetry::{OpenTelemetrySpanExt as _, get_otel_context};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::registry::LookupSpan;

use crate::config;

/// The target of spans that are only traced; the log's filter leaves it out.
pub(super) const TARGET: &str = "devauth::traces";
/// The target of the requests' spans. Its events are none of the trace: they have a lower level.
const REQUESTS: &str = "devauth::http::layers::observe";

/// The header by which a trace goes on (W3C Trace Context).
const TRACEPARENT: &str = "traceparent";

/// How long a shutdown waits for the last spans to arrive.
const LAST_SPANS: Duration = Duration::from_secs(5);

static ON: AtomicBool = AtomicBool::new(false);

/// What has to be ended when the process ends.
#[must_use = "spans that are still to be sent are lost without end()"]
pub struct Traces(Option<SdkTracerProvider>);

impl Traces {
    pub(super) fn off() -> Self {
        Traces(None)
    }

    /// Sends what is still to be sent, for five seconds at most.
    pub async fn end(self) {
        let Some(provider) = self.0 else { return };
        let ending = tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(LAST_SPANS));
        if !matches!(ending.await, Ok(Ok(()))) {
            tracing::warn!("the last spans did not reach the collector");
        }
    }
}

/// The layer that traces, to be installed, and what ends it.
pub(super) fn start<S>(
    settings: &config::Traces,
) -> Result<(impl Layer<S> + Send + Sync, Traces), collector::Unusable>
where
    S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
{
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(collector::exporter(settings)?)
        .with_sampler(sampler(settings))
        .with_resource(resource(settings))
        .build();
    let tracer = provider.tracer("devauth");
    let statements = statements::Statements::new(tracer.clone());
    let spans = tracing_opentelemetry::layer()
        .with_tracer(tracer)
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_tracked_inactivity(false)
        .with_context_activation(false);
    let ours = || Targets::new().with_target(TARGET, Level::INFO).with_target(REQUESTS, Level::ERROR);
    let layer = spans
        .with_filter(ours())
        .and_then(statements.with_filter(ours().with_target(statements::TARGET, Level::TRACE)));
    ON.store(true, Ordering::Relaxed);
    Ok((layer, Traces(Some(provider))))
}

fn sampler(settings: &config::Traces) -> Sampler {
    let own = match settings.sampled {
        share if share >= 1.0 => Sampler::AlwaysOn,
        share if share <= 0.0 => Sampler::AlwaysOff,
        share => Sampler::TraceIdRatioBased(share),
    };
    if settings.as_the_caller { Sampler::ParentBased(Box::new(own)) } else { own }
}

fn resource(settings: &config::Traces) -> Resource {
    let version = opentelemetry::KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    Resource::builder().with_service_name(settings.service_name.clone()).with_attribute(version).build()
}

/// Whether anything is traced.
pub fn are_on() -> bool {
    ON.load(Ordering::Relaxed)
}

/// Makes the log's span of a request one of the trace too; it goes on with the trace of the caller whose headers are given.
pub fn request(span: &Span, method: &'static str, route: &str, caller: Option<&HeaderMap>) {
    if !are_on() {
        return;
    }
    span.record("otel.kind", "server");
    span.record("otel.name", format!("{method} {route}").as_str());
    span.record("http.request.method", method);
    span.record("http.route", route);
    if let Some(headers) = caller {
        go_on(span, &TraceContextPropagator::new().extract(&HeaderExtractor(headers)));
    }
}

/// Says how a request was answered.
pub fn answered(span: &Span, status: u16) {
    if !are_on() {
        return;
    }
    span.record("http.response.status_code", i64::from(status));
    if StatusCode::from_u16(status).is_ok_and(|status| status.is_server_error()) {
        span.record("otel.status_code", "error");
    }
}

/// A command on an aggregate of this type; which events it led to is told by [`decided`].
pub fn command(aggregate: &str) -> Span {
    info_span!(
        target: TARGET,
        "command",
        otel.name = format_args!("command {aggregate}"),
        devauth.aggregate = aggregate,
        devauth.events = Empty,
    )
}

/// Says which events a command led to, in the span that is current.
pub fn decided(events: impl FnOnce() -> String) {
    if are_on() {
        Span::current().record("devauth.events", events());
    }
}

/// A look-up that is answered together with others (`docs/decisions/0014`), by a statement that belongs to no trace.
pub fn look_up(what: &'static str) -> Span {
    info_span!(
        target: TARGET,
        "look-up",
        otel.kind = "client",
        otel.name = format_args!("look up {what}"),
        db.system.name = "postgresql",
    )
}

/// Waiting for a password to be hashed, and hashing it.
pub fn hash() -> Span {
    info_span!(target: TARGET, "hash password")
}

/// A question to Redis.
pub fn redis(operation: &'static str) -> Span {
    info_span!(
        target: TARGET,
        "redis",
        otel.kind = "client",
        otel.name = format_args!("redis {operation}"),
        db.system.name = "redis",
        db.operation.name = operation,
    )
}

/// A try to do a job; it goes on with the trace of the request that wanted it done, however long ago that was.
pub fn job(kind: &'static str, id: uuid::Uuid, attempts: u32, traceparent: Option<&str>) -> Span {
    let span = info_span!(
        target: TARGET,
        "job",
        otel.kind = "consumer",
        otel.name = format_args!("mail {kind}"),
        devauth.job_id = %id,
        devauth.attempts = i64::from(attempts),
    );
    if let Some(traceparent) = traceparent.filter(|_| are_on()) {
        let carrier = HashMap::from([(TRACEPARENT.to_owned(), traceparent.to_owned())]);
        go_on(&span, &TraceContextPropagator::new().extract(&carrier));
    }
    span
}

/// Handing a mail over; why it failed is told by [`failed`].
pub fn smtp() -> Span {
    info_span!(
        target: TARGET,
        "smtp",
        otel.kind = "client",
        otel.name = "SMTP send",
        otel.status_code = Empty,
        error.type = Empty,
    )
}

/// Says by which code something failed.
pub fn failed(span: &Span, code: &'static str) {
    span.record("error.type", code);
    span.record("otel.status_code", "error");
}

/// What is to be kept of the current span, so that later work can go on with its trace: a `traceparent`.
pub fn traceparent() -> Option<String> {
    let mut carrier = HashMap::new();
    TraceContextPropagator::new().inject_context(&current()?, &mut carrier);
    carrier.remove(TRACEPARENT)
}

/// The id of the current trace, for lines of the log.
pub(super) fn trace_id() -> Option<opentelemetry::trace::TraceId> {
    let context = current()?;
    let span = context.span().span_context().clone();
    span.is_valid().then(|| span.trace_id())
}

fn current() -> Option<Context> {
    if !are_on() {
        return None;
    }
    dispatcher::get_default(|dispatch| get_otel_context(dispatch.current_span().id()?, dispatch))
}

fn go_on(span: &Span, caller: &Context) {
    if caller.span().span_context().is_valid() {
        // Fails for a span that is not traced, which needs no parent.
        let _not_traced = span.set_parent(caller.clone());
    }
}
