//! `/v1/portal/applications/{app_id}/api-keys`

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::{Answer, Client, Developer, members};

const KEY: [&str; 8] =
    ["created_at", "id", "label", "last_used_at", "prefix", "rate_limit_per_minute", "revoked_at", "type"];

/// The path of a new application's keys, and its id.
async fn application(developer: &Developer) -> (String, String) {
    let body = json!({"name": "Acme", "environment": "development"});
    let created = developer.client.post("/v1/portal/applications", body).await.expect(201);
    let id = created["app_id"].as_str().unwrap().to_owned();
    (format!("/v1/portal/applications/{id}/api-keys"), id)
}

/// Any call that needs a key.
async fn call(client: &Client) -> Answer {
    client.post("/v1/auth/logout", json!({"refresh_token": "none"})).await
}

#[tokio::test]
async fn a_key_is_shown_once_and_listed_by_its_prefix() {
    let app = TestApp::start().await;
    let developer = app.developer().await;
    let (path, id) = application(&developer).await;
    for (body, prefix, key_type) in [
        (json!({"label": "web"}), "dvk_sk_", "secret"),
        (json!({"label": "server", "type": "secret", "rate_limit_per_minute": 7}), "dvk_sk_", "secret"),
        (json!({"label": "page", "type": "publishable"}), "dvk_pk_", "publishable"),
    ] {
        let issued = developer.client.post(&path, body.clone()).await;
        let text = issued.text.clone();
        let issued = issued.expect(201);
        let mut with_key = KEY.to_vec();
        with_key.insert(2, "key");
        assert_eq!(members(&issued), with_key);
        let key = issued["key"].as_str().unwrap();
        assert!(key.starts_with(prefix) && key.len() >= 50, "{text}");
        assert!(issued["id"].as_str().unwrap().starts_with("key_"));
        assert!(key.starts_with(issued["prefix"].as_str().unwrap()));
        assert!(issued["prefix"].as_str().unwrap().len() <= key.len() / 2, "the prefix gives little away");
        assert_eq!((&issued["type"], &issued["label"]), (&json!(key_type), &body["label"]));
        let limit =
            body.get("rate_limit_per_minute").cloned().unwrap_or(json!(app.node.app.config.rates.per_minute));
        assert_eq!(issued["rate_limit_per_minute"], limit);
        assert_eq!((&issued["last_used_at"], &issued["revoked_at"]), (&Value::Null, &Value::Null));

        call(&app.anyone().with("x-app-id", &id).with("x-api-key", key)).await.expect(204);
        let list = developer.client.get(&path).await;
        assert!(!list.text.contains(key));
        let list = list.expect(200);
        let listed = list["data"].as_array().unwrap().iter().find(|one| one["id"] == issued["id"]).unwrap();
        assert_eq!(members(listed), KEY);
        assert_eq!(listed["prefix"], issued["prefix"]);
    }
    let list = developer.client.get(&path).await.expect(200);
    assert_eq!(members(&list), ["data", "next_cursor"]);
    let labels: Vec<&Value> = list["data"].as_array().unwrap().iter().map(|one| &one["label"]).collect();
    assert_eq!(labels, ["web", "server", "page"]);
}

#[tokio::test]
async fn the_last_use_is_noted() {
    let app = TestApp::start().await;
    let developer = app.developer().await;
    let (path, id) = application(&developer).await;
    let client = developer.key(&id, json!({"label": "web"})).await;
    call(&client).await.expect(204);
    let started = Instant::now();
    while developer.client.get(&path).await.expect(200)["data"][0]["last_used_at"].is_null() {
        assert!(started.elapsed() < devauth_test_support::database::PATIENCE, "the use is never noted");
    }
}

#[tokio::test]
async fn what_is_not_acceptable_is_named_and_issues_nothing() {
    let app = TestApp::start().await;
    let developer = app.developer().await;
    let (path, _) = application(&developer).await;
    for (body, pointer, code) in [
        (json!({}), "/label", "required"),
        (json!({"label": " "}), "/label", "required"),
        (json!({"label": "x".repeat(101)}), "/label", "too_long"),
        (json!({"label": "a\nb"}), "/label", "invalid_character"),
        (json!({"label": 1}), "/label", "wrong_type"),
        (json!({"label": "web", "type": "Secret"}), "/type", "invalid_value"),
        (json!({"label": "web", "type": null}), "/type", "wrong_type"),
        (json!({"label": "web", "key_type": "secret"}), "", "unknown_member"),
        (json!({"label": "web", "rate_limit_per_minute": 0}), "/rate_limit_per_minute", "out_of_range"),
        (
            json!({"label": "web", "rate_limit_per_minute": 1_000_001}),
            "/rate_limit_per_minute",
            "out_of_range",
        ),
        (json!({"label": "web", "rate_limit_per_minute": "60"}), "/rate_limit_per_minute", "wrong_type"),
        (json!({"label": "web", "rate_limit_per_minute": 1.5}), "/rate_limit_per_minute", "wrong_type"),
    ] {
        let problem = developer.client.post(&path, body.clone()).await.refused(422, "validation_failed");
        assert_eq!(
            (&problem["errors"][0]["pointer"], &problem["errors"][0]["code"]),
            (&json!(pointer), &json!(code)),
            "{body}"
        );
    }
    assert_eq!(developer.client.get(&path).await.expect(200)["data"], json!([]));
}

