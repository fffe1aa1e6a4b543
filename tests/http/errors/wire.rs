//! Bytes that are hardly a request: answered in the same shape, or the connection closed, and never with a 500

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::app::TestApp;

/// Sends bytes and no more; answers all that comes back.
async fn exchange(app: &TestApp, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(app.node.address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = Vec::new();
    // A connection that is reset has no more to say either.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

#[track_caller]
fn assert_problem(answer: &str, status: &str, code: &str) {
    let lower = answer.to_ascii_lowercase();
    assert!(lower.starts_with(&format!("http/1.1 {status}")), "{answer}");
    for needed in [
        "content-type: application/problem+json",
        "x-request-id: ",
        "x-content-type-options: nosniff",
        "cache-control: no-store",
        &format!("\"code\":\"{code}\""),
    ] {
        assert!(lower.contains(needed), "{needed}: {answer}");
    }
    assert!(!lower.contains("zmarkerz"), "{answer}");
}

#[tokio::test]
async fn what_cannot_be_parsed_gets_a_problem_too() {
    let app = TestApp::start().await;
    for bytes in [
        &b"ZMARKERZ\r\n\r\n"[..],
        b"GET / HTTP/9.9\r\nhost: a\r\n\r\n",
        b"GET /\x00zmarkerz HTTP/1.1\r\nhost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: a\r\nzmarkerz\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: a\r\nx y: zmarkerz\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: zmarkerz\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nx",
        b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: zmarkerz\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ] {
        assert_problem(&exchange(&app, bytes).await, "400", "malformed_request");
    }
    // Reads as the name of a host, of which there is nothing here.
    assert_problem(&exchange(&app, b"GET zmarkerz HTTP/1.1\r\nhost: a\r\n\r\n").await, "404", "not_found");
    let long = format!("GET / HTTP/1.1\r\nhost: a\r\nx-filler: {}\r\n\r\n", "x".repeat(200_000));
    assert_problem(&exchange(&app, long.as_bytes()).await, "431", "headers_too_large");
}

#[tokio::test]
async fn a_body_that_ends_early_or_is_chunked_badly_is_malformed() {
    let app = TestApp::start().await;
    let head = "POST /v1/portal/developers/login HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n";
    for rest in [
        "content-length: 100\r\n\r\n{\"email\"",
        "transfer-encoding: chunked\r\n\r\nzmarkerz\r\n",
        "transfer-encoding: chunked\r\n\r\n5\r\n{\"a\":",
        "transfer-encoding: chunked\r\n\r\n2\r\n[]\r\n0\r\n\r\n",
    ] {
        let answer = exchange(&app, format!("{head}{rest}").as_bytes()).await;
        assert_problem(&answer, "400", "malformed_request");
    }
    let large = format!(
        "{head}transfer-encoding: chunked\r\n\r\n{}",
        "1000\r\n".to_owned() + &"x".repeat(4096) + "\r\n"
    );
    let large = large.clone() + &format!("1000\r\n{}\r\n", "x".repeat(4096)).repeat(20);
    assert_problem(&exchange(&app, large.as_bytes()).await, "413", "too_large");
}

#[tokio::test]
async fn who_expects_100_continue_is_refused_before_sending_a_large_body() {
    let app = TestApp::start().await;
    let head = "POST /v1/portal/developers/login HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n\
                content-length: 10000000\r\nexpect: 100-continue\r\n\r\n";
    let answer = exchange(&app, head.as_bytes()).await;
    assert!(!answer.contains("100 Continue"), "{answer}");
    assert_problem(&answer, "413", "too_large");
}
