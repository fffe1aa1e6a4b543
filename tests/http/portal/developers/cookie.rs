//! Logging in by cookie, as the portal's own pages do

use reqwest::Method;
use serde_json::json;

use super::{LOGIN, LOGOUT, ME};
use crate::app::{PASSWORD, TestApp};
use crate::client::{Answer, Client, send};

const APPLICATIONS: &str = "/v1/portal/applications";
const OWN: &str = "https://auth.example.com";

async fn log_in(client: &Client) -> Answer {
    let body = json!({"email": "grace@example.org", "password": PASSWORD, "cookie": true});
    client.post(LOGIN, body).await
}

/// `name=value` of the cookie that an answer sets.
fn cookie_of(answer: &Answer) -> String {
    answer.header("set-cookie").unwrap().split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn the_token_comes_as_a_cookie_that_no_script_and_no_other_site_gets_at() {
    let app = TestApp::start().await;
    app.developer().await;
    let login = log_in(&app.anyone().with("origin", OWN)).await;
    let set = login.header("set-cookie").unwrap();
    let (pair, attributes) = set.split_once("; ").unwrap();
    assert!(pair.starts_with("__Host-devauth_portal="), "{set}");
    assert_eq!(attributes, "Path=/; Max-Age=1800; HttpOnly; SameSite=Strict; Secure");
    let token = pair.split_once('=').unwrap().1;
    assert!(!login.text.contains(token) && !login.text.contains("access_token"), "{}", login.text);
    login.clone().expect(200);

    let by_cookie = app.anyone().with("cookie", &format!("theme=dark; {}", cookie_of(&login)));
    by_cookie.get(ME).await.expect(200);
    by_cookie.get(APPLICATIONS).await.expect(200);
}

#[tokio::test]
async fn over_plain_http_the_name_has_no_prefix_that_needs_https() {
    let app = TestApp::start_with(|config| config.public_url = "http://localhost:8080".to_owned()).await;
    app.developer().await;
    let login = log_in(&app.anyone()).await;
    let set = login.header("set-cookie").unwrap();
    assert!(set.starts_with("devauth_portal="), "{set}");
    assert!(set.ends_with("; Path=/; Max-Age=1800; HttpOnly; SameSite=Strict"), "{set}");
    let cookie = cookie_of(&login);
    app.anyone().with("cookie", &cookie).get(ME).await.expect(200);
    app.anyone().with("cookie", &format!("__Host-{cookie}")).get(ME).await.refused(401, "invalid_token");
}

#[tokio::test]
async fn over_https_a_cookie_without_the_prefix_is_none_of_ours() {
    let app = TestApp::start().await;
    app.developer().await;
    let cookie = cookie_of(&log_in(&app.anyone()).await);
    let unprefixed = cookie.strip_prefix("__Host-").unwrap();
    app.anyone().with("cookie", unprefixed).get(ME).await.refused(401, "invalid_token");
}

#[tokio::test]
async fn a_change_by_cookie_needs_the_portals_own_origin() {
    let app = TestApp::start().await;
    app.developer().await;
    let by_cookie = app.anyone().with("cookie", &cookie_of(&log_in(&app.anyone()).await));
    let body = json!({"name": "Acme", "environment": "development"});

    by_cookie.post(APPLICATIONS, body.clone()).await.refused(403, "origin_not_allowed");
    for foreign in
        ["https://evil.example", "null", "http://auth.example.com", "https://auth.example.com:8443"]
    {
        let from_there = by_cookie.with("origin", foreign);
        from_there.post(APPLICATIONS, body.clone()).await.refused(403, "origin_not_allowed");
        from_there.get(ME).await.refused(403, "origin_not_allowed");
        send(from_there.request(Method::POST, LOGOUT)).await.refused(403, "origin_not_allowed");
    }
    assert_eq!(by_cookie.get(APPLICATIONS).await.expect(200)["data"], json!([]));

    let own = by_cookie.with("origin", OWN);
    let id = own.post(APPLICATIONS, body).await.expect(201)["app_id"].as_str().unwrap().to_owned();
    let path = format!("{APPLICATIONS}/{id}");
    by_cookie.patch(&path, json!({"name": "Other"})).await.refused(403, "origin_not_allowed");
    by_cookie.delete(&path).await.refused(403, "origin_not_allowed");
    own.patch(&path, json!({"name": "Other"})).await.expect(200);
    own.delete(&path).await.expect(204);
}

#[tokio::test]
async fn a_page_elsewhere_cannot_log_its_visitors_in() {
    let app = TestApp::start().await;
    app.developer().await;
    let refused = log_in(&app.anyone().with("origin", "https://evil.example")).await;
    assert!(refused.header("set-cookie").is_none());
    refused.refused(403, "origin_not_allowed");
}

#[tokio::test]
async fn logout_takes_the_cookie_away() {
    let app = TestApp::start().await;
    app.developer().await;
    let cookie = cookie_of(&log_in(&app.anyone()).await);
    let by_cookie = app.anyone().with("cookie", &cookie);
    let answer = send(by_cookie.with("origin", OWN).request(Method::POST, LOGOUT)).await;
    let set = answer.header("set-cookie").unwrap();
    assert_eq!(set, "__Host-devauth_portal=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict; Secure");
    answer.expect(204);
    by_cookie.get(ME).await.refused(401, "invalid_token");
}

#[tokio::test]
async fn whether_a_cookie_is_wanted_is_said_with_true_or_false() {
    let app = TestApp::start().await;
    app.developer().await;
    for cookie in [json!("true"), json!(1), json!(null)] {
        let body = json!({"email": "grace@example.org", "password": PASSWORD, "cookie": cookie});
        let problem = app.anyone().post(LOGIN, body).await.refused(422, "validation_failed");
        assert_eq!(problem["errors"][0]["pointer"], "/cookie");
    }
}
