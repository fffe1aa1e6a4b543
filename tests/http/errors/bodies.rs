//! Bodies: one JSON object, and nothing else

use reqwest::Method;
use serde_json::json;

use super::{assert_problem, post_raw};
use crate::app::{PASSWORD, TestApp};
use crate::client::send;

const LOGIN: &str = "/v1/portal/developers/login";

#[tokio::test]
async fn what_is_not_one_json_object_is_malformed() {
    let app = TestApp::start().await;
    let good = r#"{"email": "grace@example.org", "password": "x"}"#;
    let deep = format!(r#"{{"email": {}1{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
    let bodies: Vec<Vec<u8>> = vec![
        b"".to_vec(),
        b" ".to_vec(),
        b"null".to_vec(),
        b"true".to_vec(),
        b"42".to_vec(),
        br#""text""#.to_vec(),
        b"[]".to_vec(),
        format!("[{good}]").into_bytes(),
        b"{".to_vec(),
        br#"{"email""#.to_vec(),
        format!("{good}{good}").into_bytes(),
        format!("{good} x").into_bytes(),
        format!("{good}\0").into_bytes(),
        format!("\u{feff}{good}").into_bytes(),
        good.replace('"', "'").into_bytes(),
        br#"{"email": "a@example.org", "password": "x",}"#.to_vec(),
        br#"{"email": "a@example.org", "email": "b@example.org", "password": "x"}"#.to_vec(),
        br#"{"email": "a@example.org", "em\u0061il": "b@example.org", "password": "x"}"#.to_vec(),
        br#"{"email": "a@example.org", "password": "x", "cookie": {"a": 1, "a": 2}}"#.to_vec(),
        b"{\"email\": \"a\xff@example.org\", \"password\": \"x\"}".to_vec(),
        b"{\"email\": \"a\xed\xa0\x80\", \"password\": \"x\"}".to_vec(),
        br#"{"email": "\ud800", "password": "x"}"#.to_vec(),
        br#"{"email": "a", "password": NaN}"#.to_vec(),
        br#"{"email": "a", "password": 1e999}"#.to_vec(),
        b"{\"email\": \"a\nb\", \"password\": \"x\"}".to_vec(),
        good.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        b"email=a&password=b".to_vec(),
        deep.into_bytes(),
    ];
    for body in bodies {
        assert_problem(&post_raw(&app.anyone(), LOGIN, body).await, 400, "malformed_request");
    }
}

#[tokio::test]
async fn wrong_types_are_refused_and_never_made_to_fit() {
    let app = TestApp::start().await;
    for value in [json!(null), json!(1), json!(true), json!(["x"]), json!({"x": 1})] {
        for name in ["email", "password"] {
            let mut body = json!({"email": "grace@example.org", "password": PASSWORD});
            body[name] = value.clone();
            let answer = app.anyone().post(LOGIN, body).await;
            assert_problem(&answer, 422, "validation_failed");
            assert_eq!(answer.body["errors"][0]["pointer"], format!("/{name}"));
            assert_eq!(answer.body["errors"][0]["code"], "wrong_type");
        }
    }
    let nul = json!({"email": "grace\0@example.org", "password": "a"});
    assert_problem(&app.anyone().post(LOGIN, nul).await, 422, "validation_failed");
    let nul = json!({"email": "grace@example.org", "password": "a\0b"});
    assert_problem(&app.anyone().post(LOGIN, nul).await, 401, "invalid_credentials");
}

#[tokio::test]
async fn only_json_in_utf_8_is_read() {
    let app = TestApp::start().await;
    app.developer().await;
    let body = json!({"email": "grace@example.org", "password": PASSWORD}).to_string();
    for good in [
        "application/json",
        "Application/JSON",
        "application/json; charset=utf-8",
        "application/json;charset=\"UTF-8\"",
    ] {
        let request = app.anyone().request(Method::POST, LOGIN).header("content-type", good);
        send(request.body(body.clone())).await.expect(200);
    }
    for bad in [
        "text/plain",
        "text/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=iso-8859-1",
        "application/json-seq",
        "application/jsonx",
        "application/problem+json",
        "*/*",
        "json",
        "",
    ] {
        let request = app.anyone().request(Method::POST, LOGIN).header("content-type", bad);
        assert_problem(&send(request.body(body.clone())).await, 415, "unsupported_media_type");
    }
    let untyped = app.anyone().request(Method::POST, LOGIN).body(body.clone());
    assert_problem(&send(untyped).await, 415, "unsupported_media_type");
    let twice = app.anyone().request(Method::POST, LOGIN);
    let twice = twice.header("content-type", "application/json").header("content-type", "text/plain");
    assert_problem(&send(twice.body(body)).await, 415, "unsupported_media_type");
}

#[tokio::test]
async fn a_body_has_at_most_64_kib() {
    let app = TestApp::start().await;
    let of = |length: usize| {
        let frame = r#"{"email":"grace@example.org","password":""}"#.len();
        json!({"email": "grace@example.org", "password": "x".repeat(length - frame)}).to_string()
    };
    let fits = of(64 * 1024);
    assert_eq!(fits.len(), 64 * 1024);
    assert_problem(&post_raw(&app.anyone(), LOGIN, fits).await, 401, "invalid_credentials");
    assert_problem(&post_raw(&app.anyone(), LOGIN, of(64 * 1024 + 1)).await, 413, "too_large");
    assert_problem(&post_raw(&app.anyone(), LOGIN, of(1024 * 1024)).await, 413, "too_large");
    // Compressed bodies are not unpacked, so a small one stays small.
    let packed = app.anyone().with("content-encoding", "gzip");
    assert_problem(&post_raw(&packed, LOGIN, vec![0x1f, 0x8b, 8, 0]).await, 400, "malformed_request");
}

#[tokio::test]
async fn where_no_body_is_wanted_none_or_an_empty_object_is_taken() {
    let app = TestApp::start().await;
    let developer = app.developer().await;
    let acme = developer.application("Acme").await;
    let rotate = format!("/v1/portal/applications/{}/secret/rotate", acme.id);
    send(developer.client.request(Method::POST, &rotate)).await.expect(200);
    developer.client.post(&rotate, json!({})).await.expect(200);
    let unknown = developer.client.post(&rotate, json!({"secret": "mine"})).await;
    assert_problem(&unknown, 422, "validation_failed");
    assert_problem(&post_raw(&developer.client, &rotate, "[]").await, 400, "malformed_request");
    assert_problem(&post_raw(&developer.client, &rotate, "x").await, 400, "malformed_request");
}
