//! `RateLimit-Policy`, `RateLimit` and `Retry-After`

use std::time::Duration;

use serde_json::json;

use super::{Keys, call};
use crate::app::TestApp;
use crate::client::Answer;

/// `r` and `t` of `RateLimit: "default";r=…;t=…`
fn told(answer: &Answer) -> (u64, u64) {
    let value = answer.header("ratelimit").unwrap();
    let (rest, reset) = value.strip_prefix(r#""default";r="#).unwrap().split_once(";t=").unwrap();
    (rest.parse().unwrap(), reset.parse().unwrap())
}

#[tokio::test]
async fn every_answer_tells_the_policy_and_what_is_left_of_it() {
    let app = TestApp::start().await;
    let keys = Keys::of(&app).await;
    let few = keys.developer.key(&keys.id, json!({"label": "few", "rate_limit_per_minute": 3})).await;

    let first = call(&few).await;
    assert_eq!(first.header("ratelimit-policy"), Some(r#""default";q=3;w=60"#));
    assert_eq!(first.header("retry-after"), None);
    assert_eq!(told(&first), (2, 60));
    app.pass(Duration::from_secs(20));
    let failed = few.post("/v1/auth/login", json!({})).await;
    let (rest, reset) = told(&failed);
    assert_eq!(rest, 1, "a request that fails counts like any other");
    assert!((39..=40).contains(&reset), "{reset}");
    failed.refused(422, "validation_failed");
    assert_eq!(told(&call(&few).await).0, 0);

    app.pass(Duration::from_secs(10));
    let refused = call(&few).await;
    let (rest, reset) = told(&refused);
    let retry_after: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert_eq!((rest, reset), (0, retry_after));
    assert!((28..=30).contains(&retry_after), "{retry_after}");
    refused.refused(429, "rate_limited");

    // The promise holds: not a second earlier is needed, and then there is a place.
    app.pass(Duration::from_secs(retry_after));
    call(&few).await.expect(204);
    call(&few).await.refused(429, "rate_limited");
}

#[tokio::test]
async fn who_proved_no_key_is_told_nothing() {
    let app = TestApp::start().await;
    let keys = Keys::of(&app).await;
    for answer in [call(&app.anyone()).await, keys.secret.get("/v1/auth/nothing").await] {
        assert!(answer.status >= 400);
        assert_eq!((answer.header("ratelimit"), answer.header("ratelimit-policy")), (None, None));
    }
}

#[tokio::test]
async fn a_key_that_is_used_where_it_may_not_be_counts_and_is_told_its_rate() {
    let app = TestApp::start().await;
    let keys = Keys::of(&app).await;
    let few = keys.developer.key(&keys.id, json!({"label": "few", "rate_limit_per_minute": 2})).await;
    let in_browser = few.with("origin", "https://evil.example");

    let first = call(&in_browser).await;
    assert_eq!(told(&first), (1, 60));
    first.refused(403, "secret_key_in_browser");
    let unreadable = call(&few.with("x-devauth-client-ip", "nowhere")).await;
    assert_eq!(told(&unreadable).0, 0);
    unreadable.refused(400, "malformed_request");
    call(&in_browser).await.refused(429, "rate_limited");

    let elsewhere = call(&keys.publishable.with("origin", "https://evil.example")).await;
    assert!(elsewhere.header("ratelimit").is_some());
    elsewhere.refused(403, "origin_not_allowed");
    let asked = keys.publishable.post("/v1/auth/introspect", json!({"token": "x"})).await;
    assert!(asked.header("ratelimit").unwrap().starts_with("\"introspection\";"));
    asked.refused(403, "key_type_not_allowed");
}
