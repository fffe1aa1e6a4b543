//! The rate limit: how many, of what, together with whom

use std::time::Duration;

use ipnet::IpNet;
use reqwest::Method;
use serde_json::{Value, json};

use super::{Keys, call};
use crate::app::TestApp;
use crate::client::{Client, send};

async fn key(keys: &Keys, key_type: &str, limit: u32) -> Client {
    let body = json!({"label": "few", "type": key_type, "rate_limit_per_minute": limit});
    keys.developer.key(&keys.id, body).await
}

/// Of so many calls one after the other, how many get through.
async fn admitted(client: &Client, calls: u32) -> u32 {
    let mut admitted = 0;
    for _ in 0..calls {
        let answer = call(client).await;
        if answer.status == 204 {
            admitted += 1;
        } else {
            answer.refused(429, "rate_limited");
        }
    }
    admitted
}

#[tokio::test]
async fn a_key_without_its_own_limit_has_sixty_a_minute() {
    let app = TestApp::start_with(|config| config.rates = devauth::config::Rates::default()).await;
    let keys = Keys::of(&app).await;
    assert_eq!(admitted(&keys.secret, 63).await, 60);
}

#[tokio::test]
async fn a_limit_holds_in_every_minute_and_not_by_the_clocks_minutes() {
    let app = TestApp::start().await;
    let keys = Keys::of(&app).await;
    let few = key(&keys, "secret", 4).await;
    assert_eq!(admitted(&few, 2).await, 2);
    app.pass(Duration::from_secs(40));
    assert_eq!(admitted(&few, 4).await, 2);
    // The first two leave the window; those of 40 seconds ago stay in it.
    app.pass(Duration::from_secs(21));
    assert_eq!(admitted(&few, 4).await, 2);
    app.pass(Duration::from_secs(61));
    assert_eq!(admitted(&few, 6).await, 4);
}

#[tokio::test]
async fn what_was_refused_does_not_count() {
    let app = TestApp::start().await;
    let keys = Keys::of(&app).await;
    let few = key(&keys, "secret", 3).await;
    assert_eq!(admitted(&few, 10).await, 3);
    app.pass(Duration::from_secs(30));
    assert_eq!(admitted(&few, 10).await, 0);
    app.pass(Duration::from_secs(31));
    assert_eq!(admitted(&few, 10).await, 3);
}

#[tokio::test]
async fn keys_of_one_application_have_a_limit_each() {
    let app = TestApp::start().await;
    let keys = Keys::of(&app).await;
    let (one, two) = (key(&keys, "secret", 2).await, key(&keys, "secret", 3).await);
    assert_eq!(admitted(&one, 4).await, 2);
    assert_eq!(admitted(&two, 5).await, 3);
    assert_eq!(
        admitted(&one.with("x-devauth-client-ip", "192.0.2.9"), 1).await,
        0,
        "a secret key counts as one"
    );
}

#[tokio::test]
async fn a_publishable_key_has_its_limit_for_each_client_network() {
    let local: Vec<IpNet> = vec!["127.0.0.0/8".parse().unwrap()];
    let app = TestApp::start_with(|config| config.trusted_proxies = local).await;
    let keys = Keys::of(&app).await;
    let few = key(&keys, "publishable", 2).await;
    let from = |address: &str| few.with("x-forwarded-for", address);
    assert_eq!(admitted(&from("192.0.2.1"), 3).await, 2);
    assert_eq!(admitted(&from("192.0.2.2"), 3).await, 2);
    assert_eq!(admitted(&from("::ffff:192.0.2.2"), 1).await, 0);
    assert_eq!(admitted(&from("2001:db8:0:1::1"), 1).await, 1);
    assert_eq!(admitted(&from("2001:db8:0:1:ffff::2"), 2).await, 1, "an IPv6 network counts as one");
    assert_eq!(admitted(&from("2001:db8:0:2::1"), 3).await, 2);
}

#[tokio::test]
async fn two_nodes_count_together_and_admit_exactly_the_limit() {
    let app = TestApp::start().await;
    let keys = Keys::of(&app).await;
    let here = key(&keys, "secret", 10).await;
    let elsewhere = here.at(&app.another_node().await);
    let calls = (0..30).map(|n| {
        let client = if n % 2 == 0 { here.clone() } else { elsewhere.clone() };
        tokio::spawn(async move { call(&client).await.status })
    });
    let mut admitted = 0;
    for call in calls.collect::<Vec<_>>() {
        admitted += usize::from(call.await.unwrap() == 204);
    }
    assert_eq!(admitted, 10);
}

