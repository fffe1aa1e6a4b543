//! An OpenTelemetry collector for tests: takes what it is sent by OTLP over HTTP.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use devauth_test_support::database::PATIENCE;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use prost::Message as _;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// A span, as far as tests look at it.
#[derive(Debug, Clone)]
pub struct Span {
    pub trace: String,
    pub id: String,
    /// Empty for the first of a trace.
    pub parent: String,
    pub name: String,
    /// OTLP's number: 2 is a server, 3 a client, 5 a consumer.
    pub kind: i32,
    pub attributes: BTreeMap<String, String>,
}

/// What was delivered.
#[derive(Debug, Default)]
pub struct Delivered {
    pub spans: Vec<Span>,
    /// Of the service, by delivery.
    pub resources: Vec<String>,
    /// The header `x-scope`, by delivery.
    pub scopes: Vec<Option<String>>,
}

/// The collector. Stops with the test's runtime.
pub struct Collector {
    port: u16,
    delivered: watch::Sender<Delivered>,
}

impl Collector {
    pub async fn start() -> Self {
        let delivered = watch::Sender::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let routes = Router::new().route("/v1/traces", post(take)).with_state(delivered.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Collector { port, delivered }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Everything so far.
    pub fn so_far(&self) -> watch::Ref<'_, Delivered> {
        self.delivered.borrow()
    }

    /// Waits for a span, and gives all that were delivered of its trace.
    pub async fn trace_with(&self, is_it: impl Fn(&Span) -> bool) -> Vec<Span> {
        let mut receiver = self.delivered.subscribe();
        let waiting = receiver.wait_for(|delivered| delivered.spans.iter().any(&is_it));
        let in_time = tokio::time::timeout(PATIENCE, waiting).await.map(|found| drop(found.unwrap()));
        let delivered = self.so_far();
        in_time.unwrap_or_else(|_| panic!("waited in vain; there is {:#?}", delivered.spans));
        let trace = &delivered.spans.iter().find(|span| is_it(span)).expect("waited for").trace;
        delivered.spans.iter().filter(|span| span.trace == *trace).cloned().collect()
    }
}

async fn take(
    State(delivered): State<watch::Sender<Delivered>>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    assert_eq!(headers["content-type"], "application/x-protobuf");
    let request = ExportTraceServiceRequest::decode(body).expect("OTLP");
    delivered.send_modify(|delivered| {
        let scope = headers.get("x-scope").map(|value| value.to_str().unwrap().to_owned());
        delivered.scopes.push(scope);
        for resource in request.resource_spans {
            delivered.resources.push(format!("{:?}", resource.resource));
            let spans = resource.scope_spans.into_iter().flat_map(|scope| scope.spans);
            delivered.spans.extend(spans.map(read));
        }
    });
    StatusCode::OK
}

fn read(span: opentelemetry_proto::tonic::trace::v1::Span) -> Span {
    assert!(span.start_time_unix_nano <= span.end_time_unix_nano, "{}", span.name);
    let text = |value: Option<Value>| match value {
        Some(Value::StringValue(text)) => text,
        Some(Value::IntValue(number)) => number.to_string(),
        other => format!("{other:?}"),
    };
    let attributes = span.attributes.into_iter();
    Span {
        trace: hex(&span.trace_id),
        id: hex(&span.span_id),
        parent: hex(&span.parent_span_id),
        name: span.name,
        kind: span.kind,
        attributes: attributes.map(|one| (one.key, text(one.value.and_then(|value| value.value)))).collect(),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