#[tokio::test]
async fn a_revoked_key_is_dead_here_at_once_and_elsewhere_within_a_second() {
    let app = TestApp::start().await;
    let developer = app.developer().await;
    let (path, id) = application(&developer).await;
    let here = developer.key(&id, json!({"label": "web"})).await;
    let kept = developer.key(&id, json!({"label": "kept"})).await;
    let elsewhere = here.at(&app.another_node().await);
    let key = developer.client.get(&path).await.expect(200)["data"][0]["id"].as_str().unwrap().to_owned();
    call(&here).await.expect(204);
    // Until the revocation the other node believes it without asking again.
    call(&elsewhere).await.expect(204);

    developer.client.delete(&format!("{path}/{key}")).await.expect(204);
    let revoked = Instant::now();
    call(&here).await.refused(401, "invalid_api_key");
    let mut last_success = Duration::ZERO;
    loop {
        let asked = revoked.elapsed();
        let answer = call(&elsewhere).await;
        if answer.status == 401 {
            answer.refused(401, "invalid_api_key");
            break;
        }
        last_success = asked;
        assert!(asked < Duration::from_secs(20), "it never dies");
    }
    assert!(last_success < Duration::from_secs(1), "it lived for {last_success:?}");
    call(&kept).await.expect(204);

    let listed = developer.client.get(&path).await.expect(200)["data"][0].clone();
    assert!(listed["revoked_at"].is_string());
    // Twice is as good as once, and doesn't move the time.
    developer.client.delete(&format!("{path}/{key}")).await.expect(204);
    let again = developer.client.get(&path).await.expect(200)["data"][0].clone();
    assert_eq!(again["revoked_at"], listed["revoked_at"]);
    developer
        .client
        .delete(&format!("{path}/key_01ja3vks5re0b8n1q2s4t6v8wx"))
        .await
        .refused(404, "not_found");
}

#[tokio::test]
async fn an_application_has_a_hundred_living_keys_and_no_more() {
    let app = TestApp::start().await;
    let developer = app.developer().await;
    let (path, _) = application(&developer).await;
    let issue = || developer.client.post(&path, json!({"label": "one of many"}));
    for _ in 0..99 {
        issue().await.expect(201);
    }
    // The last place is given once, however many ask for it.
    let (a, b, c) = tokio::join!(issue(), issue(), issue());
    let mut statuses = [a.status, b.status, c.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409]);
    issue().await.refused(409, "conflict");

    let first = developer.client.get(&format!("{path}?limit=1")).await.expect(200);
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = developer.client.get(&format!("{path}?limit=100&cursor={cursor}")).await.expect(200);
    assert_eq!((rest["data"].as_array().unwrap().len(), &rest["next_cursor"]), (99, &Value::Null));
    developer.client.get(&format!("{path}?limit=101")).await.refused(422, "validation_failed");
    developer.client.get(&format!("{path}?cursor=app_x")).await.refused(422, "validation_failed");

    let key = first["data"][0]["id"].as_str().unwrap();
    developer.client.delete(&format!("{path}/{key}")).await.expect(204);
    issue().await.expect(201);
}

#[tokio::test]
async fn nothing_but_hashes_of_keys_and_sealed_secrets_is_stored() {
    let app = TestApp::start().await;
    let developer = app.developer().await;
    let acme = developer.application("Acme").await;
    let key = acme.client.own_header("x-api-key").unwrap();
    let mut database = app.database.connect().await;
    let tables: Vec<(String,)> = sqlx::query_as(
        "SELECT format('%I.%I', table_schema, table_name) FROM information_schema.tables
         WHERE table_schema IN ('public', 'secrets') AND table_type = 'BASE TABLE'",
    )
    .fetch_all(&mut database)
    .await
    .unwrap();
    assert!(tables.len() > 5);
    for (table,) in tables {
        let query = format!(
            "SELECT count(*) FROM {table} t WHERE strpos(t::text, $1) > 0 OR strpos(t::text, $2) > 0
             OR strpos(t::text, encode(convert_to($1, 'UTF8'), 'hex')) > 0
             OR strpos(t::text, encode(convert_to($2, 'UTF8'), 'hex')) > 0"
        );
        let found: i64 =
            sqlx::query_scalar(&query).bind(key).bind(&acme.secret).fetch_one(&mut database).await.unwrap();
        assert_eq!(found, 0, "in {table}");
    }
}
