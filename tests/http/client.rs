//! Callers of the service: anybody, a developer, an application's backend.

use devauth_test_support::database::PATIENCE;
use reqwest::redirect::Policy;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::app::PASSWORD;

/// An answer of the service.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its headers.
    pub headers: reqwest::header::HeaderMap,
    /// Its body as it came.
    pub text: String,
    /// Its body as JSON; null if it is none.
    pub body: Value,
}

impl Answer {
    /// The body, if the status is this.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.body
    }

    /// Checks that it is the problem of this status and code, in the one shape of errors, and answers its body.
    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> Value {
        assert_eq!((self.status, self.body["code"].as_str()), (status, Some(code)), "{}", self.text);
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        assert_eq!(self.body["status"], status);
        assert_eq!(self.body["request_id"].as_str(), self.header("x-request-id"));
        self.body
    }

    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// A caller with certain headers.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    headers: Vec<(String, String)>,
}

impl Client {
    /// A caller without credentials.
    pub fn new(base: String) -> Self {
        // Every test has its own pool; proxies of the environment are none of ours; where an answer leads is for the test to see.
        let http = reqwest::Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
        Client { http, base, headers: Vec::new() }
    }

    /// The same caller with one more header.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut other = self.clone();
        other.headers.retain(|(known, _)| known != name);
        other.headers.push((name.to_owned(), value.to_owned()));
        other
    }

    /// The same caller at another node.
    #[must_use]
    pub fn at(&self, node: &devauth::service::Service) -> Self {
        Client { base: format!("http://{}", node.address), ..self.clone() }
    }

    /// The same caller with an access or portal token.
    #[must_use]
    pub fn bearing(&self, token: &str) -> Self {
        self.with("authorization", &format!("Bearer {token}"))
    }

    /// A request that is still to be completed.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        self.headers.iter().fold(request, |request, (name, value)| request.header(name, value))
    }

    /// `GET`
    pub async fn get(&self, path: &str) -> Answer {
        send(self.request(Method::GET, path)).await
    }

    /// `GET` until the answer shows everything that was committed before the question. A busy machine may take its time;
    /// what must not be is an answer that lacks something and doesn't say so.
    pub async fn get_fresh(&self, path: &str) -> Answer {
        let asking = async {
            loop {
                let answer = self.get(path).await;
                if answer.header("x-devauth-behind").is_none() {
                    return answer;
                }
            }
        };
        tokio::time::timeout(PATIENCE, asking).await.expect("the log is numbered and followed")
    }

    /// `DELETE`
    pub async fn delete(&self, path: &str) -> Answer {
        send(self.request(Method::DELETE, path)).await
    }

    /// `POST` of a JSON body.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        send(self.request(Method::POST, path).json(&body)).await
    }

    /// `PATCH` of a JSON body.
    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        send(self.request(Method::PATCH, path).json(&body)).await
    }

    /// Signs a user up with the usual password.
    pub async fn sign_up(&self, email: &str) -> Value {
        let body = json!({"email": email, "password": PASSWORD});
        self.post("/v1/auth/signup", body).await.expect(201)["user"].clone()
    }

    /// Logs a user in with the usual password; answers the tokens.
    pub async fn log_in(&self, email: &str) -> Value {
        self.try_log_in(email, PASSWORD).await.expect(200)
    }

    /// Tries to log a user in.
    pub async fn try_log_in(&self, email: &str, password: &str) -> Answer {
        self.post("/v1/auth/login", json!({"email": email, "password": password})).await
    }

    /// Uses a refresh token.
    pub async fn refresh(&self, token: &Value) -> Answer {
        self.post("/v1/auth/refresh", json!({"refresh_token": token})).await
    }
}

/// Sends a request and reads all of its answer.
pub async fn send(request: RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await.unwrap();
    let body = serde_json::from_str(&text).unwrap_or(Value::Null);
    Answer { status, headers, text, body }
}

/// A developer who is logged in.
#[derive(Clone)]
pub struct Developer {
    /// With their token.
    pub client: Client,
    anyone: Client,
}

