//! No input makes a 500: requests put together at random, the same ones in every run

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::app::TestApp;
use crate::client::{Client, members, send};

const REQUESTS: usize = 600;

const PATHS: [&str; 31] = [
    "/v1/auth/signup",
    "/v1/auth/login",
    "/v1/auth/me",
    "/v1/auth/refresh",
    "/v1/auth/logout",
    "/v1/auth/logout/all",
    "/v1/auth/email/verify/confirm",
    "/v1/auth/password/reset/confirm",
    "/v1/auth/password/change",
    "/v1/auth/introspect",
    "/v1/auth/sessions",
    "/v1/auth/sessions/{any}",
    "/v1/portal/developers/signup",
    "/v1/portal/developers/login",
    "/v1/portal/developers/me",
    "/v1/portal/developers/password/change",
    "/v1/portal/applications",
    "/v1/portal/applications?{any}",
    "/v1/portal/applications/{app}",
    "/v1/portal/applications/{any}",
    "/v1/portal/applications/{app}/api-keys",
    "/v1/portal/applications/{app}/api-keys?limit={any}&cursor={any}",
    "/v1/portal/applications/{app}/api-keys/{any}",
    "/v1/portal/applications/{app}/users?search={any}&limit=3",
    "/v1/portal/applications/{app}/users?cursor={any}&page={any}",
    "/v1/portal/applications/{app}/users/{any}",
    "/v1/portal/applications/{app}/users/{any}/suspend",
    "/v1/portal/applications/{app}/users/{user}/history?at={any}",
    "/v1/portal/applications/{app}/events?after={any}",
    "/v1/portal/applications/{any}/users",
    "/{any}",
];

const NAMES: [&str; 18] = [
    "email",
    "password",
    "current_password",
    "metadata",
    "token",
    "refresh_token",
    "name",
    "environment",
    "settings",
    "label",
    "type",
    "rate_limit_per_minute",
    "app_url",
    "allowed_origins",
    "signup_mode",
    "password_min_length",
    "session_lifetime",
    "cookie",
];

const HEADERS: [&str; 14] = [
    "origin",
    "sec-fetch-site",
    "authorization",
    "cookie",
    "x-request-id",
    "x-forwarded-for",
    "x-devauth-client-ip",
    "idempotency-key",
    "user-agent",
    "content-type",
    "x-app-id",
    "x-api-key",
    "accept",
    "expect",
];

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[ -~]{0,40}",
        "[a-z0-9.@\u{80}-\u{2ff}]{1,300}",
        Just("ada@example.org".to_owned()),
        Just(crate::app::PASSWORD.to_owned()),
        Just("\0".to_owned()),
        "(app|usr|ses|key|dev)_[0-7][0-9a-hjkmnp-tv-z]{25}",
        "(Bearer|Basic) [A-Za-z0-9+/=._-]{0,60}",
        "https?://[a-z0-9.:@/?#*-]{0,40}",
        "[0-9a-f:.]{1,45}",
    ]
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 20, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            object(inner).prop_map(Value::from),
        ]
    })
}

fn object(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Map<String, Value>> {
    let name = prop_oneof![9 => prop::sample::select(&NAMES[..]).prop_map(str::to_owned), 1 => text()];
    prop::collection::vec((name, value), 0..6).prop_map(|members| members.into_iter().collect())
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    let written = || object(json_value()).prop_map(|members| Value::from(members).to_string().into_bytes());
    prop_oneof![
        6 => written(),
        1 => prop::collection::vec(any::<u8>(), 0..200),
        1 => (written(), any::<prop::sample::Index>(), any::<u8>()).prop_map(|(mut bytes, index, byte)| {
            let at = index.index(bytes.len());
            bytes[at] = byte;
            bytes
        }),
    ]
}

/// Visible and other octets that a header may hold.
fn header_value() -> impl Strategy<Value = Vec<u8>> {
    let any_octets = prop::collection::vec(prop_oneof![0x20_u8..0x7f, 0x80_u8..=0xff], 0..60);
    prop_oneof![
        any_octets,
        text().prop_map(|text| text
            .into_bytes()
            .into_iter()
            .filter(|byte| *byte >= 0x20 && *byte != 0x7f)
            .collect())
    ]
}

#[tokio::test]
async fn no_request_makes_a_500() {
    let app = TestApp::start().await;
    let developer = app.developer().await;
    let acme = developer.application("Acme").await;
    let user = acme.client.sign_up("ada@example.org").await["id"].as_str().unwrap().to_owned();
    let token = acme.client.log_in("ada@example.org").await["access_token"].as_str().unwrap().to_owned();
    let callers = [acme.client.clone(), acme.client.bearing(&token), developer.client, app.anyone()];

    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), random);
    let headers = prop::collection::vec((prop::sample::select(&HEADERS[..]), header_value()), 0..3);
    let methods =
        prop::sample::select(vec![Method::POST, Method::POST, Method::PATCH, Method::GET, Method::DELETE]);
    let requests = (prop::sample::select(&PATHS[..]), methods, text(), body(), headers, 0..callers.len());
    let mut met = std::collections::BTreeSet::new();
    for _ in 0..REQUESTS {
        let (path, method, any, body, headers, caller) = requests.new_tree(&mut runner).unwrap().current();
        let any: String = url::form_urlencoded::byte_serialize(any.as_bytes()).collect();
        let path = path.replace("{any}", &any).replace("{app}", &acme.id).replace("{user}", &user);
        met.insert(check(&callers[caller], method, &path, body, &headers).await);
    }
    assert!(met.len() >= 6 && met.contains(&200) && met.contains(&422), "the requests are too tame: {met:?}");
    app.anyone().get("/health/ready").await.expect(200);
}

async fn check(
    client: &Client,
    method: Method,
    path: &str,
    body: Vec<u8>,
    headers: &[(&str, Vec<u8>)],
) -> u16 {
    let typed = headers.iter().any(|(name, _)| *name == "content-type");
    let request = client.request(method.clone(), path);
    let request = if typed { request } else { request.header("content-type", "application/json") };
    let request =
        headers.iter().fold(request, |request, (name, value)| request.header(*name, value.as_slice()));
    let answer = send(request.body(body.clone())).await;
    let told = || format!("{method} {path} {headers:?} {}\n{}", String::from_utf8_lossy(&body), answer.text);
    assert!(answer.status < 500, "{} {}", answer.status, told());
    if answer.status >= 400 {
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{}", told());
        assert!(members(&answer.body).starts_with(&["code", "detail"]), "{}", told());
    }
    answer.status
}
