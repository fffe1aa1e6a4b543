//! A developer's own sessions: list, end one, end all.

use reqwest::Method;
use serde_json::Value;

use super::{LOGIN, ME, credentials};
use crate::app::{PASSWORD, TestApp};
use crate::client::{Client, members, send};

const SESSIONS: &str = "/v1/portal/developers/sessions";

async fn another_login(app: &TestApp) -> Client {
    let login = app.anyone().post(LOGIN, credentials("grace@example.org", PASSWORD)).await.expect(200);
    app.anyone().bearing(login["access_token"].as_str().unwrap())
}

async fn listed(client: &Client) -> Vec<Value> {
    client.get(SESSIONS).await.expect(200)["data"].as_array().unwrap().clone()
}

fn path_of(session: &Value) -> String {
    format!("{SESSIONS}/{}", session["id"].as_str().unwrap())
}

#[tokio::test]
async fn a_developer_sees_their_sessions_and_which_one_this_is() {
    let app = TestApp::start().await;
    let one = app.developer().await.client;
    let two = another_login(&app).await;

    let seen = listed(&one).await;

    let current: Vec<_> = seen.iter().map(|session| session["current"].as_bool().unwrap()).collect();
    assert_eq!(current, [false, true], "the newest first");
    let mirrored: Vec<_> = listed(&two).await.iter().map(|session| session["id"].clone()).collect();
    assert_eq!(mirrored, seen.iter().map(|session| session["id"].clone()).collect::<Vec<_>>());
    let names = [
        "client_address",
        "created_at",
        "current",
        "device",
        "expires_at",
        "id",
        "last_used_at",
        "user_agent",
    ];
    assert_eq!(members(&seen[0]), names);
}

#[tokio::test]
async fn one_session_is_ended_and_the_others_live() {
    let app = TestApp::start().await;
    let one = app.developer().await.client;
    let two = another_login(&app).await;
    let newest = path_of(&listed(&one).await[0]);

    let answer = one.delete(&newest).await;
    assert!(answer.text.is_empty());
    answer.expect(204);

    two.get(ME).await.refused(401, "invalid_token");
    one.delete(&newest).await.refused(404, "not_found");
    assert_eq!(listed(&one).await.len(), 1);
    for id in ["nonsense", "%FF", "%00"] {
        one.delete(&format!("{SESSIONS}/{id}")).await.refused(404, "not_found");
    }
    app.anyone().get(SESSIONS).await.refused(401, "invalid_token");
}

#[tokio::test]
async fn all_sessions_are_ended_this_one_too() {
    let app = TestApp::start().await;
    let one = app.developer().await.client;
    let two = another_login(&app).await;

    let answer = send(one.request(Method::POST, "/v1/portal/developers/logout/all")).await;
    assert!(
        answer.header("set-cookie").is_some_and(|cookie| cookie.contains("Max-Age=0")),
        "the cookie goes too"
    );
    answer.expect(204);

    one.get(ME).await.refused(401, "invalid_token");
    two.get(ME).await.refused(401, "invalid_token");
    another_login(&app).await.get(ME).await.expect(200);
}
