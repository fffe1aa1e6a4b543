//! The server does what its document says: a walk through every operation, each request and each answer held against its schema

mod schema;

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{PASSWORD, TestApp};
use crate::client::{Answer, Client, send};
use schema::differences;

const P: &str = "/v1/portal/applications";
const D: &str = "/v1/portal/developers";

struct Walk {
    document: Value,
    succeeded: BTreeSet<String>,
}

impl Walk {
    async fn new(app: &TestApp) -> Walk {
        let document = app.anyone().get("/openapi.json").await.expect(200);
        Walk { document, succeeded: BTreeSet::new() }
    }

    /// Sends what the document allows, and checks that what comes back is what it says. `path` is the document's, with its
    /// parameters' values in `filled`; a null body is none.
    async fn call(&mut self, client: &Client, operation: &str, filled: &[&str], body: Value) -> Value {
        let (method, path) = operation.split_once(' ').unwrap();
        let described = self.document["paths"][path][method.to_lowercase()].clone();
        assert!(described.is_object(), "{operation} is not described");
        let mut target = String::new();
        let mut values = filled.iter();
        for part in path.split_inclusive('}') {
            let (before, parameter) = part.split_once('{').unwrap_or((part, ""));
            target += before;
            if !parameter.is_empty() {
                target += values.next().expect("a value for each parameter");
            }
        }
        let request = client.request(method.parse::<Method>().unwrap(), &target);
        let request = if body.is_null() { request } else { request.json(&body) };
        let answer = send(request).await;
        if answer.status < 400 && !body.is_null() {
            let schema = &described["requestBody"]["content"]["application/json"]["schema"];
            let wrong = differences(&self.document, schema, &body);
            assert!(wrong.is_empty(), "{operation} took what the document doesn't allow: {wrong:#?}");
        }
        self.hold_against(operation, &described, &answer);
        answer.body
    }

    fn hold_against(&mut self, operation: &str, described: &Value, answer: &Answer) {
        let response = &described["responses"][answer.status.to_string()];
        assert!(response.is_object(), "{operation} answered {} undescribed: {}", answer.status, answer.text);
        let response = match response["$ref"].as_str() {
            Some(reference) => self.document.pointer(reference.strip_prefix('#').unwrap()).unwrap(),
            None => response,
        };
        match response["content"].as_object() {
            None => assert_eq!(answer.text, "", "{operation}"),
            Some(content) => {
                let schema = &content[answer.header("content-type").unwrap()]["schema"];
                let wrong = differences(&self.document, schema, &answer.body);
                assert!(wrong.is_empty(), "{operation}: {wrong:#?}");
                if let Some(code) = answer.body["code"].as_str().filter(|_| answer.status >= 400) {
                    let examples = content["application/problem+json"]["examples"].as_object().unwrap();
                    assert!(examples.contains_key(code), "{operation} answered {code} undescribed");
                }
            }
        }
        if answer.status < 400 {
            self.succeeded.insert(operation.to_owned());
        }
    }

