//! Passwords and tokens may have any character: they are only hashed and compared. U+0000 is the one that ends a text for bcrypt
//! and that Postgres can't keep.

use serde_json::{Value, json};

use crate::app::{PASSWORD, TestApp};
use crate::client::{Client, members};

const WHOLE: &str = "violet tractor\0lagoon 77";
/// What is left of it for whoever stops at U+0000; good enough to be a password itself.
const BEGINNING: &str = "violet tractor";
const NEW: &str = "orange\0submarine pencil 31";

fn credentials(password: &str) -> Value {
    json!({"email": "ada@example.org", "password": password})
}

/// Only the whole password logs in at `path`.
async fn only_whole(client: &Client, path: &str, whole: &str) -> Value {
    let beginning = whole.split('\0').next().unwrap();
    for part in [beginning, &format!("{beginning}\0"), &whole.replace('\0', ""), &whole.replace('\0', " ")] {
        client.post(path, credentials(part)).await.refused(401, "invalid_credentials");
    }
    client.post(path, credentials(whole)).await.expect(200)
}

#[tokio::test]
async fn a_users_password_counts_beyond_u0000() {
    let app = TestApp::start().await;
    let client = app.application().await;
    client.post("/v1/auth/signup", credentials(WHOLE)).await.expect(201);
    let tokens = only_whole(&client, "/v1/auth/login", WHOLE).await;

    let change = |current: &str| {
        let body = json!({"current_password": current, "password": NEW});
        let user = client.as_user(&tokens);
        async move { user.post("/v1/auth/password/change", body).await }
    };
    change(BEGINNING).await.refused(401, "invalid_credentials");
    change(WHOLE).await.expect(204);
    only_whole(&client, "/v1/auth/login", NEW).await;

    let email = json!({"email": "ada@example.org"});
    client.post("/v1/auth/password/reset/request", email).await.expect(202);
    let token = app.mailed_token("ada@example.org", "Reset").await;
    let body = json!({"token": token, "password": WHOLE});
    client.post("/v1/auth/password/reset/confirm", body).await.expect(200);
    only_whole(&client, "/v1/auth/login", WHOLE).await;
}

#[tokio::test]
async fn a_developers_password_counts_beyond_u0000() {
    let app = TestApp::start().await;
    let anyone = app.anyone();
    anyone.post("/v1/portal/developers/signup", credentials(WHOLE)).await.expect(201);
    let login = only_whole(&anyone, "/v1/portal/developers/login", WHOLE).await;

    let developer = anyone.as_user(&login);
    let body = json!({"current_password": WHOLE, "password": NEW});
    developer.post("/v1/portal/developers/password/change", body).await.expect(204);
    only_whole(&anyone, "/v1/portal/developers/login", NEW).await;
}

#[tokio::test]
async fn a_token_with_u0000_is_a_token_that_nobody_has() {
    let app = TestApp::start().await;
    let client = app.application().await;
    client.sign_up("ada@example.org").await;
    let tokens = client.log_in("ada@example.org").await;
    let mailed = app.mailed_token("ada@example.org", "Verify").await;
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let spoiled = |token: &str| {
        [
            format!("{token}\0"),
            format!("{token}\0x"),
            "\0".to_owned(),
            format!("{}\0{}", &token[..1], &token[2..]),
        ]
    };

    for token in spoiled(tokens["access_token"].as_str().unwrap()) {
        let body = json!({"token": token, "token_type_hint": "\0"});
        assert_eq!(client.post("/v1/auth/introspect", body).await.expect(200), json!({"active": false}));
    }
    for token in spoiled(refresh) {
        client.post("/v1/auth/logout", json!({"refresh_token": token})).await.expect(204);
        client.refresh(&json!(token)).await.refused(401, "invalid_token");
    }
    for token in spoiled(&mailed) {
        let with_password = json!({"token": token, "password": PASSWORD});
        for (caller, base) in [(&client, "/v1/auth"), (&app.anyone(), "/v1/portal/developers")] {
            let confirm = async |what: &str, body: &Value| {
                caller.post(&format!("{base}/{what}/confirm"), body.clone()).await
            };
            confirm("email/verify", &json!({"token": token})).await.refused(400, "token_invalid");
            confirm("password/reset", &with_password).await.refused(400, "token_invalid");
        }
    }

    assert!(client.admits(&tokens).await, "nothing of it ended the session");
    assert_eq!(members(&client.refresh(&json!(refresh)).await.expect(200)).len(), 6);
    let body = json!({"token": mailed});
    client.post("/v1/auth/email/verify/confirm", body).await.expect(200);
}
