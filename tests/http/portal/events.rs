//! `GET /v1/portal/applications/{app_id}/events`

use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::{Client, Developer, at_once, members};

const EVENT: [&str; 9] = [
    "aggregate_id",
    "aggregate_type",
    "data",
    "metadata",
    "occurred_at",
    "position",
    "sequence",
    "type",
    "version",
];

fn names(list: &Value) -> Vec<&str> {
    list["data"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap()).collect()
}

/// Everything after a position, in parts of `limit`.
async fn walk(client: &Client, path: &str, mut after: i64, limit: usize) -> Vec<Value> {
    let mut seen = Vec::new();
    loop {
        let part = client.get_fresh(&format!("{path}?after={after}&limit={limit}")).await.expect(200);
        let events = part["data"].as_array().unwrap();
        seen.extend(events.iter().cloned());
        let Some(cursor) = part["next_cursor"].as_str() else { return seen };
        assert_eq!(events.len(), limit);
        assert_eq!(cursor, events.last().unwrap()["position"].to_string());
        after = cursor.parse().unwrap();
    }
}

async fn other(app: &TestApp) -> Developer {
    app.developer_called("alan@example.org").await
}

#[tokio::test]
async fn what_happened_in_an_application_is_told_in_order_and_opened() {
    let app = TestApp::start().await;
    let (grace, alan) = (app.developer().await, other(&app).await);
    let (acme, theirs) = (grace.application("Acme").await, alan.application("Other").await);
    theirs.client.sign_up("ada@example.org").await;
    let backend = acme.client.for_address("203.0.113.77");
    let body =
        json!({"email": "ada@example.org", "password": crate::app::PASSWORD, "metadata": {"$erased": true}});
    let user = backend.post("/v1/auth/signup", body).await.expect(201)["user"].clone();
    backend.log_in("ada@example.org").await;
    let path = format!("/v1/portal/applications/{}/events", acme.id);

    let list = grace.client.get_fresh(&path).await;

    assert_eq!(list.header("x-devauth-behind"), None);
    for never in ["\"$personal\"", "\"$sealed\"", &acme.secret, crate::app::PASSWORD] {
        assert!(!list.text.contains(never), "{never}");
    }
    let list = list.expect(200);
    assert_eq!(members(&list), ["data", "next_cursor"]);
    let story = [
        "ApplicationCreated",
        "ApiKeyIssued",
        "UserRegistered",
        "EmailVerificationRequested",
        "SessionStarted",
    ];
    assert_eq!((names(&list), &list["next_cursor"]), (story.to_vec(), &Value::Null));
    let events = list["data"].as_array().unwrap();
    assert!(events.iter().all(|event| members(event) == EVENT));
    let positions: Vec<i64> = events.iter().map(|event| event["position"].as_i64().unwrap()).collect();
    assert!(positions.is_sorted_by(|one, next| one < next));
    let registered = &events[2];
    assert_eq!((&registered["aggregate_type"], &registered["aggregate_id"]), (&json!("User"), &user["id"]));
    assert_eq!((&registered["sequence"], &registered["version"]), (&json!(1), &json!("1.0")));
    assert_eq!(registered["occurred_at"], user["created_at"]);
    assert_eq!(registered["data"]["email"], "ada@example.org");
    assert_eq!(
        registered["data"]["metadata"],
        json!({"$erased": true}),
        "what looks like a mark is the user's own"
    );
    assert_eq!(registered["metadata"]["actor"], json!({"type": "user", "id": user["id"]}));
    assert_eq!(registered["metadata"]["client_address"], "203.0.113.77");

    grace
        .client
        .delete(&format!("/v1/portal/applications/{}/users/{}", acme.id, user["id"].as_str().unwrap()))
        .await
        .expect(204);
    let list = grace.client.get_fresh(&path).await;
    assert!(!list.text.contains("ada@") && !list.text.contains("203.0.113.77"));
    let list = list.expect(200);
    assert_eq!(names(&list), [&story[..], &["UserErased"]].concat());
    let registered = &list["data"][2];
    assert_eq!((&registered["data"]["email"], &registered["data"]["metadata"]), (&Value::Null, &Value::Null));
    assert_eq!(registered["metadata"]["client_address"], Value::Null);
    assert_eq!(list["data"][0], events[0]);
}