    /// What the walk left out.
    fn missing(&self) -> Vec<String> {
        let mut all = Vec::new();
        for (path, item) in self.document["paths"].as_object().unwrap() {
            all.extend(
                item.as_object().unwrap().keys().map(|method| format!("{} {path}", method.to_uppercase())),
            );
        }
        all.retain(|operation| !self.succeeded.contains(operation));
        all
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[tokio::test]
async fn every_operation_answers_as_described() {
    let app = TestApp::start().await;
    let mut walk = Walk::new(&app).await;
    let anyone = app.anyone();
    for operation in [
        "GET /health/live",
        "GET /health/ready",
        "GET /.well-known/jwks.json",
        "GET /.well-known/oauth-authorization-server",
    ] {
        walk.call(&anyone, operation, &[], Value::Null).await;
    }
    let developer = developers(&app, &mut walk).await;
    let (id, backend) = applications(&app, &mut walk, &developer).await;
    users(&app, &mut walk, &backend).await;
    users_of_the_developer(&mut walk, &developer, &id, &backend).await;

    let none = Value::Null;
    for read in ["audit-logs", "statistics"] {
        let operation = format!("GET {P}/{{app_id}}/{read}");
        walk.call(&developer, &operation, &[&id], none.clone()).await;
        walk.call(&developer, &operation, &["app_x"], none.clone()).await;
    }
    let rotated = "POST /v1/portal/applications/{app_id}/secret/rotate";
    walk.call(&developer, rotated, &[&id], none.clone()).await;
    walk.call(&developer, "DELETE /v1/portal/applications/{app_id}", &[&id], none.clone()).await;
    walk.call(&developer, "GET /v1/portal/applications/{app_id}", &[&id], none.clone()).await;
    let change = json!({"current_password": PASSWORD, "password": "orange submarine pencil 31"});
    let changed = format!("POST {D}/password/change");
    walk.call(&developer, &changed, &[], change).await;
    walk.call(&developer, &changed, &[], json!({})).await;
    assert_eq!(walk.missing(), Vec::<String>::new());
}

async fn developers(app: &TestApp, walk: &mut Walk) -> Client {
    let anyone = app.anyone();
    let credentials = json!({"email": "grace@example.org", "password": PASSWORD});
    let named = json!({"email": "grace@example.org", "password": PASSWORD, "name": "Grace"});
    let to = json!({"email": "grace@example.org"});
    let signup = format!("POST {D}/signup");
    walk.call(&anyone, &signup, &[], named).await;
    walk.call(&anyone, &signup, &[], credentials.clone()).await;
    walk.call(&anyone, &signup, &[], json!({"email": 1})).await;
    walk.call(&anyone, &signup, &[], json!([])).await;
    walk.call(&anyone.with("origin", "https://evil.example"), &signup, &[], json!({})).await;
    let token = app.mailed_token("grace@example.org", "Verify").await;
    let confirm = format!("POST {D}/email/verify/confirm");
    walk.call(&anyone, &format!("POST {D}/email/verify/request"), &[], to.clone()).await;
    walk.call(&anyone, &confirm, &[], json!({"token": "x"})).await;
    let _newer = app.smtp.wait_for(2).await;
    walk.call(&anyone, &confirm, &[], json!({"token": token})).await;
    let tokens = app.smtp.mails().iter().map(crate::app::token_in).collect::<Vec<_>>();
    let newer = tokens.iter().find(|newer| **newer != token).unwrap();
    walk.call(&anyone, &confirm, &[], json!({"token": newer})).await;
    walk.call(&anyone, &format!("POST {D}/password/reset/request"), &[], to).await;
    let token = app.mailed_token("grace@example.org", "Reset").await;
    let reset = format!("POST {D}/password/reset/confirm");
    walk.call(&anyone, &reset, &[], json!({"token": token, "password": PASSWORD})).await;
    walk.call(&anyone, &reset, &[], json!({"token": token, "password": PASSWORD})).await;

    let login = format!("POST {D}/login");
    let by_cookie = json!({"email": "grace@example.org", "password": PASSWORD, "cookie": true});
    walk.call(&anyone, &login, &[], by_cookie).await;
    walk.call(&anyone, &login, &[], json!({"email": "grace@example.org", "password": "wrong"})).await;
    let first = walk.call(&anyone, &login, &[], credentials.clone()).await;
    let first = anyone.bearing(text(&first["access_token"]));
    walk.call(&first, &format!("GET {D}/me"), &[], Value::Null).await;
    let update = format!("PATCH {D}/me");
    walk.call(&first, &update, &[], json!({"name": "Grace"})).await;
    walk.call(&first, &update, &[], json!({"name": null})).await;
    walk.call(&first, &update, &[], json!({"name": 7})).await;
    walk.call(&anyone, &update, &[], json!({"name": "Grace"})).await;
    let other = walk.call(&anyone, &login, &[], credentials.clone()).await;
    let other = anyone.bearing(text(&other["access_token"]));
    let sessions = walk.call(&first, &format!("GET {D}/sessions"), &[], Value::Null).await;
    let revoke = format!("DELETE {D}/sessions/{{id}}");
    walk.call(&other, &revoke, &[text(&sessions["data"][2]["id"])], Value::Null).await;
    walk.call(&other, &revoke, &["ses_x"], Value::Null).await;
    walk.call(&other, &format!("POST {D}/logout/all"), &[], Value::Null).await;
    walk.call(&other, &format!("POST {D}/logout/all"), &[], Value::Null).await;
    walk.call(&other, &format!("GET {D}/sessions"), &[], Value::Null).await;
    let first = walk.call(&anyone, &login, &[], credentials.clone()).await;
    let first = anyone.bearing(text(&first["access_token"]));
    walk.call(&first, &format!("POST {D}/logout"), &[], Value::Null).await;
    walk.call(&first, &format!("GET {D}/me"), &[], Value::Null).await;
    let second = walk.call(&anyone, &login, &[], credentials).await;
    anyone.bearing(text(&second["access_token"]))
}

async fn applications(app: &TestApp, walk: &mut Walk, developer: &Client) -> (String, Client) {
    let none = Value::Null;
    let create = format!("POST {P}");
    let created = walk.call(developer, &create, &[], json!({"name": "Acme", "environment": "staging"})).await;
    walk.call(developer, &create, &[], json!({"name": ""})).await;
    let id = text(&created["app_id"]).to_owned();
    walk.call(developer, &format!("GET {P}"), &[], none.clone()).await;
    walk.call(developer, "GET /v1/portal/applications/{app_id}", &[&id], none.clone()).await;
    let patch = "PATCH /v1/portal/applications/{app_id}";
    let settings =
        json!({"app_url": null, "session_lifetime": 3600, "allowed_origins": ["https://a.example"]});
    walk.call(developer, patch, &[&id], json!({"name": "Acme 2", "settings": settings})).await;
    let settings = json!({"app_url": "https://a.example", "session_lifetime": null, "signup_mode": "open"});
    walk.call(developer, patch, &[&id], json!({"settings": settings})).await;
    walk.call(developer, patch, &[&id], json!({"settings": {"signup_mode": "x"}})).await;
    walk.call(developer, patch, &["app_x"], json!({})).await;

    let issue = "POST /v1/portal/applications/{app_id}/api-keys";
    let publishable = json!({"label": "page", "type": "publishable", "rate_limit_per_minute": 5});
    let revoked = walk.call(developer, issue, &[&id], publishable).await;
    let issued = walk.call(developer, issue, &[&id], json!({"label": "web"})).await;
    walk.call(developer, issue, &[&id], json!({"label": 7})).await;
    let revoke = "DELETE /v1/portal/applications/{app_id}/api-keys/{key_id}";
    walk.call(developer, revoke, &[&id, text(&revoked["id"])], none.clone()).await;
    walk.call(developer, revoke, &[&id, "key_x"], none.clone()).await;
    let backend = app.anyone().with("x-app-id", &id).with("x-api-key", text(&issued["key"]));
    walk.call(developer, "GET /v1/portal/applications/{app_id}/api-keys", &[&id], none).await;
    (id, backend)
}

async fn users_of_the_developer(walk: &mut Walk, developer: &Client, id: &str, backend: &Client) {
    let none = Value::Null;
    let of = |rest: &str| format!("{{app_id}}/users{rest}");
    let named =
        backend.with("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0");
    let signed_up = named.sign_up("lin@example.org").await;
    named.log_in("lin@example.org").await;
    let user = text(&signed_up["id"]);
    walk.call(developer, &format!("GET {P}/{}", of("")), &[id], none.clone()).await;
    walk.call(developer, &format!("GET {P}/{}", of("")), &["app_x"], none.clone()).await;
    walk.call(developer, &format!("GET {P}/{{app_id}}/events"), &[id], none.clone()).await;
    let shown = walk.call(developer, &format!("GET {P}/{}", of("/{id}")), &[id, user], none.clone()).await;
    let revoke = format!("DELETE {P}/{}", of("/{id}/sessions/{session_id}"));
    let session = text(&shown["sessions"][0]["id"]);
    walk.call(developer, &revoke, &[id, user, session], none.clone()).await;
    walk.call(developer, &revoke, &[id, user, session], none.clone()).await;
    for operation in
        ["GET {id}", "POST {id}/suspend", "POST {id}/restore", "POST {id}/logout", "GET {id}/history"]
    {
        let (method, rest) = operation.split_once(' ').unwrap();
        let operation = format!("{method} {P}/{}", of(&format!("/{rest}")));
        walk.call(developer, &operation, &[id, user], none.clone()).await;
        walk.call(developer, &operation, &[id, "usr_x"], none.clone()).await;
        walk.call(backend, &operation, &[id, user], none.clone()).await;
    }
    let erase = format!("DELETE {P}/{}", of("/{id}"));
    walk.call(developer, &erase, &[id, user], none.clone()).await;
    walk.call(developer, &erase, &[id, user], none.clone()).await;
    // Of somebody who is not there any more.
    walk.call(developer, &format!("GET {P}/{}", of("/{id}/history")), &[id, user], none.clone()).await;
    walk.call(developer, &format!("GET {P}/{{app_id}}/events"), &[id], none).await;
}

async fn users(app: &TestApp, walk: &mut Walk, backend: &Client) {
    let none = Value::Null;
    let credentials = json!({"email": "ada@example.org", "password": PASSWORD});
    let to = json!({"email": "ada@example.org"});
    let with_metadata =
        json!({"email": "ada@example.org", "password": PASSWORD, "metadata": {"plan": {"name": ["pro"]}}});
    walk.call(backend, "POST /v1/auth/signup", &[], with_metadata).await;
    walk.call(backend, "POST /v1/auth/signup", &[], credentials.clone()).await;
    walk.call(&backend.with("idempotency-key", "short"), "POST /v1/auth/signup", &[], credentials.clone())
        .await;
    walk.call(&app.anyone(), "POST /v1/auth/signup", &[], credentials.clone()).await;
    let verify = app.mailed_token("ada@example.org", "Verify").await;
    walk.call(backend, "POST /v1/auth/email/verify/confirm", &[], json!({"token": verify})).await;
    walk.call(backend, "POST /v1/auth/email/verify/confirm", &[], json!({"token": verify})).await;
    walk.call(backend, "POST /v1/auth/email/verify/request", &[], to.clone()).await;
    walk.call(backend, "POST /v1/auth/password/reset/request", &[], to).await;
    let reset = app.mailed_token("ada@example.org", "Reset").await;
    let body = json!({"token": reset, "password": PASSWORD});
    walk.call(backend, "POST /v1/auth/password/reset/confirm", &[], body).await;

    let named =
        backend.with("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0");
    let first = walk.call(&named, "POST /v1/auth/login", &[], credentials.clone()).await;
    let tokens = walk.call(backend, "POST /v1/auth/login", &[], credentials.clone()).await;
    let refresh = json!({"refresh_token": tokens["refresh_token"]});
    let tokens = walk.call(backend, "POST /v1/auth/refresh", &[], refresh).await;
    walk.call(backend, "POST /v1/auth/refresh", &[], json!({"refresh_token": "x"})).await;
    let user = backend.bearing(text(&tokens["access_token"]));
    walk.call(&user, "GET /v1/auth/me", &[], none.clone()).await;
    walk.call(backend, "GET /v1/auth/me", &[], none.clone()).await;
    walk.call(&user.with("x-devauth-client-ip", "x"), "GET /v1/auth/me", &[], none.clone()).await;
    let introspect = json!({"token": tokens["access_token"], "token_type_hint": "access_token"});
    walk.call(backend, "POST /v1/auth/introspect", &[], introspect).await;
    walk.call(backend, "POST /v1/auth/introspect", &[], json!({"token": "x"})).await;
    let sessions = walk.call(&user, "GET /v1/auth/sessions", &[], none.clone()).await;
    let sessions = sessions["data"].as_array().unwrap();
    assert_eq!(sessions.len(), 2);
    let other = sessions.iter().find(|one| one["current"] == false).unwrap();
    walk.call(&user, "DELETE /v1/auth/sessions/{id}", &[text(&other["id"])], none.clone()).await;
    walk.call(&user, "DELETE /v1/auth/sessions/{id}", &["ses_x"], none.clone()).await;
    let change = json!({"current_password": PASSWORD, "password": "orange submarine pencil 31"});
    walk.call(&user, "POST /v1/auth/password/change", &[], change).await;
    walk.call(&user, "POST /v1/auth/logout/all", &[], none).await;
    let body = json!({"refresh_token": first["refresh_token"]});
    walk.call(backend, "POST /v1/auth/logout", &[], body).await;
    for _ in 0..6 {
        walk.call(backend, "POST /v1/auth/login", &[], credentials.clone()).await;
    }
}
