//! Traces: one of them tells of a signup from the request to its mail, with the ids of the log; and a collector that is away is
//! nobody's trouble.

use std::time::Instant;

use devauth_test_support::database::redis_url;
use serde_json::Value;
use tokio::net::{TcpListener, TcpSocket};

use crate::collector::{Collector, Span};
use crate::deployment::Deployment;
use crate::node::Node;

/// Batches leave soon.
const SOON: (&str, &str) = ("OTEL_BSP_SCHEDULE_DELAY", "50");
/// Batches leave when the process ends.
const AT_THE_END: (&str, &str) = ("OTEL_BSP_SCHEDULE_DELAY", "3600000");
/// What a proxy hands on: a trace that is kept.
const CALLER: (&str, &str) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");

fn named<'a>(trace: &'a [Span], name: &str) -> &'a Span {
    let found = trace.iter().find(|span| span.name == name);
    found.unwrap_or_else(|| {
        panic!("no {name} among {:?}", trace.iter().map(|span| &span.name).collect::<Vec<_>>())
    })
}

/// The request with this id.
fn asked(id: &str) -> impl Fn(&Span) -> bool {
    move |span| span.attributes.get("request_id").is_some_and(|found| found == id)
}

/// Lines of the log in which a member has this value.
fn lines(node: &Node, member: &str, value: &str) -> Vec<Value> {
    let lines = node.output.borrow();
    let lines = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter(|line| line[member] == value).collect()
}

#[tokio::test]
async fn one_trace_tells_of_a_signup_and_its_mail() {
    let (deployment, collector) = (Deployment::new().await, Collector::start().await);
    deployment.keep_secret("scope-key");
    let traced = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url()),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-scope=scope-key%201".to_owned()),
        ("OTEL_SERVICE_NAME", "auth-under-test".to_owned()),
        ("REDIS_URL", redis_url()),
    ];
    let mut changes: Vec<_> = traced.iter().map(|(name, value)| (*name, value.as_str())).collect();
    changes.push(SOON);
    let node = deployment.start_with(&changes).await;
    let client = deployment.application(&node).await.with("x-request-id", "signup-traced");
    client.sign_up("ada@example.org").await.expect(201);

    let is_mail = |span: &Span| span.name == "mail verify_email";
    let trace = collector.trace_with(asked("signup-traced")).await;
    let id = &trace[0].trace;
    let trace = collector.trace_with(|span| span.trace == *id && is_mail(span)).await;

    let request = named(&trace, "POST /v1/auth/signup");
    assert_eq!((request.parent.as_str(), request.kind), ("", 2));
    assert_eq!(request.attributes["http.response.status_code"], "201");
    let command = named(&trace, "command User");
    assert_eq!(command.parent, request.id);
    assert_eq!(command.attributes["devauth.events"], "UserRegistered EmailVerificationRequested");
    let inserted = named(&trace, "INSERT events");
    assert_eq!((&inserted.parent, inserted.kind), (&command.id, 3));
    assert!(inserted.attributes["db.query.text"].contains("$1"));
    assert_eq!(named(&trace, "COMMIT").parent, command.id);
    assert_eq!(
        (&named(&trace, "redis rate").parent, &named(&trace, "hash password").parent),
        (&request.id, &request.id)
    );
    let mail = named(&trace, "mail verify_email");
    assert_eq!((&mail.parent, mail.kind), (&command.id, 5));
    assert_eq!((&named(&trace, "SMTP send").parent, named(&trace, "SMTP send").kind), (&mail.id, 3));
    for span in trace.iter().filter(|span| span.id != request.id) {
        assert!(trace.iter().any(|other| other.id == span.parent), "{} hangs in the air", span.name);
    }

    let of_the_request = lines(&node, "request_id", "signup-traced");
    let signed_up =
        |line: &Value| line["event"] == "signup" && line["user_id"].is_string() && line["app_id"].is_string();
    assert!(of_the_request.iter().any(signed_up), "{of_the_request:?}");
    assert!(of_the_request.iter().all(|line| line.get("otel.kind").is_none()), "{of_the_request:?}");
    assert!(of_the_request.iter().all(|line| line["trace_id"] == **id), "{of_the_request:?}");
    let job = &mail.attributes["devauth.job_id"];
    let of_the_mail = lines(&node, "job_id", job);
    assert!(
        !of_the_mail.is_empty() && of_the_mail.iter().all(|line| line["trace_id"] == **id),
        "{of_the_mail:?}"
    );

    node.terminate();
    assert!(node.ended().await.success());
    let delivered = collector.so_far();
    assert!(delivered.resources.iter().all(|resource| resource.contains("auth-under-test")));
    assert!(delivered.scopes.iter().all(|scope| scope.as_deref() == Some("scope-key 1")));
    deployment.nothing_is_given_away_by(&format!("{:?}", delivered.spans));
    deployment.nothing_was_given_away();
}

