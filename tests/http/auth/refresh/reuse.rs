//! A refresh token shown more than once: tabs and retries converge, a thief and the owner don't.

use std::time::Duration;

use serde_json::Value;

use crate::app::TestApp;
use crate::client::at_once;

/// How many sessions of the application's users live, and at which step they are.
async fn living(app: &TestApp) -> Vec<i64> {
    let mut database = app.database.connect().await;
    sqlx::query_scalar("SELECT counter FROM sessions WHERE ended_at IS NULL AND application_id <> $1")
        .bind(devauth_aggregates::portal().uuid())
        .fetch_all(&mut database)
        .await
        .unwrap()
}

#[tokio::test]
async fn ten_refreshes_at_once_on_two_nodes_leave_one_session_and_one_successor() {
    let app = TestApp::start().await;
    let client = app.application().await;
    let other = client.at(&app.another_node().await);
    client.sign_up("ada@example.org").await;
    let tokens = client.log_in("ada@example.org").await;

    let answers = at_once((0..10).map(|n| {
        let client = if n % 2 == 0 { client.clone() } else { other.clone() };
        let token = tokens["refresh_token"].clone();
        async move { client.refresh(&token).await }
    }))
    .await;

    let successors: Vec<Value> =
        answers.into_iter().map(|answer| answer.expect(200)["refresh_token"].clone()).collect();
    assert!(successors.iter().all(|token| *token == successors[0]), "one successor");
    assert_eq!(living(&app).await, [1]);
    let next = client.refresh(&successors[0]).await.expect(200);
    assert!(client.admits(&next).await);
}

#[tokio::test]
async fn within_ten_seconds_the_same_successor_is_answered() {
    let app = TestApp::start().await;
    let client = app.application().await;
    let other = client.at(&app.another_node().await);
    client.sign_up("ada@example.org").await;
    let tokens = client.log_in("ada@example.org").await;
    let first = client.refresh(&tokens["refresh_token"]).await.expect(200);

    app.pass(Duration::from_secs(4));
    let second = other.refresh(&tokens["refresh_token"]).await.expect(200);

    assert_eq!(first["refresh_token"], second["refresh_token"]);
    assert_eq!(living(&app).await, [1]);
    assert!(client.admits(&first).await && client.admits(&second).await);
}

#[tokio::test]
async fn after_ten_seconds_it_ends_the_session_everywhere() {
    let app = TestApp::start().await;
    let client = app.application().await;
    let other = client.at(&app.another_node().await);
    client.sign_up("ada@example.org").await;
    let stays = client.log_in("ada@example.org").await;
    let tokens = client.log_in("ada@example.org").await;
    let successor = client.refresh(&tokens["refresh_token"]).await.expect(200);
    app.pass(Duration::from_secs(10));

    let reused = client.refresh(&tokens["refresh_token"]).await;

    assert!(reused.header("www-authenticate").is_some_and(|it| it.starts_with("Bearer")));
    reused.refused(401, "refresh_token_reused");
    for node in [&client, &other] {
        assert!(!node.admits(&tokens).await && !node.admits(&successor).await);
        node.refresh(&successor["refresh_token"]).await.refused(401, "invalid_token");
        node.refresh(&tokens["refresh_token"]).await.refused(401, "invalid_token");
    }
    assert!(client.admits(&stays).await, "the user's other session is none of this");
}

#[tokio::test]
async fn an_older_token_ends_the_session_at_once() {
    let app = TestApp::start().await;
    let client = app.application().await;
    client.sign_up("ada@example.org").await;
    let tokens = client.log_in("ada@example.org").await;
    let second = client.refresh(&tokens["refresh_token"]).await.expect(200);
    let third = client.refresh(&second["refresh_token"]).await.expect(200);

    client.refresh(&tokens["refresh_token"]).await.refused(401, "refresh_token_reused");

    assert!(!client.admits(&third).await);
    client.refresh(&third["refresh_token"]).await.refused(401, "invalid_token");
    let events = "SELECT payload->>'reason' FROM events WHERE event_type = 'SessionEnded'";
    let reasons: Vec<String> =
        sqlx::query_scalar(events).fetch_all(&mut app.database.connect().await).await.unwrap();
    assert_eq!(reasons, ["refresh_token_reused"]);
}

#[tokio::test]
async fn refresh_and_logout_at_once_leave_no_session() {
    let app = TestApp::start().await;
    let client = app.application().await;
    let other = client.at(&app.another_node().await);
    client.sign_up("ada@example.org").await;
    for _ in 0..3 {
        let tokens = client.log_in("ada@example.org").await;
        let body = serde_json::json!({"refresh_token": tokens["refresh_token"]});
        let (refresh, logout) =
            tokio::join!(client.refresh(&tokens["refresh_token"]), other.post("/v1/auth/logout", body));
        logout.expect(204);
        if refresh.status == 200 {
            assert!(!client.admits(&refresh.body).await);
        } else {
            refresh.refused(401, "invalid_token");
        }
        assert!(!client.admits(&tokens).await);
    }
    assert!(living(&app).await.is_empty());
}
