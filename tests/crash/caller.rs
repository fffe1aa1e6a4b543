//! Somebody who calls a node, and remembers what nobody else may read.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::node::Node;

/// A password that every policy accepts.
pub const PASSWORD: &str = "violet tractor lagoon 77";
/// Where callers say they are.
const CLIENT: &str = "203.0.113.77";
/// Names of fields whose values are nobody else's business.
const SENSITIVE: [&str; 8] =
    ["password", "email", "token", "access_token", "refresh_token", "key", "app_secret", "new_password"];

/// Values that were sent or received.
pub type Told = Arc<Mutex<Vec<String>>>;

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub code: String,
    pub retry_after: Option<u64>,
    pub body: Value,
}

impl Answer {
    /// The body, if the status is this.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }

    /// Whether it says, as the contract wants it, that Postgres is away.
    pub fn is_unavailable(&self) -> bool {
        self.status == 503
            && self.code == "unavailable"
            && self.retry_after.is_some_and(|seconds| seconds >= 1)
    }
}

/// A caller with certain headers.
#[derive(Clone)]
pub struct Caller {
    http: reqwest::Client,
    address: SocketAddr,
    headers: Vec<(&'static str, String)>,
    told: Told,
}

impl Caller {
    pub fn new(address: SocketAddr, told: Told) -> Self {
        told.lock().unwrap().push(CLIENT.to_owned());
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Caller { http, address, headers: vec![("x-forwarded-for", CLIENT.to_owned())], told }
    }

    /// The same caller at another node.
    pub fn at(&self, node: &Node) -> Self {
        Caller { address: node.address, ..self.clone() }
    }

    /// The same caller with one more header.
    pub fn with(&self, name: &'static str, value: &str) -> Self {
        let mut other = self.clone();
        other.headers.push((name, value.to_owned()));
        other
    }

    /// The same caller with an access or portal token.
    pub fn bearing(&self, token: &Value) -> Self {
        self.with("authorization", &format!("Bearer {}", token.as_str().unwrap()))
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.try_get(path).await.unwrap()
    }

    /// Or the error of a connection that was not answered on.
    pub async fn try_get(&self, path: &str) -> reqwest::Result<Answer> {
        self.send(self.http.get(self.url(path))).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.try_post(path, body).await.unwrap()
    }

    /// Or the error of a connection that the node did not answer on.
    pub async fn try_post(&self, path: &str, body: Value) -> reqwest::Result<Answer> {
        self.remember(&body);
        self.send(self.http.post(self.url(path)).json(&body)).await
    }

    /// Or the error of a connection that the node did not answer on.
    pub async fn try_delete(&self, path: &str) -> reqwest::Result<Answer> {
        self.send(self.http.delete(self.url(path))).await
    }

    /// As plain RFC 7662 clients ask.
    pub async fn introspect_as(&self, id: &str, secret: &str, token: &Value) -> Answer {
        let request = self.http.post(self.url("/v1/auth/introspect")).basic_auth(id, Some(secret));
        let form = "application/x-www-form-urlencoded";
        let body = format!("token={}", token.as_str().unwrap());
        self.send(request.header("content-type", form).body(body)).await.unwrap()
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> reqwest::Result<Answer> {
        let request =
            self.headers.iter().fold(request, |request, (name, value)| request.header(*name, value));
        let response = request.send().await?;
        let status = response.status().as_u16();
        let retry_after =
            response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
        let body: Value = serde_json::from_str(&response.text().await?).unwrap_or_default();
        self.remember(&body);
        let code = body["code"].as_str().unwrap_or_default().to_owned();
        Ok(Answer { status, code, retry_after, body })
    }

    fn remember(&self, body: &Value) {
        let Some(fields) = body.as_object() else { return };
        for (name, value) in fields {
            match value {
                Value::String(text) if SENSITIVE.contains(&name.as_str()) => {
                    self.told.lock().unwrap().push(text.clone());
                }
                other => self.remember(other),
            }
        }
    }

    /// A new developer's new application, called with a secret key.
    pub async fn application(&self) -> Self {
        self.developer().await.1
    }

    /// A new developer, and their new application as its backend calls it. The application's id is what the developer's paths
    /// begin with: `/v1/portal/applications/app_…`.
    pub async fn developer(&self) -> (Self, Self, String) {
        let credentials = json!({"email": "grace@example.org", "password": PASSWORD});
        self.post("/v1/portal/developers/signup", credentials.clone()).await.expect(201);
        let login = self.post("/v1/portal/developers/login", credentials).await.expect(200);
        let developer = self.bearing(&login["access_token"]);
        let body = json!({"name": "Acme", "environment": "development"});
        let created = developer.post("/v1/portal/applications", body).await.expect(201);
        let id = created["app_id"].as_str().unwrap();
        let path = format!("/v1/portal/applications/{id}");
        let issued = developer.post(&format!("{path}/api-keys"), json!({"label": "test"})).await.expect(201);
        let backend = self.with("x-app-id", id).with("x-api-key", issued["key"].as_str().unwrap());
        (developer, backend, path)
    }

    /// Signs a user up with the usual password.
    pub async fn sign_up(&self, email: &str) -> Answer {
        self.post("/v1/auth/signup", json!({"email": email, "password": PASSWORD})).await
    }

    /// Logs a user in.
    pub async fn log_in(&self, email: &str, password: &str) -> Answer {
        self.post("/v1/auth/login", json!({"email": email, "password": password})).await
    }

    /// Uses a refresh token.
    pub async fn refresh(&self, token: &Value) -> Answer {
        self.post("/v1/auth/refresh", json!({"refresh_token": token})).await
    }
}
