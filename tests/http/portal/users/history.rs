//! `GET …/users/{id}/history`: travelling in time

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::{USER, acme, path, post, text, users};
use crate::app::TestApp;
use crate::client::{Client, members};

const MINUTE: Duration = Duration::from_secs(60);

/// The history up to a moment: what happened, and who they were.
async fn history(grace: &Client, user: &Value, at: DateTime<Utc>) -> (Vec<String>, Value) {
    let written = at.to_rfc3339_opts(SecondsFormat::Micros, true);
    let history = grace.get_fresh(&format!("{}/history?at={written}", path(user))).await.expect(200);
    assert_eq!(members(&history), ["at", "data", "state"]);
    assert_eq!(text(&history["at"]).parse::<DateTime<Utc>>().unwrap(), at);
    let events = history["data"].as_array().unwrap().iter();
    (events.map(|event| text(&event["type"]).to_owned()).collect(), history["state"].clone())
}

#[tokio::test]
async fn between_any_two_events_the_user_is_who_they_were() {
    let app = TestApp::start().await;
    let (acme, grace) = acme(&app).await;
    // Something happens, and a minute later nothing more has.
    let mut moments = vec![app.clock.now()];
    let mut passes = || {
        app.pass(MINUTE);
        moments.push(app.clock.now());
        app.pass(MINUTE);
    };
    app.pass(MINUTE);
    let user = acme.client.sign_up("Ada@example.org").await;
    passes();
    let token = app.mailed_token("Ada@example.org", "Verify").await;
    acme.client.post("/v1/auth/email/verify/confirm", json!({"token": token})).await.expect(200);
    passes();
    let tokens = acme.client.log_in("ada@example.org").await;
    passes();
    let tokens = acme.client.refresh(&tokens["refresh_token"]).await.expect(200);
    passes();
    acme.client.post("/v1/auth/logout", json!({"refresh_token": tokens["refresh_token"]})).await.expect(204);
    passes();
    post(&grace, &format!("{}/suspend", path(&user))).await.expect(204);
    passes();
    post(&grace, &format!("{}/restore", path(&user))).await.expect(204);
    passes();

    let story = [
        "UserRegistered",
        "EmailVerificationRequested",
        "EmailVerified",
        "SessionStarted",
        "SessionRefreshed",
        "SessionEnded",
        "UserSuspended",
        "UserRestored",
    ];
    let login = &tokens["user"]["last_login_at"];
    let none = &Value::Null;
    let states = [
        (2, false, "active", none),
        (3, true, "active", none),
        (4, true, "active", login),
        (5, true, "active", login),
        (6, true, "active", login),
        (7, true, "suspended", login),
        (8, true, "active", login),
    ];
    assert_eq!(history(&grace, &user, moments[0]).await, (vec![], Value::Null), "before the signup");
    for (moment, (happened, verified, status, login)) in moments[1..].iter().zip(states) {
        let (events, state) = history(&grace, &user, *moment).await;
        assert_eq!(events, story[..happened]);
        assert_eq!(members(&state), USER);
        assert_eq!((&state["id"], &state["app_id"]), (&user["id"], &user["app_id"]));
        assert_eq!((&state["email"], &state["metadata"]), (&json!("Ada@example.org"), &json!({})));
        assert_eq!((&state["email_verified"], &state["status"]), (&json!(verified), &json!(status)));
        assert_eq!(&state["last_login_at"], login, "{happened}");
    }
    let now = grace.get_fresh(&format!("{}/history", path(&user))).await.expect(200);
    assert_eq!(now["data"].as_array().unwrap().len(), story.len());
    let mut shown = grace.get_fresh(&path(&user)).await.expect(200);
    shown.as_object_mut().unwrap().remove("sessions");
    assert_eq!(now["state"], shown, "who they are now");

    // The moment of an event is within; the one before it is not.
    let suspended: DateTime<Utc> = text(&now["data"][6]["occurred_at"]).parse().unwrap();
    assert_eq!(history(&grace, &user, suspended).await.1["status"], "suspended");
    let before = suspended - chrono::TimeDelta::microseconds(1);
    assert_eq!(history(&grace, &user, before).await.1["status"], "active");
}

