//! `PATCH /v1/portal/developers/me`

use serde_json::{Value, json};

use super::ME;
use crate::app::TestApp;
use crate::client::members;

#[tokio::test]
async fn a_developer_says_what_they_want_to_be_called() {
    let app = TestApp::start().await;
    let client = app.developer().await.client;
    let before = client.get(ME).await.expect(200)["developer"].clone();

    let answered = client.patch(ME, json!({"name": "  Amazing Grace "})).await.expect(200);
    assert_eq!(members(&answered), ["developer"]);
    assert_eq!(answered["developer"]["name"], "Amazing Grace");
    let now = client.get(ME).await.expect(200)["developer"].clone();
    assert_eq!(now, answered["developer"]);
    for same in ["id", "email", "email_verified", "created_at", "last_login_at"] {
        assert_eq!(now[same], before[same], "{same}");
    }

    client.patch(ME, json!({})).await.expect(200);
    assert_eq!(client.get(ME).await.expect(200)["developer"], now, "what isn't mentioned stays");

    client.patch(ME, json!({"name": null})).await.expect(200);
    assert_eq!(client.get(ME).await.expect(200)["developer"]["name"], Value::Null);
}

#[tokio::test]
async fn a_name_that_is_not_acceptable_says_why_and_changes_nothing() {
    let app = TestApp::start().await;
    let client = app.developer().await.client;
    let before = client.get(ME).await.expect(200);
    for (body, pointer, code) in [
        (json!({"name": " "}), "/name", "required"),
        (json!({"name": "x".repeat(101)}), "/name", "too_long"),
        (json!({"name": "Grace\u{202e}"}), "/name", "invalid_character"),
        (json!({"name": 1}), "/name", "wrong_type"),
        (json!({"email": "other@example.org"}), "", "unknown_member"),
    ] {
        let problem = client.patch(ME, body).await.refused(422, "validation_failed");
        assert_eq!(
            (&problem["errors"][0]["pointer"], &problem["errors"][0]["code"]),
            (&json!(pointer), &json!(code))
        );
    }
    assert_eq!(client.get(ME).await.expect(200), before);
}

#[tokio::test]
async fn nobody_but_the_developer_changes_their_name() {
    let app = TestApp::start().await;
    app.developer().await;
    app.anyone().patch(ME, json!({"name": "Mallory"})).await.refused(401, "invalid_token");
}
