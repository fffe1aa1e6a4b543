//! Page after page, while more happens.

use serde_json::Value;

use super::{EMAIL, acme, actions, entries, path};
use crate::app::TestApp;
use crate::client::{Client, TestApplication};

/// All pages, and what `meanwhile` does between two of them.
async fn walk(
    developer: &Client,
    application: &TestApplication,
    query: &str,
    mut meanwhile: impl AsyncFnMut(),
) -> Vec<Value> {
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = developer.get_fresh(&path(application, &format!("{query}{cursor}"))).await.expect(200);
        seen.extend(page["data"].as_array().unwrap().clone());
        assert!(seen.len() < 1_000, "it never ends");
        let Some(next) = page["next_cursor"].as_str() else { return seen };
        cursor = format!("&cursor={next}");
        meanwhile().await;
    }
}

fn ids(entries: &[Value]) -> Vec<&Value> {
    entries.iter().map(|entry| &entry["id"]).collect()
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_overlap_while_more_happens() {
    let app = TestApp::start().await;
    let (developer, acme) = acme(&app).await;
    acme.client.sign_up(EMAIL).await;
    // Both kinds of entries in turn.
    for n in 0..4 {
        acme.client.log_in(EMAIL).await;
        let client = acme.client.for_address(&format!("192.0.2.{n}"));
        client.try_log_in(EMAIL, "wrong").await.refused(401, "invalid_credentials");
    }
    let mut whole = entries(&developer.client, &acme, "").await;
    assert_eq!(actions(&whole[..4]), ["login_failed", "login", "login_failed", "login"]);

    for limit in [1, 2, 3, 11] {
        let more = async || {
            acme.client.log_in(EMAIL).await;
            acme.client.for_address("198.51.100.1").try_log_in("nobody@example.org", "wrong").await;
        };
        let seen = walk(&developer.client, &acme, &format!("limit={limit}"), more).await;
        // What the last of somebody's failures counts may have grown meanwhile.
        assert_eq!(ids(&seen), ids(&whole), "limit {limit}");
        // On a slow machine failures fall into more entries: they may take two pages.
        whole = walk(&developer.client, &acme, "limit=100", async || {}).await;
    }
    assert!(whole.len() > 11);
    let failed = walk(&developer.client, &acme, "limit=2&action=login_failed", async || {}).await;
    whole.retain(|entry| entry["action"] == "login_failed");
    assert_eq!(failed, whole);
}

#[tokio::test]
async fn a_cursor_of_another_application_shows_nothing_of_it() {
    let app = TestApp::start().await;
    let (developer, acme) = acme(&app).await;
    let other = developer.application("Other").await;
    acme.client.sign_up(EMAIL).await;
    let first = developer.client.get(&path(&acme, "limit=1")).await.expect(200);
    let cursor = first["next_cursor"].as_str().unwrap();

    let there = entries(&developer.client, &other, &format!("cursor={cursor}")).await;

    assert!(!there.is_empty() && there.iter().all(|entry| entry["app_id"] == other.id.as_str()));
}
