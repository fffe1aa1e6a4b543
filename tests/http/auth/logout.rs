//! `POST /v1/auth/logout`, `POST /v1/auth/logout/all`

use serde_json::json;

use crate::app::TestApp;
use crate::client::at_once;

const PATH: &str = "/v1/auth/logout";
const ALL: &str = "/v1/auth/logout/all";

#[tokio::test]
async fn from_that_moment_nothing_of_the_session_is_good_on_any_node() {
    let app = TestApp::start().await;
    let client = app.application().await;
    let other = client.at(&app.another_node().await);
    client.sign_up("ada@example.org").await;
    let (ends, stays) = (client.log_in("ada@example.org").await, client.log_in("ada@example.org").await);
    assert!(client.admits(&ends).await && other.admits(&ends).await);

    let answer = client.post(PATH, json!({"refresh_token": ends["refresh_token"]})).await;

    assert_eq!((answer.status, answer.text.as_str()), (204, ""));
    for node in [&client, &other] {
        assert!(!node.admits(&ends).await);
        node.refresh(&ends["refresh_token"]).await.refused(401, "invalid_token");
        assert!(node.admits(&stays).await);
    }
}

#[tokio::test]
async fn an_unknown_an_ended_and_a_foreign_token_get_the_same_answer() {
    let app = TestApp::start().await;
    let developer = app.developer().await;
    let (acme, other) = (developer.application("Acme").await, developer.application("Other").await);
    acme.client.sign_up("ada@example.org").await;
    let tokens = acme.client.log_in("ada@example.org").await;
    let body = json!({"refresh_token": tokens["refresh_token"]});

    for unknown in ["", "nonsense", "dvr_nonsense", tokens["access_token"].as_str().unwrap()] {
        acme.client.post(PATH, json!({"refresh_token": unknown})).await.expect(204);
    }
    other.client.post(PATH, body.clone()).await.expect(204);
    assert!(acme.client.admits(&tokens).await, "another application ends nothing here");

    for _ in 0..2 {
        acme.client.post(PATH, body.clone()).await.expect(204);
        assert!(!acme.client.admits(&tokens).await);
    }
    let ended = "SELECT count(*) FROM events WHERE event_type = 'SessionEnded'";
    let count: i64 = sqlx::query_scalar(ended).fetch_one(&mut app.database.connect().await).await.unwrap();
    assert_eq!(count, 1, "twice is once");
}

#[tokio::test]
async fn ten_logouts_at_once_end_one_session_once() {
    let app = TestApp::start().await;
    let client = app.application().await;
    let other = client.at(&app.another_node().await);
    client.sign_up("ada@example.org").await;
    let tokens = client.log_in("ada@example.org").await;
    let body = json!({"refresh_token": tokens["refresh_token"]});

    let answers = at_once((0..10).map(|n| {
        let (client, body) = (if n % 2 == 0 { &client } else { &other }.clone(), body.clone());
        async move { client.post(PATH, body).await }
    }))
    .await;

    for answer in answers {
        answer.expect(204);
    }
    let ended = "SELECT count(*) FROM events WHERE event_type = 'SessionEnded'";
    let count: i64 = sqlx::query_scalar(ended).fetch_one(&mut app.database.connect().await).await.unwrap();
    assert_eq!(count, 1);
}

#[tokio::test]
async fn logout_all_ends_every_session_of_this_user_and_nobody_elses() {
    let app = TestApp::start().await;
    let developer = app.developer().await;
    let (acme, other) = (developer.application("Acme").await, developer.application("Other").await);
    let client = &acme.client;
    for who in [client, &other.client] {
        who.sign_up("ada@example.org").await;
    }
    client.sign_up("eve@example.org").await;
    let (one, two) = (client.log_in("ada@example.org").await, client.log_in("ada@example.org").await);
    let (eve, elsewhere) =
        (client.log_in("eve@example.org").await, other.client.log_in("ada@example.org").await);
    let as_ada = client.as_user(&one);

    as_ada.post(ALL, json!({"everything": true})).await.complains("", "unknown_member");
    assert!(client.admits(&one).await);
    let answer = crate::client::send(as_ada.request(reqwest::Method::POST, ALL)).await;

    assert_eq!((answer.status, answer.text.as_str()), (204, ""));
    for tokens in [&one, &two] {
        assert!(!client.admits(tokens).await);
        client.refresh(&tokens["refresh_token"]).await.refused(401, "invalid_token");
    }
    assert!(client.admits(&eve).await && other.client.admits(&elsewhere).await);
    as_ada.post(ALL, json!({})).await.refused(401, "invalid_token");
    assert!(client.admits(&client.log_in("ada@example.org").await).await, "a new login is a new session");
}
