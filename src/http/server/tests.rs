//! The server over real sockets. Limits are short where one is to be reached, and nothing sleeps: each test waits
//! for the answer, the end of the connection or the end of the server.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::routing::{get, post};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::*;
use crate::http::body;
use crate::http::context::{PeerAddress, RequestContext};
use crate::http::error::ApiError;
use crate::http::layers::{self, HttpSettings};

const LONG: Duration = Duration::from_secs(60);

/// No limit is reached within a test, unless the test makes it short.
fn patient() -> ServerLimits {
    ServerLimits {
        connections: 100,
        header_time: LONG,
        write_time: LONG,
        linger_time: LONG,
        drain_time: LONG,
    }
}

struct Running {
    address: SocketAddr,
    ending: Ending,
    task: JoinHandle<()>,
    /// Told when the handler of `/held` has begun.
    begun: Arc<Notify>,
    /// Lets `/held` answer.
    release: Arc<Notify>,
}

async fn start(limits: ServerLimits, body_time: Duration) -> Running {
    let mut settings = HttpSettings::new(&"https://auth.example".parse().unwrap(), Vec::new());
    settings.body.time = body_time;
    settings.request_time = LONG;
    let (begun, release) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (tell, wait) = (Arc::clone(&begun), Arc::clone(&release));
    let held = move || async move {
        tell.notify_one();
        wait.notified().await;
        "held"
    };
    let echo = async |request: axum::extract::Request| -> Result<String, ApiError> {
        Ok(body::read(request).await?.len().to_string())
    };
    let peer = async |peer: axum::Extension<PeerAddress>, context: RequestContext| {
        format!("{}", peer.0.0.ip() == context.client_address)
    };
    let router = Router::new()
        .route("/held", get(held))
        .route("/echo", post(echo))
        .route("/peer", get(peer))
        .route("/large", get(async || vec![b'x'; 64 * 1024 * 1024]));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let ending = Ending::default();
    let router = layers::wrap(router, settings);
    let task =
        tokio::spawn(serve(listener, router, Refusals::new("https://auth.example"), limits, ending.clone()));
    Running { address, ending, task, begun, release }
}

async fn connect(server: &Running, bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    stream
}

/// All that comes until the server closes.
async fn rest(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    String::from_utf8(bytes).unwrap()
}

fn assert_problem(answer: &str, status: &str, code: &str) {
    let answer = answer.to_ascii_lowercase();
    assert!(answer.starts_with(&format!("http/1.1 {status}")), "{answer}");
    assert!(answer.contains("\r\ncontent-type: application/problem+json\r\n"), "{answer}");
    assert!(
        answer.contains("\r\nx-request-id: ") && answer.contains("\r\nx-content-type-options: nosniff\r\n"),
        "{answer}"
    );
    assert!(answer.contains(&format!("\"code\":\"{code}\"")), "{answer}");
}