/// An application and somebody who calls for it.
#[derive(Clone)]
pub struct TestApplication {
    /// Its id.
    pub id: String,
    /// Its secret.
    pub secret: String,
    /// A backend with a secret key.
    pub client: Client,
}

impl Developer {
    /// With this token.
    pub fn new(anyone: Client, token: &str) -> Self {
        Developer { client: anyone.bearing(token), anyone }
    }

    /// A new application with a secret key.
    pub async fn application(&self, name: &str) -> TestApplication {
        let body = json!({"name": name, "environment": "development"});
        let created = self.client.post("/v1/portal/applications", body).await.expect(201);
        let id = created["app_id"].as_str().unwrap().to_owned();
        let secret = created["app_secret"].as_str().unwrap().to_owned();
        let client = self.key(&id, json!({"label": "test"})).await;
        TestApplication { id, secret, client }
    }

    /// A caller with a new key of this application.
    pub async fn key(&self, application: &str, body: Value) -> Client {
        let path = format!("/v1/portal/applications/{application}/api-keys");
        let issued = self.client.post(&path, body).await.expect(201);
        self.anyone.with("x-app-id", application).with("x-api-key", issued["key"].as_str().unwrap())
    }

    /// Changes an application's settings.
    pub async fn set(&self, application: &str, settings: Value) {
        let path = format!("/v1/portal/applications/{application}");
        self.client.patch(&path, json!({ "settings": settings })).await.expect(200);
    }
}

impl Client {
    /// A header that this caller sends.
    pub fn own_header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// The names of an object's members, sorted.
#[track_caller]
pub fn members(object: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = object.as_object().expect("an object").keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

impl Answer {
    /// Pointer and code of each member that a 422 complains about.
    #[track_caller]
    pub fn invalid(self) -> Vec<(String, String)> {
        let body = self.refused(422, "validation_failed");
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let errors = body["errors"].as_array().unwrap().iter();
        errors.map(|error| (text(&error["pointer"]), text(&error["code"]))).collect()
    }

    /// Checks that it complains about this and nothing else.
    #[track_caller]
    pub fn complains(self, pointer: &str, code: &str) {
        assert_eq!(self.invalid(), [(pointer.to_owned(), code.to_owned())]);
    }

    /// What does not differ from request to request: status and body, without the request's id.
    pub fn essence(mut self) -> (u16, Value, String) {
        if let Some(body) = self.body.as_object_mut() {
            body.remove("request_id");
        }
        let text = if self.body.is_null() { self.text } else { String::new() };
        (self.status, self.body, text)
    }
}

impl Client {
    /// The same backend with the access token of these tokens.
    #[must_use]
    pub fn as_user(&self, tokens: &Value) -> Self {
        self.bearing(tokens["access_token"].as_str().unwrap())
    }

    /// The same backend, calling for an end user at this address.
    #[must_use]
    pub fn for_address(&self, address: &str) -> Self {
        self.with("x-devauth-client-ip", address)
    }

    /// Whether the application is told that these tokens are good, and their user is let in with them.
    pub async fn admits(&self, tokens: &Value) -> bool {
        let me = self.as_user(tokens).get("/v1/auth/me").await;
        let body = json!({"token": tokens["access_token"]});
        let told = self.post("/v1/auth/introspect", body).await.expect(200);
        if told == json!({"active": false}) {
            me.refused(401, "invalid_token");
            return false;
        }
        assert_eq!((me.status, &told["active"]), (200, &json!(true)), "{}", me.text);
        true
    }
}

/// Runs calls at the same time; answers in their order.
pub async fn at_once<T: Send + 'static>(
    calls: impl IntoIterator<Item = impl Future<Output = T> + Send + 'static>,
) -> Vec<T> {
    let running: Vec<_> = calls.into_iter().map(tokio::spawn).collect();
    let mut answers = Vec::with_capacity(running.len());
    for call in running {
        answers.push(call.await.unwrap());
    }
    answers
}
