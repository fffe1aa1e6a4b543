//! `/v1/portal/applications`: create, get, change, delete

mod list;
mod secret;
mod settings;

use reqwest::Method;
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::{Client, members, send};

pub const APPLICATIONS: &str = "/v1/portal/applications";
const APPLICATION: [&str; 6] = ["app_id", "created_at", "environment", "name", "settings", "updated_at"];

/// A new application: its path, and what creating it answered.
async fn create(developer: &Client, environment: &str) -> (String, Value) {
    let body = json!({"name": "Acme", "environment": environment});
    let created = developer.post(APPLICATIONS, body).await.expect(201);
    (format!("{APPLICATIONS}/{}", created["app_id"].as_str().unwrap()), created)
}

fn defaults() -> Value {
    json!({
        "app_url": null,
        "allowed_origins": [],
        "require_verified_email": false,
        "signup_mode": "open",
        "password_min_length": 8,
        "password_min_strength": 3,
        "session_lifetime": null,
    })
}

#[tokio::test]
async fn an_application_is_created_shown_renamed_and_deleted() {
    let app = TestApp::start().await;
    let developer = app.developer().await.client;
    for environment in ["development", "staging", "production"] {
        let (path, created) = create(&developer, environment).await;
        let with_secret: Vec<&str> = {
            let mut all = APPLICATION.to_vec();
            all.insert(1, "app_secret");
            all
        };
        assert_eq!(members(&created), with_secret);
        assert!(created["app_id"].as_str().unwrap().starts_with("app_"));
        assert_eq!(created["environment"], environment);
        assert_eq!(created["settings"], defaults());

        let shown = developer.get(&path).await.expect(200);
        assert_eq!(members(&shown), APPLICATION, "the secret is shown once");
        for member in APPLICATION {
            assert_eq!(shown[member], created[member]);
        }

        let renamed = developer.patch(&path, json!({"name": "  Acme & Söhne  "})).await.expect(200);
        assert_eq!(members(&renamed), APPLICATION);
        assert_eq!(renamed["name"], "Acme & Söhne");
        assert_eq!(renamed["settings"], shown["settings"]);
        assert_eq!(renamed["created_at"], shown["created_at"]);
        assert_eq!(developer.get(&path).await.expect(200), renamed);

        developer.delete(&path).await.expect(204);
        developer.get(&path).await.refused(404, "not_found");
        developer.patch(&path, json!({"name": "x"})).await.refused(404, "not_found");
        developer.delete(&path).await.refused(404, "not_found");
    }
    assert_eq!(developer.get(APPLICATIONS).await.expect(200)["data"], json!([]));
}

#[tokio::test]
async fn a_deleted_application_lets_nobody_in() {
    let app = TestApp::start().await;
    let developer = app.developer().await;
    let acme = developer.application("Acme").await;
    acme.client.sign_up("ada@example.org").await;
    let tokens = acme.client.log_in("ada@example.org").await;
    let me = acme.client.bearing(tokens["access_token"].as_str().unwrap());
    me.get("/v1/auth/me").await.expect(200);

    developer.client.delete(&format!("{APPLICATIONS}/{}", acme.id)).await.expect(204);

    me.get("/v1/auth/me").await.refused(401, "invalid_api_key");
    let email = "ada@example.org";
    acme.client.try_log_in(email, crate::app::PASSWORD).await.refused(401, "invalid_api_key");
    let basic = app.anyone().request(Method::POST, "/v1/auth/introspect");
    let introspecting = basic
        .basic_auth(&acme.id, Some(&acme.secret))
        .header("content-type", "application/x-www-form-urlencoded");
    send(introspecting.body("token=x")).await.refused(401, "invalid_api_key");
}

#[tokio::test]
async fn what_is_not_acceptable_is_named_and_makes_nothing() {
    let app = TestApp::start().await;
    let developer = app.developer().await.client;
    for (body, pointer, code) in [
        (json!({}), "/name", "required"),
        (json!({}), "/environment", "required"),
        (json!({"name": "Acme"}), "/environment", "required"),
        (json!({"name": "Acme", "environment": "Production"}), "/environment", "invalid_value"),
        (json!({"name": "Acme", "environment": null}), "/environment", "wrong_type"),
        (json!({"name": "   ", "environment": "staging"}), "/name", "required"),
        (json!({"name": "x".repeat(101), "environment": "staging"}), "/name", "too_long"),
        (json!({"name": "a\u{7}b", "environment": "staging"}), "/name", "invalid_character"),
        (json!({"name": "a\r\nBcc: x", "environment": "staging"}), "/name", "invalid_character"),
        (json!({"name": ["Acme"], "environment": "staging"}), "/name", "wrong_type"),
        (json!({"name": "Acme", "environment": "staging", "settings": {}}), "", "unknown_member"),
    ] {
        let problem = developer.post(APPLICATIONS, body.clone()).await.refused(422, "validation_failed");
        let found = problem["errors"].as_array().unwrap();
        assert!(found.iter().any(|e| e["pointer"] == pointer && e["code"] == code), "{body}: {problem}");
    }
    assert_eq!(developer.get(APPLICATIONS).await.expect(200)["data"], json!([]));
    // A hundred code points are as many in any script.
    let body = json!({"name": "ü".repeat(100), "environment": "staging"});
    developer.post(APPLICATIONS, body).await.expect(201);
}

#[tokio::test]
async fn nobody_without_a_portal_token_gets_at_anything() {
    let app = TestApp::start().await;
    let developer = app.developer().await;
    let acme = developer.application("Acme").await;
    let path = format!("{APPLICATIONS}/{}", acme.id);
    for caller in [app.anyone(), acme.client] {
        caller.get(APPLICATIONS).await.refused(401, "invalid_token");
        caller.get(&path).await.refused(401, "invalid_token");
        caller.delete(&path).await.refused(401, "invalid_token");
        caller.patch(&path, json!({"name": "x"})).await.refused(401, "invalid_token");
        send(caller.request(Method::POST, &format!("{path}/secret/rotate")))
            .await
            .refused(401, "invalid_token");
        caller.get(&format!("{path}/api-keys")).await.refused(401, "invalid_token");
    }
}

#[tokio::test]
async fn changes_at_once_from_two_nodes_lose_nothing() {
    let app = TestApp::start().await;
    let one = app.developer().await.client;
    let two = one.at(&app.another_node().await);
    let (path, _) = create(&one, "development").await;
    for round in 0..5_u32 {
        let origin = format!("https://app{round}.example.com");
        let (length, strength) = (8 + round, round % 5);
        let (a, b, c, d) = tokio::join!(
            one.patch(&path, json!({"settings": {"password_min_length": length}})),
            two.patch(&path, json!({"settings": {"password_min_strength": strength}})),
            one.patch(&path, json!({"settings": {"allowed_origins": [origin]}})),
            two.patch(&path, json!({"name": format!("Acme {round}")})),
        );
        for answer in [a, b, c, d] {
            answer.expect(200);
        }
        let now = one.get(&path).await.expect(200);
        assert_eq!(now["name"], format!("Acme {round}"));
        assert_eq!(now["settings"]["password_min_length"], length);
        assert_eq!(now["settings"]["password_min_strength"], strength);
        assert_eq!(now["settings"]["allowed_origins"], json!([origin]));
    }
}