#[tokio::test]
async fn after_an_erasure_it_says_what_happened_and_no_more_to_whom() {
    let app = TestApp::start().await;
    let (acme, grace) = acme(&app).await;
    let body = json!({"email": "ada@example.org", "password": crate::app::PASSWORD, "metadata": {"nickname": "Countess"}});
    let backend = acme.client.for_address("203.0.113.77").with("user-agent", "Engine/1");
    let user = backend.post("/v1/auth/signup", body).await.expect(201)["user"].clone();
    backend.log_in("ada@example.org").await;
    app.pass(MINUTE);
    let before = app.clock.now();
    app.pass(MINUTE);
    let then = grace.get_fresh(&format!("{}/history", path(&user))).await.expect(200);
    assert_eq!(then["data"][0]["data"]["email"], "ada@example.org");
    assert_eq!(then["data"][0]["data"]["metadata"], json!({"nickname": "Countess"}));
    assert_eq!(then["data"][2]["data"]["client_address"], "203.0.113.77");
    assert_eq!(then["data"][2]["metadata"]["user_agent"], "Engine/1");

    grace.delete(&path(&user)).await.expect(204);

    let now = grace.get_fresh(&format!("{}/history", path(&user))).await;
    for datum in ["ada@", "Countess", "203.0.113.77", "Engine", "\"$"] {
        assert!(!now.text.contains(datum), "{datum}: {}", now.text);
    }
    let now = now.expect(200);
    assert_eq!(now["state"], Value::Null);
    let names: Vec<&str> = now["data"].as_array().unwrap().iter().map(|event| text(&event["type"])).collect();
    assert_eq!(names, ["UserRegistered", "EmailVerificationRequested", "SessionStarted", "UserErased"]);
    assert_eq!(
        (&now["data"][0]["data"]["email"], &now["data"][0]["data"]["metadata"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(now["data"][0]["metadata"]["client_address"], Value::Null);
    assert_eq!(now["data"][3]["metadata"]["client_address"], "127.0.0.1", "the developer's own");
    assert!(now["data"][0]["data"].as_object().unwrap().contains_key("email"), "null, and not left out");
    let (events, state) = history(&grace, &user, before).await;
    assert_eq!(events.len(), 3);
    assert_eq!(
        (&state["status"], &state["email"], &state["metadata"]),
        (&json!("active"), &Value::Null, &Value::Null)
    );
}

#[tokio::test]
async fn a_moment_that_is_none_is_refused_and_nobody_has_no_history() {
    let app = TestApp::start().await;
    let (acme, grace) = acme(&app).await;
    let user = acme.client.sign_up("ada@example.org").await;
    for at in [
        "",
        "yesterday",
        "2026-01-01",
        "2026-13-01T00:00:00Z",
        "2026-01-01T00:00:00",
        "1767225600",
        "2026-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-00:01",
        "0000-01-01T00:00:00%2B00:01",
    ] {
        grace.get_fresh(&format!("{}/history?at={at}", path(&user))).await.complains("/at", "invalid_time");
    }
    grace
        .get_fresh(&format!("{}/history?at=2026-01-01T00:00:00Z&at=2026-01-01T00:00:00Z", path(&user)))
        .await
        .complains("/at", "repeated");
    grace.get_fresh(&format!("{}/history?limit=5", path(&user))).await.complains("", "unknown_parameter");
    let in_a_zone =
        grace.get_fresh(&format!("{}/history?at=2026-01-01T01:00:00%2B01:00", path(&user))).await.expect(200);
    assert_eq!((&in_a_zone["at"], &in_a_zone["data"]), (&json!("2026-01-01T00:00:00Z"), &json!([])));
    let far = grace.get_fresh(&format!("{}/history?at=9999-12-31T23:59:59Z", path(&user))).await.expect(200);
    assert_eq!(far["data"].as_array().unwrap().len(), 2);

    let nobody = format!("{}/usr_01ja3vks5re0b8n1q2s4t6v8wx/history", users(&acme));
    grace.get_fresh(&nobody).await.refused(404, "not_found");
    grace.delete(&path(&user)).await.expect(204);
    grace.get_fresh(&format!("{}/history", path(&user))).await.expect(200);
}
