//! `/v1/portal/applications/{app_id}/users`: one user, and what their developer may do about them

mod erasure;
mod history;
mod list;
mod races;
mod search;
mod sessions;

use reqwest::Method;
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::{Answer, Client, TestApplication, at_once, members, send};

const USER: [&str; 9] = [
    "app_id",
    "created_at",
    "email",
    "email_verified",
    "id",
    "last_login_at",
    "metadata",
    "status",
    "updated_at",
];

/// Grace's application, and Grace.
async fn acme(app: &TestApp) -> (TestApplication, Client) {
    let grace = app.developer().await;
    (grace.application("Acme").await, grace.client)
}

fn users(acme: &TestApplication) -> String {
    format!("/v1/portal/applications/{}/users", acme.id)
}

fn path(user: &Value) -> String {
    format!("/v1/portal/applications/{}/users/{}", text(&user["app_id"]), text(&user["id"]))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// A request without a body.
async fn post(client: &Client, path: &str) -> Answer {
    send(client.request(Method::POST, path)).await
}

#[tokio::test]
async fn a_user_is_shown_with_the_sessions_that_live() {
    let app = TestApp::start().await;
    let (acme, grace) = acme(&app).await;
    let signed_up = acme.client.sign_up("Ada@Example.org").await;
    let shown = grace.get_fresh(&path(&signed_up)).await.expect(200);
    let mut with_sessions = USER.to_vec();
    with_sessions.insert(7, "sessions");
    assert_eq!(members(&shown), with_sessions);
    assert_eq!(shown["sessions"], json!([]));
    for member in USER {
        assert_eq!(shown[member], signed_up[member], "{member}");
    }

    let ended = acme.client.log_in("ada@example.org").await;
    acme.client.post("/v1/auth/logout", json!({"refresh_token": ended["refresh_token"]})).await.expect(204);
    let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    let elsewhere = acme.client.with("user-agent", firefox).for_address("203.0.113.77");
    let tokens = elsewhere.log_in("ada@example.org").await;
    let own = acme.client.as_user(&tokens).get("/v1/auth/sessions").await.expect(200);
    let [own] = &own["data"].as_array().unwrap()[..] else { panic!("one session") };

    let shown = grace.get_fresh(&path(&signed_up)).await.expect(200);
    let [session] = &shown["sessions"].as_array().unwrap()[..] else { panic!("{shown}") };
    assert_eq!(members(session), members(own));
    let mut expected = own.clone();
    expected["current"] = json!(false);
    assert_eq!(session, &expected);
    assert_eq!(
        (&session["client_address"], &session["device"]),
        (&json!("203.0.113.77"), &json!("Firefox on Linux"))
    );
    assert_eq!(shown["last_login_at"], session["created_at"]);
}

#[tokio::test]
async fn a_suspended_user_is_out_until_restored_and_twice_is_like_once() {
    let app = TestApp::start().await;
    let (acme, grace) = acme(&app).await;
    let user = acme.client.sign_up("ada@example.org").await;
    let tokens = acme.client.log_in("ada@example.org").await;
    assert!(acme.client.admits(&tokens).await);

    for _ in 0..2 {
        assert_eq!(post(&grace, &format!("{}/suspend", path(&user))).await.expect(204), Value::Null);
        assert!(!acme.client.admits(&tokens).await);
        acme.client.refresh(&tokens["refresh_token"]).await.refused(401, "invalid_token");
        acme.client
            .try_log_in("ada@example.org", crate::app::PASSWORD)
            .await
            .refused(401, "invalid_credentials");
        let shown = grace.get_fresh(&path(&user)).await.expect(200);
        assert_eq!((&shown["status"], &shown["sessions"]), (&json!("suspended"), &json!([])));
    }
    for _ in 0..2 {
        post(&grace, &format!("{}/restore", path(&user))).await.expect(204);
        assert!(!acme.client.admits(&tokens).await, "what ended stays ended");
        assert_eq!(grace.get_fresh(&path(&user)).await.expect(200)["status"], "active");
    }
    let tokens = acme.client.log_in("ada@example.org").await;
    assert!(acme.client.admits(&tokens).await);
    assert_eq!(changes(&grace, &user).await, ["UserSuspended", "UserRestored"]);
}

/// What developers did about a user, and that it says so.
async fn changes(grace: &Client, user: &Value) -> Vec<String> {
    let history = grace.get_fresh(&format!("{}/history", path(user))).await.expect(200);
    let me = grace.get_fresh("/v1/portal/developers/me").await.expect(200)["developer"]["id"].clone();
    let by_developer = |event: &&Value| event["metadata"]["actor"]["type"] == "developer";
    let events: Vec<&Value> = history["data"].as_array().unwrap().iter().filter(by_developer).collect();
    assert!(events.iter().all(|event| event["metadata"]["actor"]["id"] == me));
    assert!(
        events.iter().all(|event| event["metadata"]["client_address"] == "127.0.0.1"),
        "the developer's own"
    );
    events.iter().map(|event| text(&event["type"]).to_owned()).collect()
}

#[tokio::test]
async fn a_logout_ends_every_session_and_shuts_nobody_out() {
    let app = TestApp::start().await;
    let (acme, grace) = acme(&app).await;
    let user = acme.client.sign_up("ada@example.org").await;
    acme.client.sign_up("lin@example.org").await;
    let lin = acme.client.log_in("lin@example.org").await;
    let (first, second) =
        (acme.client.log_in("ada@example.org").await, acme.client.log_in("ada@example.org").await);

    for _ in 0..2 {
        post(&grace, &format!("{}/logout", path(&user))).await.expect(204);
    }

    assert!(!acme.client.admits(&first).await && !acme.client.admits(&second).await);
    acme.client.refresh(&first["refresh_token"]).await.refused(401, "invalid_token");
    assert!(acme.client.admits(&lin).await);
    let again = acme.client.log_in("ada@example.org").await;
    assert!(acme.client.admits(&again).await);
}

#[tokio::test]
async fn what_two_nodes_do_at_the_same_time_happens_once() {
    let app = TestApp::start().await;
    let (acme, grace) = acme(&app).await;
    let user = acme.client.sign_up("ada@example.org").await;
    let nodes = [grace.clone(), grace.at(&app.another_node().await)];

    let calls = (0..6).map(|call| {
        let (client, path) = (nodes[call % 2].clone(), format!("{}/suspend", path(&user)));
        async move { post(&client, &path).await.status }
    });
    assert_eq!(at_once(calls).await, [204; 6]);

    assert_eq!(changes(&grace, &user).await, ["UserSuspended"]);
    let calls = (0..6).map(|call| {
        let what = ["suspend", "restore", "logout"][call % 3];
        let (client, path) = (nodes[call % 2].clone(), format!("{}/{what}", path(&user)));
        async move { post(&client, &path).await.status }
    });
    assert_eq!(at_once(calls).await, [204; 6]);
}

#[tokio::test]
async fn whoever_is_no_user_of_the_application_is_not_there_and_strangers_are_not_let_in() {
    let app = TestApp::start().await;
    let (acme, grace) = acme(&app).await;
    let user = acme.client.sign_up("ada@example.org").await;
    let tokens = acme.client.log_in("ada@example.org").await;
    let routes = [
        (Method::GET, ""),
        (Method::DELETE, ""),
        (Method::POST, "/suspend"),
        (Method::POST, "/restore"),
        (Method::POST, "/logout"),
        (Method::GET, "/history"),
    ];
    for (method, rest) in routes {
        let session = "ses_01ja3vks5re0b8n1q2s4t6v8wx";
        for id in [
            "usr_01ja3vks5re0b8n1q2s4t6v8wx",
            "usr_x",
            "x",
            session,
            "%00",
            &text(&user["id"]).to_uppercase(),
        ] {
            let answer = send(grace.request(method.clone(), &format!("{}/{id}{rest}", users(&acme)))).await;
            answer.refused(404, "not_found");
        }
        let path = format!("{}{rest}", path(&user));
        send(app.anyone().request(method.clone(), &path)).await.refused(401, "invalid_token");
        send(acme.client.request(method.clone(), &path)).await.refused(401, "invalid_token");
        send(acme.client.as_user(&tokens).request(method.clone(), &path)).await.refused(401, "invalid_token");
        if method != Method::GET {
            let with_body = grace.request(method.clone(), &path).json(&json!({"force": true}));
            send(with_body).await.refused(422, "validation_failed");
        }
    }
    assert!(acme.client.admits(&tokens).await);
}