#[tokio::test]
async fn the_trace_of_a_trusted_proxy_goes_on_and_nobody_elses() {
    let (deployment, collector) = (Deployment::new().await, Collector::start().await);
    let url = collector.url();
    let traced = [("OTEL_EXPORTER_OTLP_ENDPOINT", url.as_str()), SOON];
    let trusting = deployment.start_with(&traced).await;
    let wary =
        deployment.start_with(&[&traced[..], &[("DEVAUTH_TRUSTED_PROXIES", "192.0.2.0/24")]].concat()).await;
    let (trace, span) = CALLER;
    for (node, flags, id) in [
        (&trusting, "01", "from-a-proxy"),
        (&wary, "01", "from-anybody"),
        (&trusting, "00", "not-kept-there"),
    ] {
        let caller = deployment.anyone(node).with("traceparent", &format!("00-{trace}-{span}-{flags}"));
        caller.with("x-request-id", id).get("/.well-known/jwks.json").await.expect(200);
    }
    // Later than all of them on the same node.
    deployment
        .anyone(&trusting)
        .with("x-request-id", "the-last-one")
        .get("/.well-known/jwks.json")
        .await
        .expect(200);

    let gone_on = collector.trace_with(asked("from-a-proxy")).await;
    assert_eq!((gone_on[0].trace.as_str(), gone_on[0].parent.as_str()), (trace, span));
    let begun = collector.trace_with(asked("from-anybody")).await;
    assert_ne!(begun[0].trace, trace);
    assert_eq!(begun[0].parent, "");
    collector.trace_with(asked("the-last-one")).await;
    assert!(!collector.so_far().spans.iter().any(asked("not-kept-there")), "the caller decides what is kept");
}

#[tokio::test]
async fn what_is_not_sent_yet_is_sent_at_the_end() {
    let (deployment, collector) = (Deployment::new().await, Collector::start().await);
    let url = collector.url();
    let node = deployment.start_with(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &url), AT_THE_END]).await;
    deployment.anyone(&node).with("x-request-id", "just-before").get("/health/live").await.expect(200);
    assert!(collector.so_far().spans.is_empty());
    node.terminate();
    assert!(node.ended().await.success());
    assert!(collector.so_far().spans.iter().any(asked("just-before")));
}

#[tokio::test]
async fn without_a_collector_nothing_is_traced() {
    let (deployment, collector) = (Deployment::new().await, Collector::start().await);
    let url = collector.url();
    // Not what turns traces on.
    let others = [("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", url.as_str()), ("OTEL_SERVICE_NAME", "auth"), SOON];
    let node = deployment.start_with(&others).await;
    let client = deployment.application(&node).await.with("x-request-id", "signup-untraced");
    client.sign_up("ada@example.org").await.expect(201);
    node.wrote(|text| text.contains("\"result\":\"sent\"").then_some(())).await;
    assert!(!lines(&node, "request_id", "signup-untraced").is_empty());
    assert!(!node.output.borrow().contains("trace_id"));
    let mut database = deployment.database.connect().await;
    let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM jobs WHERE traceparent IS NOT NULL")
        .fetch_one(&mut database)
        .await
        .unwrap();
    assert_eq!(kept, 0);
    node.terminate();
    assert!(node.ended().await.success());
    assert!(collector.so_far().scopes.is_empty(), "something was delivered");
}

#[tokio::test]
async fn a_collector_that_is_away_or_silent_is_nobodys_trouble() {
    let deployment = Deployment::new().await;
    // Takes connections, and never says a word.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    // Refuses connections, and keeps its port from the collectors of other tests.
    let refusing = TcpSocket::new_v4().unwrap();
    refusing.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let gone = refusing.local_addr().unwrap();
    for address in [gone, silent.local_addr().unwrap()] {
        let url = format!("http://{address}");
        let node = deployment.start_with(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &url), SOON]).await;
        let client = deployment.anyone(&node);
        for _ in 0..200 {
            client.get("/.well-known/jwks.json").await.expect(200);
        }
        if address == gone {
            node.wrote(|text| text.contains("spans can't be delivered").then_some(())).await;
        }
        client.get("/health/ready").await.expect(200);
        let told = Instant::now();
        node.terminate();
        assert!(node.ended().await.success());
        assert!(told.elapsed().as_secs() < 8, "the end took {:?}", told.elapsed());
    }
    let output =
        deployment.start_with(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &format!("http://{gone}")), SOON]).await;
    deployment.application(&output).await.sign_up("ada@example.org").await.expect(201);
}