#[tokio::test]
async fn introspection_has_its_own_bucket() {
    let app = TestApp::start_with(|config| config.rates.introspect_per_minute = 4).await;
    let keys = Keys::of(&app).await;
    let few = key(&keys, "secret", 2).await;
    let introspect = || few.post("/v1/auth/introspect", json!({"token": "x"}));
    assert_eq!(admitted(&few, 3).await, 2);
    for _ in 0..4 {
        introspect().await.expect(200);
    }
    let limited = introspect().await;
    assert_eq!(limited.header("ratelimit-policy"), Some(r#""introspection";q=4;w=60"#));
    limited.refused(429, "rate_limited");
    app.pass(Duration::from_secs(61));
    for _ in 0..4 {
        introspect().await.expect(200);
    }
    assert_eq!(admitted(&few, 3).await, 2, "and takes nothing from the other");
}

#[tokio::test]
async fn introspection_with_the_app_secret_is_limited_too() {
    let app = TestApp::start_with(|config| config.rates.introspect_per_minute = 2).await;
    let acme = app.developer().await.application("Acme").await;
    let introspect = || {
        let request = app.anyone().request(Method::POST, "/v1/auth/introspect");
        let form = "application/x-www-form-urlencoded";
        send(request.basic_auth(&acme.id, Some(&acme.secret)).header("content-type", form).body("token=x"))
    };
    introspect().await.expect(200);
    introspect().await.expect(200);
    introspect().await.refused(429, "rate_limited");
}

/// They were looked up, opened and compared as often as anybody liked.
#[tokio::test]
async fn wrong_app_secrets_are_limited_where_they_come_from() {
    let proxies: Vec<IpNet> = vec!["127.0.0.0/8".parse().unwrap()];
    let app = TestApp::start_with(|config| {
        config.rates.introspect_per_minute = 2;
        config.trusted_proxies = proxies;
    })
    .await;
    let acme = app.developer().await.application("Acme").await;
    let introspect = |secret: &str, from: &str| {
        let request =
            app.anyone().request(Method::POST, "/v1/auth/introspect").header("x-forwarded-for", from);
        let form = "application/x-www-form-urlencoded";
        send(request.basic_auth(&acme.id, Some(secret)).header("content-type", form).body("token=x"))
    };
    for _ in 0..2 {
        introspect("dvs_wrong", "203.0.113.9").await.refused(401, "invalid_api_key");
    }
    introspect("dvs_wrong", "203.0.113.9").await.refused(429, "rate_limited");
    introspect(&acme.secret, "203.0.113.9").await.refused(429, "rate_limited");
    introspect(&acme.secret, "203.0.113.10").await.expect(200);
}

#[tokio::test]
async fn past_the_limit_no_work_is_done() {
    let app = TestApp::start().await;
    let keys = Keys::of(&app).await;
    let few = key(&keys, "secret", 1).await;
    call(&few).await.expect(204);
    // Not even the body is looked at, and nothing happens.
    few.post("/v1/auth/signup", json!([])).await.refused(429, "rate_limited");
    let body = json!({"email": "ada@example.org", "password": crate::app::PASSWORD});
    few.post("/v1/auth/signup", body).await.refused(429, "rate_limited");
    for _ in 0..6 {
        few.try_log_in("ada@example.org", "wrong").await.refused(429, "rate_limited");
    }
    keys.secret.try_log_in("ada@example.org", "wrong").await.refused(401, "invalid_credentials");
    keys.secret.sign_up("ada@example.org").await;
    keys.secret.log_in("ada@example.org").await;
}

#[tokio::test]
async fn a_caller_without_a_good_key_uses_up_nobodys_limit() {
    let app = TestApp::start().await;
    let keys = Keys::of(&app).await;
    let few = key(&keys, "secret", 2).await;
    for _ in 0..3 {
        call(&few.with("x-app-id", "app_01ja3vks5re0b8n1q2s4t6v8wx")).await.refused(401, "invalid_api_key");
    }
    assert_eq!(admitted(&few, 3).await, 2);
}

#[tokio::test]
async fn a_key_keeps_the_default_that_it_was_issued_with() {
    let app = TestApp::start_with(|config| config.rates.per_minute = 3).await;
    let keys = Keys::of(&app).await;
    let path = format!("/v1/portal/applications/{}/api-keys", keys.id);
    let listed = keys.developer.client.get(&path).await.expect(200);
    assert_eq!(listed["data"][0]["rate_limit_per_minute"], 3);

    let later = app.another_node_with(|config| config.rates.per_minute = 5).await;

    assert_eq!(admitted(&keys.secret.at(&later), 6).await, 3);
}

#[tokio::test]
async fn a_key_of_before_defaults_were_kept_has_null_and_the_services_own() {
    let app = TestApp::start_with(|config| config.rates.per_minute = 3).await;
    let keys = Keys::of(&app).await;
    let before = "UPDATE api_keys SET rate_limit_per_minute = NULL";
    sqlx::query(before).execute(&mut app.database.connect().await).await.unwrap();
    // A node that has not seen them yet.
    let later = app.another_node_with(|config| config.rates.per_minute = 5).await;
    let path = format!("/v1/portal/applications/{}/api-keys", keys.id);
    let listed = keys.developer.client.at(&later).get(&path).await.expect(200);
    assert_eq!(listed["data"][0]["rate_limit_per_minute"], Value::Null);
    assert_eq!(admitted(&keys.secret.at(&later), 6).await, 5);
}