#[tokio::test]
async fn after_is_exclusive_and_parts_follow_each_other_while_two_nodes_append() {
    let app = TestApp::start().await;
    let grace = app.developer().await;
    let acme = grace.application("Acme").await;
    let other = app.another_node().await;
    let path = format!("/v1/portal/applications/{}/events", acme.id);
    acme.client.sign_up("first@example.org").await;

    let nodes = [acme.client.clone(), acme.client.at(&other)];
    let signups = (0..20).map(move |number| {
        let client = nodes[number % 2].clone();
        async move { client.sign_up(&format!("user{number}@example.org")).await }
    });
    let appending = tokio::spawn(at_once(signups));
    // Whoever goes on from the last position they saw misses nothing and sees nothing twice.
    let (mut seen, mut after) = (Vec::new(), 0);
    while seen.len() < 2 + 2 * 21 {
        let part = grace.client.get_fresh(&format!("{path}?after={after}&limit=7")).await.expect(200);
        let events = part["data"].as_array().unwrap();
        assert!(events.iter().all(|event| event["position"].as_i64().unwrap() > after));
        after = events.last().map_or(after, |event| event["position"].as_i64().unwrap());
        seen.extend(events.iter().cloned());
    }
    assert_eq!(appending.await.unwrap().len(), 20);
    assert_eq!(seen, walk(&grace.client, &path, 0, 100).await);
    for limit in [1, 6, 44] {
        assert_eq!(walk(&grace.client, &path, 0, limit).await, seen, "limit {limit}");
    }
    let third = seen[2]["position"].as_i64().unwrap();
    assert_eq!(walk(&grace.client, &path, third, 50).await, seen[3..]);
    assert_eq!(walk(&grace.client, &path, i64::MAX, 50).await, Vec::<Value>::new());
}

#[tokio::test]
async fn what_is_committed_is_there_for_the_next_question_to_any_node() {
    let app = TestApp::start().await;
    let grace = app.developer().await;
    let acme = grace.application("Acme").await;
    let there = grace.client.at(&app.another_node().await);
    let path = format!("/v1/portal/applications/{}/events?limit=100", acme.id);
    for number in 0..10 {
        let user = acme.client.sign_up(&format!("user{number}@example.org")).await;
        let list = there.get_fresh(&path).await.expect(200);
        let is_theirs = |event: &Value| event["aggregate_id"] == user["id"];
        assert_eq!(list["data"].as_array().unwrap().iter().filter(|event| is_theirs(event)).count(), 2);
    }
}

#[tokio::test]
async fn what_is_not_acceptable_is_named_and_strangers_are_not_let_in() {
    let app = TestApp::start().await;
    let grace = app.developer().await;
    let acme = grace.application("Acme").await;
    let path = format!("/v1/portal/applications/{}/events", acme.id);
    for (query, pointer, code) in [
        ("after=-1", "/after", "out_of_range"),
        ("after=", "/after", "out_of_range"),
        ("after=x", "/after", "out_of_range"),
        ("after=9223372036854775808", "/after", "out_of_range"),
        ("limit=0", "/limit", "out_of_range"),
        ("limit=101", "/limit", "out_of_range"),
        ("cursor=1", "", "unknown_parameter"),
    ] {
        grace.client.get_fresh(&format!("{path}?{query}")).await.complains(pointer, code);
    }
    app.anyone().get(&path).await.refused(401, "invalid_token");
    acme.client.get(&path).await.refused(401, "invalid_token");
    other(&app).await.client.get(&path).await.refused(404, "not_found");
}
