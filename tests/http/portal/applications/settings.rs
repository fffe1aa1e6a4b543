//! `PATCH /v1/portal/applications/{app_id}` with `settings`

use serde_json::{Value, json};

use super::{create, defaults};
use crate::app::TestApp;

#[tokio::test]
async fn every_setting_can_be_set_and_is_kept() {
    let app = TestApp::start().await;
    let developer = app.developer().await.client;
    let (path, _) = create(&developer, "production").await;
    let mut expected = defaults();
    for (name, values) in [
        ("app_url", vec![json!("https://app.example.com"), json!("https://app.example.com/auth")]),
        ("app_url", vec![json!("http://localhost:3000")]),
        ("allowed_origins", vec![json!(["https://app.example.com", "http://localhost:3000"]), json!([])]),
        ("require_verified_email", vec![json!(true), json!(false)]),
        ("signup_mode", vec![json!("strict"), json!("open")]),
        ("password_min_length", vec![json!(64), json!(8)]),
        ("password_min_strength", vec![json!(0), json!(4)]),
        ("session_lifetime", vec![json!(1), json!(31_536_000)]),
    ] {
        for value in values {
            expected[name] = value.clone();
            let changed = developer.patch(&path, json!({"settings": {name: value}})).await.expect(200);
            assert_eq!(changed["settings"], expected, "the rest stays as it is");
            assert_eq!(developer.get(&path).await.expect(200), changed);
        }
    }
}

#[tokio::test]
async fn null_clears_what_can_be_cleared() {
    let app = TestApp::start().await;
    let developer = app.developer().await.client;
    let (path, _) = create(&developer, "development").await;
    let both = json!({"settings": {"app_url": "https://app.example.com/", "session_lifetime": 3600}});
    let set = developer.patch(&path, both).await.expect(200);
    assert_eq!(set["settings"]["app_url"], "https://app.example.com", "without a slash at the end");

    let cleared = developer.patch(&path, json!({"settings": {"app_url": null}})).await.expect(200);
    assert_eq!(cleared["settings"]["app_url"], Value::Null);
    assert_eq!(cleared["settings"]["session_lifetime"], 3600);
    let cleared = developer.patch(&path, json!({"settings": {"session_lifetime": null}})).await.expect(200);
    assert_eq!(cleared["settings"], defaults());

    for name in [
        "allowed_origins",
        "require_verified_email",
        "signup_mode",
        "password_min_length",
        "password_min_strength",
    ] {
        let refused = developer.patch(&path, json!({"settings": {name: null}})).await;
        let problem = refused.refused(422, "validation_failed");
        assert_eq!(problem["errors"][0]["pointer"], format!("/settings/{name}"));
        assert_eq!(problem["errors"][0]["code"], "wrong_type");
    }
}

