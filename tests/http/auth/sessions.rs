//! `GET /v1/auth/sessions`, `DELETE /v1/auth/sessions/{id}`

use std::time::Duration;

use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::{Client, at_once};

const PATH: &str = "/v1/auth/sessions";
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";

async fn list(client: &Client, tokens: &Value) -> Vec<Value> {
    let body = client.as_user(tokens).get(PATH).await.expect(200);
    assert_eq!(body["next_cursor"], Value::Null);
    assert_eq!(body.as_object().unwrap().len(), 2);
    body["data"].as_array().unwrap().clone()
}

/// The session that these tokens belong to.
async fn id(client: &Client, tokens: &Value) -> String {
    let current = list(client, tokens).await.into_iter().find(|session| session["current"] == true);
    current.unwrap()["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn it_lists_the_living_sessions_newest_first() {
    let app = TestApp::start().await;
    let client = app.application().await;
    client.sign_up("ada@example.org").await;
    client.sign_up("eve@example.org").await;
    let old = client.for_address("192.0.2.7").with("user-agent", FIREFOX).log_in("ada@example.org").await;
    app.pass(Duration::from_secs(60));
    let new = client.for_address("2001:db8::7").with("user-agent", "curl/8").log_in("ada@example.org").await;
    client.log_in("eve@example.org").await;
    app.pass(Duration::from_secs(60));
    let old = client.refresh(&old["refresh_token"]).await.expect(200);

    let listed = list(&client, &old).await;

    assert_eq!(listed.len(), 2);
    let names: Vec<_> = listed[0].as_object().unwrap().keys().map(String::as_str).collect();
    let mut contract = [
        "id",
        "created_at",
        "last_used_at",
        "expires_at",
        "client_address",
        "user_agent",
        "device",
        "current",
    ];
    contract.sort_unstable();
    assert_eq!(names, contract);
    assert_eq!((&listed[0]["current"], &listed[1]["current"]), (&json!(false), &json!(true)));
    assert_eq!(
        (&listed[0]["client_address"], &listed[1]["client_address"]),
        (&json!("2001:db8::7"), &json!("192.0.2.7"))
    );
    assert_eq!(
        (&listed[1]["user_agent"], &listed[1]["device"]),
        (&json!(FIREFOX), &json!("Firefox on Linux"))
    );
    let time = |value: &Value| chrono::DateTime::parse_from_rfc3339(value.as_str().unwrap()).unwrap();
    assert!((time(&listed[1]["last_used_at"]) - time(&listed[1]["created_at"])).num_seconds() >= 120);
    assert_eq!((time(&listed[1]["expires_at"]) - time(&listed[1]["created_at"])).num_seconds(), 604_800);
    assert_eq!(listed[0]["created_at"], listed[0]["last_used_at"]);

    app.pass(Duration::from_secs(604_800 - 50));
    let third = client.log_in("ada@example.org").await;
    assert_eq!(list(&client, &third).await.len(), 1, "what expired isn't listed");
    client.as_user(&new).get(PATH).await.refused(401, "invalid_token");
}

#[tokio::test]
async fn a_user_ends_one_of_their_sessions() {
    let app = TestApp::start().await;
    let client = app.application().await;
    let other = client.at(&app.another_node().await);
    client.sign_up("ada@example.org").await;
    let (here, there) = (client.log_in("ada@example.org").await, client.log_in("ada@example.org").await);
    let path = format!("{PATH}/{}", id(&client, &there).await);

    let answer = client.as_user(&here).delete(&path).await;

    assert_eq!((answer.status, answer.text.as_str()), (204, ""));
    assert!(!other.admits(&there).await);
    other.refresh(&there["refresh_token"]).await.refused(401, "invalid_token");
    assert_eq!(list(&client, &here).await.len(), 1);
    client.as_user(&here).delete(&path).await.refused(404, "not_found");

    let own = format!("{PATH}/{}", id(&client, &here).await);
    client.as_user(&here).delete(&own).await.expect(204);
    assert!(!client.admits(&here).await, "the current one too");
    client.as_user(&here).get(PATH).await.refused(401, "invalid_token");
}

#[tokio::test]
async fn a_session_of_somebody_else_is_not_there() {
    let app = TestApp::start().await;
    let developer = app.developer().await;
    let (acme, other) = (developer.application("Acme").await, developer.application("Other").await);
    let client = &acme.client;
    for who in [client, &other.client] {
        who.sign_up("ada@example.org").await;
    }
    let user = client.sign_up("eve@example.org").await;
    let (ada, eve) = (client.log_in("ada@example.org").await, client.log_in("eve@example.org").await);
    let elsewhere = other.client.log_in("ada@example.org").await;
    let as_eve = client.as_user(&eve);

    let unknown = as_eve.delete(&format!("{PATH}/ses_01ja3vks5re0b8n1q2s4t6v8wx")).await;
    unknown.clone().refused(404, "not_found");
    let portal = "SELECT id FROM sessions WHERE application_id = $1";
    let portal: uuid::Uuid = sqlx::query_scalar(portal)
        .bind(devauth_aggregates::portal().uuid())
        .fetch_one(&mut app.database.connect().await)
        .await
        .unwrap();
    for id in [
        id(client, &ada).await,
        id(&other.client, &elsewhere).await,
        devauth_aggregates::SessionId::from_uuid(portal).to_string(),
        user["id"].as_str().unwrap().to_owned(),
        "nonsense".to_owned(),
        "ses_".to_owned(),
        "%00".to_owned(),
        "%FF".to_owned(),
        "..%2f..".to_owned(),
    ] {
        let answer = as_eve.delete(&format!("{PATH}/{id}")).await;
        assert_eq!(answer.essence(), unknown.clone().essence(), "{id}");
    }
    assert!(client.admits(&ada).await && other.client.admits(&elsewhere).await);
}

#[tokio::test]
async fn ended_ten_times_at_once_it_ends_once() {
    let app = TestApp::start().await;
    let client = app.application().await;
    let other = client.at(&app.another_node().await);
    client.sign_up("ada@example.org").await;
    let (here, there) = (client.log_in("ada@example.org").await, client.log_in("ada@example.org").await);
    let path = format!("{PATH}/{}", id(&client, &there).await);

    let answers = at_once((0..10).map(|n| {
        let client = if n % 2 == 0 { &client } else { &other }.as_user(&here);
        let path = path.clone();
        async move { client.delete(&path).await }
    }))
    .await;

    assert!(answers.iter().any(|answer| answer.status == 204));
    for answer in answers.into_iter().filter(|answer| answer.status != 204) {
        answer.refused(404, "not_found");
    }
    let ended = "SELECT count(*) FROM events WHERE event_type = 'SessionEnded'";
    let count: i64 = sqlx::query_scalar(ended).fetch_one(&mut app.database.connect().await).await.unwrap();
    assert_eq!(count, 1);
}
