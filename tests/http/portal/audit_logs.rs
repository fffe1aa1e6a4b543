//! `GET /v1/portal/applications/{app_id}/audit-logs`

mod actions;
mod erased;
mod failures;
mod filters;
mod pages;

use serde_json::Value;

use crate::app::TestApp;
use crate::client::{Client, Developer, TestApplication, members};

const EMAIL: &str = "ada@example.org";
const ENTRY: [&str; 10] = [
    "action",
    "actor",
    "app_id",
    "client_address",
    "id",
    "occurred_at",
    "reason",
    "request_id",
    "user_agent",
    "user_id",
];

/// An application and its developer.
async fn acme(app: &TestApp) -> (Developer, TestApplication) {
    let developer = app.developer().await;
    let acme = developer.application("Acme").await;
    (developer, acme)
}

fn path(application: &TestApplication, query: &str) -> String {
    format!("/v1/portal/applications/{}/audit-logs?{query}", application.id)
}

/// The entries that a query answers, on one page.
async fn entries(developer: &Client, application: &TestApplication, query: &str) -> Vec<Value> {
    let list = developer.get_fresh(&path(application, &format!("limit=100&{query}"))).await.expect(200);
    assert_eq!(members(&list), ["data", "next_cursor"]);
    assert_eq!(list["next_cursor"], Value::Null);
    list["data"].as_array().unwrap().clone()
}

/// Actions of entries, newest first.
fn actions(entries: &[Value]) -> Vec<&str> {
    entries.iter().map(|entry| entry["action"].as_str().unwrap()).collect()
}
