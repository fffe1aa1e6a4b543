//! What every route with a body has in common: one strict JSON object, each member there and of its type.

use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{PASSWORD, TestApp};
use crate::client::{Client, send};

/// Each route with its required members.
fn routes() -> Vec<(&'static str, Value)> {
    let email = "ada@example.org";
    vec![
        ("/v1/auth/signup", json!({"email": email, "password": PASSWORD})),
        ("/v1/auth/login", json!({"email": email, "password": PASSWORD})),
        ("/v1/auth/refresh", json!({"refresh_token": "dvr_x"})),
        ("/v1/auth/logout", json!({"refresh_token": "dvr_x"})),
        ("/v1/auth/email/verify/request", json!({"email": email})),
        ("/v1/auth/email/verify/confirm", json!({"token": "dvt_x"})),
        ("/v1/auth/password/reset/request", json!({"email": email})),
        ("/v1/auth/password/reset/confirm", json!({"token": "dvt_x", "password": PASSWORD})),
        ("/v1/auth/password/change", json!({"current_password": PASSWORD, "password": PASSWORD})),
    ]
}

/// A caller who may call all of them.
async fn caller(app: &TestApp) -> Client {
    let client = app.application().await;
    client.sign_up("grace@example.org").await;
    let tokens = client.log_in("grace@example.org").await;
    client.as_user(&tokens)
}

#[tokio::test]
async fn each_member_must_be_there_and_be_a_string() {
    let app = TestApp::start().await;
    let client = caller(&app).await;

    for (path, body) in routes() {
        for name in body.as_object().unwrap().keys() {
            let pointer = format!("/{name}");
            let mut without = body.clone();
            without.as_object_mut().unwrap().remove(name);
            client.post(path, without).await.complains(&pointer, "required");
            for wrong in [json!(null), json!(7), json!(true), json!(["a"]), json!({"a": "b"})] {
                let mut body = body.clone();
                body[name] = wrong;
                client.post(path, body).await.complains(&pointer, "wrong_type");
            }
        }
        if body.get("email").is_some() {
            let mut nul = body.clone();
            nul["email"] = json!("ada\0@example.org");
            client.post(path, nul).await.complains("/email", "invalid_character");
        }
        let mut unknown = body.clone();
        unknown["secret-name"] = json!("secret-value");
        let answer = client.post(path, unknown).await;
        assert!(!answer.text.contains("secret-"), "nothing that was sent comes back: {}", answer.text);
        answer.complains("", "unknown_member");
        // All complaints at once.
        let names: Vec<_> = body.as_object().unwrap().keys().map(|name| format!("/{name}")).collect();
        let mut complained: Vec<_> = client.post(path, json!({})).await.invalid();
        complained.sort_unstable();
        assert_eq!(complained.into_iter().map(|(pointer, _)| pointer).collect::<Vec<_>>(), names);
    }
}

#[tokio::test]
async fn anything_but_one_json_object_is_refused() {
    let app = TestApp::start().await;
    let client = caller(&app).await;
    let json = "application/json";

    for (path, body) in routes() {
        let (name, value) = body.as_object().unwrap().iter().next().unwrap();
        let twice = format!("{{\"{name}\": {value}, \"{name}\": {value}}}");
        let post = |content_type: &str, body: Vec<u8>| {
            send(client.request(Method::POST, path).header("content-type", content_type).body(body))
        };
        let array = json!([body]).to_string();
        for malformed in ["", "null", "7", "\"text\"", "[]", &array, "{", "{}{}", "not json", &twice] {
            post(json, malformed.into()).await.refused(400, "malformed_request");
        }
        post(json, b"{\"email\": \"\xff\"}".to_vec()).await.refused(400, "malformed_request");
        for other in ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1"] {
            post(other, body.to_string().into()).await.refused(415, "unsupported_media_type");
        }
        let large = json!({ "email": "a".repeat(70_000) }).to_string();
        post(json, large.into()).await.refused(413, "too_large");
        let get = client.get(path).await;
        assert_eq!(get.header("allow"), Some("POST"), "{path}");
        get.refused(405, "method_not_allowed");
    }
}

#[tokio::test]
async fn an_address_that_mail_can_not_go_to_is_refused_everywhere() {
    let app = TestApp::start().await;
    let client = caller(&app).await;
    let long = format!("{}@{}.example.org", "a".repeat(64), "b.".repeat(90));
    let long_local = format!("{}@example.org", "a".repeat(65));

    for (path, body) in routes().into_iter().filter(|(_, body)| body.get("email").is_some()) {
        let with = |email: &str| {
            let mut body = body.clone();
            body["email"] = json!(email);
            client.post(path, body)
        };
        for bad in [
            "",
            "ada",
            "@example.org",
            "ada@",
            "ada@example",
            "ada@@example.org",
            "ada@example..org",
            ".ada@example.org",
            "ada.@example.org",
            "a..da@example.org",
            " ada@example.org",
            "ada@example.org ",
            "ada@example.org\r\nBcc: eve@example.org",
            "ada@exa mple.org",
            "\"ada\"@example.org",
            "ada@[192.0.2.1]",
            "ada@192.0.2.1",
            "ada@-example.org",
            "ada@exa_mple.org",
            "ädä@example.org",
            "ada@example.org,eve@example.org",
            "Ada <ada@example.org>",
            "ada@ex\u{200b}ample.org",
            &long_local,
        ] {
            let answer = with(bad).await;
            assert_eq!(answer.status, 422, "{path} {bad:?}: {}", answer.text);
            answer.complains("/email", "invalid_email");
        }
        with(&long).await.complains("/email", "too_long");
    }
}