#[tokio::test]
async fn what_is_not_acceptable_is_named_and_changes_nothing() {
    let app = TestApp::start().await;
    let developer = app.developer().await.client;
    let (path, before) = create(&developer, "production").await;
    let too_many: Vec<String> = (0..51).map(|n| format!("https://{n}.example.com")).collect();
    for (name, value, pointer) in [
        ("app_url", json!("ftp://app.example.com"), "/settings/app_url"),
        ("app_url", json!("javascript:alert(1)"), "/settings/app_url"),
        ("app_url", json!("app.example.com"), "/settings/app_url"),
        ("app_url", json!("https://user:secret@app.example.com"), "/settings/app_url"),
        ("app_url", json!("https://app.example.com?next=x"), "/settings/app_url"),
        ("app_url", json!("https://app.example.com#x"), "/settings/app_url"),
        ("app_url", json!("http://app.example.com"), "/settings/app_url"),
        ("app_url", json!(7), "/settings/app_url"),
        ("allowed_origins", json!(["*"]), "/settings/allowed_origins/0"),
        ("allowed_origins", json!(["null"]), "/settings/allowed_origins/0"),
        (
            "allowed_origins",
            json!(["https://a.example", "https://b.example/"]),
            "/settings/allowed_origins/1",
        ),
        ("allowed_origins", json!(["https://A.example"]), "/settings/allowed_origins/0"),
        ("allowed_origins", json!(["https://a.example:443"]), "/settings/allowed_origins/0"),
        ("allowed_origins", json!(["https://*.example"]), "/settings/allowed_origins/0"),
        ("allowed_origins", json!([7]), "/settings/allowed_origins/0"),
        ("allowed_origins", json!("https://a.example"), "/settings/allowed_origins"),
        ("allowed_origins", json!(too_many), "/settings/allowed_origins"),
        ("require_verified_email", json!("true"), "/settings/require_verified_email"),
        ("require_verified_email", json!(1), "/settings/require_verified_email"),
        ("signup_mode", json!("closed"), "/settings/signup_mode"),
        ("password_min_length", json!(7), "/settings/password_min_length"),
        ("password_min_length", json!(65), "/settings/password_min_length"),
        ("password_min_length", json!(8.5), "/settings/password_min_length"),
        ("password_min_length", json!(-4_294_967_288_i64), "/settings/password_min_length"),
        ("password_min_strength", json!(-1), "/settings/password_min_strength"),
        ("password_min_strength", json!(5), "/settings/password_min_strength"),
        ("password_min_strength", json!(259), "/settings/password_min_strength"),
        ("session_lifetime", json!(0), "/settings/session_lifetime"),
        ("session_lifetime", json!(31_536_001), "/settings/session_lifetime"),
        ("session_lifetime", json!("1h"), "/settings/session_lifetime"),
        ("unknown", json!(1), "/settings"),
    ] {
        let body = json!({"name": "Changed", "settings": {name: value}});
        let problem = developer.patch(&path, body.clone()).await.refused(422, "validation_failed");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{body}: {problem}");
    }
    for body in [json!({"settings": []}), json!({"settings": null}), json!({"name": null})] {
        developer.patch(&path, body).await.refused(422, "validation_failed");
    }
    for read_only in ["app_id", "environment", "created_at", "updated_at", "app_secret"] {
        let problem = developer.patch(&path, json!({read_only: "x"})).await.refused(422, "validation_failed");
        assert_eq!(problem["errors"][0]["code"], "unknown_member");
    }
    let after = developer.get(&path).await.expect(200);
    assert_eq!((&after["name"], &after["settings"]), (&before["name"], &before["settings"]));
    assert_eq!(after["updated_at"], before["updated_at"]);
}

#[tokio::test]
async fn everything_that_is_wrong_is_said_at_once() {
    let app = TestApp::start().await;
    let developer = app.developer().await.client;
    let (path, _) = create(&developer, "production").await;
    let body = json!({"name": "", "settings": {"password_min_length": 1, "signup_mode": "x", "session_lifetime": 0}});
    let problem = developer.patch(&path, body).await.refused(422, "validation_failed");
    let mut pointers: Vec<&str> =
        problem["errors"].as_array().unwrap().iter().map(|e| e["pointer"].as_str().unwrap()).collect();
    pointers.sort_unstable();
    let settings =
        ["/name", "/settings/password_min_length", "/settings/session_lifetime", "/settings/signup_mode"];
    assert_eq!(pointers, settings);
}

#[tokio::test]
async fn outside_production_links_may_lead_to_plain_http() {
    let app = TestApp::start().await;
    let developer = app.developer().await.client;
    for environment in ["development", "staging"] {
        let (path, _) = create(&developer, environment).await;
        let body = json!({"settings": {"app_url": "http://app.example.com"}});
        developer.patch(&path, body).await.expect(200);
    }
}

#[tokio::test]
async fn an_empty_change_changes_nothing() {
    let app = TestApp::start().await;
    let developer = app.developer().await.client;
    let (path, created) = create(&developer, "staging").await;
    for body in [json!({}), json!({"settings": {}})] {
        let same = developer.patch(&path, body).await.expect(200);
        assert_eq!((&same["name"], &same["settings"]), (&created["name"], &created["settings"]));
        assert_eq!(same["updated_at"], created["updated_at"]);
    }
}