#[tokio::test]
async fn a_request_knows_its_peer() {
    let server = start(patient(), LONG).await;
    let stream = connect(&server, b"GET /peer HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
    assert!(rest(stream).await.ends_with("true"));
}

#[tokio::test]
async fn what_is_no_request_is_refused_in_our_shape() {
    let server = start(patient(), LONG).await;
    let many: String = (0..500).map(|n| format!("h{n}: v\r\n")).collect();
    let long = format!("x-long: {}\r\n", "x".repeat(100_000));
    for (request, status, code) in [
        ("nonsense\r\n\r\n".to_owned(), "400", "malformed_request"),
        ("GET / HTTP/1.1\r\nbad header\r\n\r\n".to_owned(), "400", "malformed_request"),
        (format!("GET / HTTP/1.1\r\nhost: a\r\n{many}\r\n"), "431", "headers_too_large"),
        (format!("GET / HTTP/1.1\r\nhost: a\r\n{long}\r\n"), "431", "headers_too_large"),
        (format!("GET /{} HTTP/1.1\r\nhost: a\r\n\r\n", "x".repeat(70_000)), "431", "headers_too_large"),
    ] {
        let answer = rest(connect(&server, request.as_bytes()).await).await;
        assert_problem(&answer, status, code);
    }
}

#[tokio::test]
async fn a_refused_second_request_does_not_spoil_the_first_answer() {
    let server = start(patient(), LONG).await;
    let stream = connect(&server, b"GET /peer HTTP/1.1\r\nhost: a\r\n\r\nnonsense\r\n\r\n").await;
    let answer = rest(stream).await;
    let (first, second) = answer.split_once("true").expect("the first answer is whole");
    assert!(first.starts_with("HTTP/1.1 200"), "{answer}");
    assert_problem(second, "400", "malformed_request");
}

#[tokio::test]
async fn a_header_section_that_never_ends_is_given_up_on() {
    let limits = ServerLimits { header_time: Duration::from_millis(100), ..patient() };
    let server = start(limits, LONG).await;
    let half = connect(&server, b"GET /peer HTTP/1.1\r\nhost: a\r\n").await;
    assert_problem(&rest(half).await, "408", "request_timeout");
    let idle = connect(&server, b"").await;
    assert_eq!(rest(idle).await, "", "an idle connection is closed without a word");
}

#[tokio::test]
async fn a_body_that_never_ends_is_given_up_on() {
    let server = start(patient(), Duration::from_millis(100)).await;
    let stream = connect(&server, b"POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nhalf").await;
    assert_problem(&rest(stream).await, "408", "request_timeout");
}

#[tokio::test]
async fn a_client_that_sends_too_much_still_reads_the_refusal() {
    let server = start(patient(), LONG).await;
    let mut stream =
        connect(&server, b"POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 20000000\r\n\r\n").await;
    // More than all buffers on the way hold: a server that closed with this unread would reset the connection.
    stream.write_all(&vec![b'x'; 20_000_000]).await.unwrap();
    assert_problem(&rest(stream).await, "413", "too_large");
}

#[tokio::test]
async fn a_client_that_does_not_read_is_given_up_on() {
    let limits = ServerLimits { write_time: Duration::from_millis(100), ..patient() };
    let server = start(limits, LONG).await;
    let mut stream = connect(&server, b"GET /large HTTP/1.1\r\nhost: a\r\n\r\n").await;
    // One byte, so that the answer has surely begun, and no more.
    stream.read_exact(&mut [0]).await.unwrap();
    server.ending.begun.cancel();
    // Well before the drain time, which would end it too.
    tokio::time::timeout(LONG / 4, server.task).await.expect("the connection was given up on").unwrap();
    drop(stream);
}

#[tokio::test]
async fn shutdown_finishes_what_is_in_flight_and_takes_nothing_new() {
    let server = start(patient(), LONG).await;
    let idle = connect(&server, b"").await;
    let held =
        connect(&server, b"GET /held HTTP/1.1\r\nhost: a\r\n\r\nGET /peer HTTP/1.1\r\nhost: a\r\n\r\n").await;
    server.begun.notified().await;
    server.ending.begun.cancel();
    assert_eq!(rest(idle).await, "");
    // The idle connection is gone, so the server has begun to shut down; the held one is still there.
    assert!(!server.task.is_finished());
    server.release.notify_one();
    let answer = rest(held).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("held"), "{answer}");
    assert!(!answer.contains("true"), "the pipelined request was not begun: {answer}");
    server.task.await.unwrap();
    assert!(TcpStream::connect(server.address).await.is_err());
}

#[tokio::test]
async fn shutdown_cuts_off_what_does_not_finish() {
    let limits = ServerLimits { drain_time: Duration::from_millis(50), ..patient() };
    let server = start(limits, LONG).await;
    let held = connect(&server, b"GET /held HTTP/1.1\r\nhost: a\r\n\r\n").await;
    server.begun.notified().await;
    server.ending.begun.cancel();
    server.task.await.unwrap();
    assert_eq!(rest(held).await, "");
}

#[tokio::test]
async fn a_connection_past_the_limit_waits_for_a_place() {
    let server = start(ServerLimits { connections: 1, ..patient() }, LONG).await;
    let held = connect(&server, b"GET /held HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
    server.begun.notified().await;
    let mut waiting = connect(&server, b"GET /held HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
    let early = tokio::time::timeout(Duration::from_millis(50), server.begun.notified()).await;
    assert!(early.is_err(), "the second connection was served beside the first");
    server.release.notify_one();
    assert!(rest(held).await.ends_with("held"));
    server.begun.notified().await;
    server.release.notify_one();
    let mut answer = String::new();
    waiting.read_to_string(&mut answer).await.unwrap();
    assert!(answer.ends_with("held"), "{answer}");
}

#[tokio::test]
async fn an_announced_ending_closes_connections_after_their_next_answer_and_lets_others_in() {
    let server = start(patient(), LONG).await;
    let mut kept = connect(&server, b"GET /peer HTTP/1.1\r\nhost: a\r\n\r\n").await;
    let mut answer = vec![0; 4096];
    let length = kept.read(&mut answer).await.unwrap();
    assert!(!String::from_utf8_lossy(&answer[..length]).to_lowercase().contains("connection: close"));

    server.ending.announced.cancel();

    kept.write_all(b"GET /peer HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    let new = connect(&server, b"GET /peer HTTP/1.1\r\nhost: a\r\n\r\n").await;
    for stream in [kept, new] {
        let answer = rest(stream).await.to_lowercase();
        assert!(
            answer.starts_with("http/1.1 200") && answer.contains("\r\nconnection: close\r\n"),
            "{answer}"
        );
    }
    assert!(!server.task.is_finished());
}
