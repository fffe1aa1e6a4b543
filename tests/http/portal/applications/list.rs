//! `GET /v1/portal/applications`: pages and their bounds

use serde_json::{Value, json};

use super::{APPLICATION, APPLICATIONS, create};
use crate::app::TestApp;
use crate::client::{Client, members};

fn ids(list: &Value) -> Vec<&str> {
    list["data"].as_array().unwrap().iter().map(|one| one["app_id"].as_str().unwrap()).collect()
}

async fn five(developer: &Client) -> Vec<String> {
    let mut created = Vec::new();
    for _ in 0..5 {
        created.push(create(developer, "development").await.1["app_id"].as_str().unwrap().to_owned());
    }
    created
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_overlap() {
    let app = TestApp::start().await;
    let developer = app.developer().await.client;
    let created = five(&developer).await;

    let whole = developer.get(APPLICATIONS).await.expect(200);
    assert_eq!(members(&whole), ["data", "next_cursor"]);
    assert_eq!(members(&whole["data"][0]), APPLICATION);
    assert_eq!(
        (ids(&whole), &whole["next_cursor"]),
        (created.iter().map(String::as_str).collect(), &Value::Null)
    );

    for limit in [1, 2, 5] {
        let mut seen = Vec::new();
        let mut path = format!("{APPLICATIONS}?limit={limit}");
        loop {
            let page = developer.get(&path).await.expect(200);
            assert!(!ids(&page).is_empty() && ids(&page).len() <= limit);
            seen.extend(ids(&page).into_iter().map(str::to_owned));
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            path = format!("{APPLICATIONS}?limit={limit}&cursor={cursor}");
        }
        assert_eq!(seen, created, "limit {limit}");
    }
}

#[tokio::test]
async fn what_is_deleted_between_two_pages_does_not_disturb_them() {
    let app = TestApp::start().await;
    let developer = app.developer().await.client;
    let created = five(&developer).await;
    let first = developer.get(&format!("{APPLICATIONS}?limit=2")).await.expect(200);
    developer.delete(&format!("{APPLICATIONS}/{}", created[1])).await.expect(204);
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = developer.get(&format!("{APPLICATIONS}?limit=2&cursor={cursor}")).await.expect(200);
    assert_eq!(ids(&second), created[2..4]);
}

#[tokio::test]
async fn limit_is_from_one_to_a_hundred_and_nothing_unknown_is_taken() {
    let app = TestApp::start().await;
    let developer = app.developer().await.client;
    developer.get(&format!("{APPLICATIONS}?limit=1")).await.expect(200);
    developer.get(&format!("{APPLICATIONS}?limit=100")).await.expect(200);
    for (query, pointer) in [
        ("limit=0", "/limit"),
        ("limit=101", "/limit"),
        ("limit=-1", "/limit"),
        ("limit=%2B5", "/limit"),
        ("limit=1e1", "/limit"),
        ("limit=", "/limit"),
        ("limit=99999999999999999999", "/limit"),
        ("limit=5&limit=5", "/limit"),
        ("cursor=", "/cursor"),
        ("cursor=nonsense", "/cursor"),
        ("cursor=usr_01ja3vks5re0b8n1q2s4t6v8wx", "/cursor"),
        ("page=1", ""),
        ("offset=3", ""),
    ] {
        let problem =
            developer.get(&format!("{APPLICATIONS}?{query}")).await.refused(422, "validation_failed");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{query}: {problem}");
    }
}

#[tokio::test]
async fn a_cursor_of_another_developer_shows_nothing_of_theirs() {
    let app = TestApp::start().await;
    let grace = app.developer().await.client;
    let alan = app.developer_called("alan@example.org").await.client;
    five(&grace).await;
    let page = grace.get(&format!("{APPLICATIONS}?limit=1")).await.expect(200);
    let cursor = page["next_cursor"].as_str().unwrap();
    let list = alan.get(&format!("{APPLICATIONS}?cursor={cursor}")).await.expect(200);
    assert_eq!(list, json!({"data": [], "next_cursor": null}));
}
