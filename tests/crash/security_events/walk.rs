//! Everything that leaves a security event, done once at a node, each time by a request with an id of its own.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::caller::{Caller, PASSWORD};
use crate::deployment::Deployment;
use crate::node::Node;
use crate::story::NEW_PASSWORD;

/// A password of nobody.
const WRONG: &str = "marble cactus drizzle 90";
const GRACE: &str = "grace@example.org";
const ADA: &str = "ada@example.org";
const BOB: &str = "bob@example.org";
const NOBODY: &str = "nobody@example.org";
const APPLICATIONS: &str = "/v1/portal/applications";
/// The header in which a backend names its client.
const CLIENT: &str = "x-devauth-client-ip";

/// What was done, and how those are called whose ids the log has.
pub struct Walk<'a> {
    /// How many requests have an id of the walk.
    pub steps: usize,
    /// Names by ids: `acme`, `grace` who owns it, `key`, `ada` and `bob` who use it, and sessions in the order of their logins.
    pub names: BTreeMap<String, String>,
    deployment: &'a Deployment,
    anyone: Caller,
}

fn id(answer: &Value) -> &str {
    answer.as_str().expect("an id")
}

/// The session that a token is of.
fn session(token: &Value) -> String {
    let payload = id(token).split('.').nth(1).expect("a JWT");
    let claims: Value = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
    id(&claims["sid"]).to_owned()
}

fn credentials(email: &str, password: &str) -> Value {
    json!({"email": email, "password": password})
}

impl<'a> Walk<'a> {
    /// All of it.
    pub async fn through(deployment: &'a Deployment, node: &Node) -> Self {
        let anyone = deployment.anyone(node);
        let mut walk = Walk { steps: 0, names: BTreeMap::new(), deployment, anyone };
        walk.becoming_a_developer().await;
        let developer = walk.developer_login(NEW_PASSWORD, "grace-1").await;
        walk.step(&developer).patch("/v1/portal/developers/me", json!({"name": "Grace"})).await.expect(200);
        let (path, backend) = walk.application(&developer).await;
        walk.becoming_a_user(&backend).await;
        walk.sessions(&backend).await;
        walk.forgetting_a_password(&backend).await;
        walk.developer_about_user(&developer, &path, &backend).await;
        walk.guessing(&backend).await;
        walk.being_protected(&developer, &path, &backend).await;
        walk.end_of_the_application(&developer, &path).await;
        walk.developer_sessions(&developer).await;
        walk
    }

    /// The id of a step's request; the first is number 1.
    pub fn request_id(step: usize) -> String {
        format!("walk-{step:04}")
    }

    /// The caller for the next request.
    fn step(&mut self, caller: &Caller) -> Caller {
        self.steps += 1;
        caller.with("x-request-id", &Self::request_id(self.steps))
    }

    fn name(&mut self, id: &str, name: &str) {
        self.names.insert(id.to_owned(), name.to_owned());
    }

    /// The token in the `nth` mail to `to` with this in its subject.
    async fn mailed(&self, to: &str, subject: &str, nth: usize) -> String {
        let mut count = 1;
        loop {
            let mails = self.deployment.smtp.wait_for(count).await;
            let is_one = |mail: &&devauth_test_support::smtp::Received| {
                mail.to.iter().any(|known| known == to)
                    && mail.header("subject").is_some_and(|text| text.contains(subject))
            };
            if let Some(mail) = mails.iter().filter(is_one).nth(nth - 1) {
                return self.deployment.token_in(mail);
            }
            count = mails.len() + 1;
        }
    }

    async fn becoming_a_developer(&mut self) {
        let at = |path: &str| format!("/v1/portal/developers/{path}");
        let anyone = self.anyone.clone();
        let signup = self.step(&anyone).post(&at("signup"), credentials(GRACE, PASSWORD)).await.expect(201);
        self.name(id(&signup["developer"]["id"]), "grace");
        self.mailed(GRACE, "Verify", 1).await;
        self.step(&anyone).post(&at("email/verify/request"), json!({"email": GRACE})).await.expect(202);
        let token = self.mailed(GRACE, "Verify", 2).await;
        self.step(&anyone).post(&at("email/verify/confirm"), json!({"token": token})).await.expect(200);
        self.step(&anyone).post(&at("password/reset/request"), json!({"email": GRACE})).await.expect(202);
        let body = json!({"token": self.mailed(GRACE, "Reset", 1).await, "password": NEW_PASSWORD});
        self.step(&anyone).post(&at("password/reset/confirm"), body).await.expect(200);
        self.step(&anyone).post(&at("login"), credentials(GRACE, PASSWORD)).await.expect(401);
    }

    async fn developer_login(&mut self, password: &str, name: &str) -> Caller {
        let caller = self.step(&self.anyone.clone());
        let login =
            caller.post("/v1/portal/developers/login", credentials(GRACE, password)).await.expect(200);
        self.name(&session(&login["access_token"]), name);
        self.anyone.bearing(&login["access_token"])
    }

    /// An application that lets in verified addresses alone: its path, and its backend.
    async fn application(&mut self, developer: &Caller) -> (String, Caller) {
        let body = json!({"name": "Acme", "environment": "development"});
        let created = self.step(developer).post(APPLICATIONS, body).await.expect(201);
        let app = id(&created["app_id"]);
        self.name(app, "acme");
        let path = format!("{APPLICATIONS}/{app}");
        let settings = json!({"settings": {"require_verified_email": true}});
        self.step(developer).patch(&path, settings).await.expect(200);
        self.step(developer).post(&format!("{path}/secret/rotate"), json!({})).await.expect(200);
        let keys = format!("{path}/api-keys");
        let issued = self.step(developer).post(&keys, json!({"label": "test"})).await.expect(201);
        self.name(id(&issued["id"]), "key");
        (path, self.anyone.with("x-app-id", app).with("x-api-key", id(&issued["key"])))
    }

    async fn becoming_a_user(&mut self, backend: &Caller) {
        let signup = self.step(backend).sign_up(ADA).await.expect(201);
        self.name(id(&signup["user"]["id"]), "ada");
        self.mailed(ADA, "Verify", 1).await;
        let body = json!({"email": ADA});
        self.step(backend).post("/v1/auth/email/verify/request", body).await.expect(202);
        self.step(backend).log_in(ADA, PASSWORD).await.expect(403);
        let token = self.mailed(ADA, "Verify", 2).await;
        let anyone = self.anyone.clone();
        self.step(&anyone).get(&format!("/verify-email?token={token}")).await.expect(200);
        self.step(&anyone).post_form("/verify-email", "token", &token).await.expect(200);
    }

    async fn login(&mut self, backend: &Caller, password: &str, name: &str) -> Value {
        let tokens = self.step(backend).log_in(ADA, password).await.expect(200);
        self.name(&session(&tokens["access_token"]), name);
        tokens
    }

    async fn sessions(&mut self, backend: &Caller) {
        let first = self.login(backend, PASSWORD, "ada-1").await;
        let access = &first["access_token"];
        self.step(&backend.bearing(access)).get("/v1/auth/me").await.expect(200);
        self.step(backend).post("/v1/auth/introspect", json!({"token": access})).await.expect(200);
        let second = self.step(backend).refresh(&first["refresh_token"]).await.expect(200);
        self.step(backend).refresh(&second["refresh_token"]).await.expect(200);
        self.step(backend).refresh(&first["refresh_token"]).await.expect(401);

        let other = session(&self.login(backend, PASSWORD, "ada-2").await["access_token"]);
        let tokens = self.login(backend, PASSWORD, "ada-3").await;
        let user = backend.bearing(&tokens["access_token"]);
        self.step(&user).delete(&format!("/v1/auth/sessions/{other}")).await.expect(204);
        let change = json!({"current_password": PASSWORD, "password": NEW_PASSWORD});
        self.step(&user).post("/v1/auth/password/change", change).await.expect(204);
        let logout = json!({"refresh_token": tokens["refresh_token"]});
        self.step(backend).post("/v1/auth/logout", logout).await.expect(204);
        let tokens = self.login(backend, NEW_PASSWORD, "ada-4").await;
        let user = backend.bearing(&tokens["access_token"]);
        self.step(&user).post("/v1/auth/logout/all", json!({})).await.expect(204);
    }

    async fn forgetting_a_password(&mut self, backend: &Caller) {
        const REQUEST: &str = "/v1/auth/password/reset/request";
        let body = json!({"email": ADA});
        self.step(backend).post(REQUEST, body.clone()).await.expect(202);
        let reset = json!({"token": self.mailed(ADA, "Reset", 1).await, "password": PASSWORD});
        self.step(backend).post("/v1/auth/password/reset/confirm", reset).await.expect(200);
        // Ten an hour are enough.
        for _ in 0..9 {
            backend.post(REQUEST, body.clone()).await.expect(202);
        }
        self.step(backend).post(REQUEST, body).await.expect(202);
    }

    async fn developer_about_user(&mut self, developer: &Caller, path: &str, backend: &Caller) {
        let tokens = self.login(backend, PASSWORD, "ada-5").await;
        let user = format!("{path}/users/{}", id(&tokens["user"]["id"]));
        let session = format!("{user}/sessions/{}", session(&tokens["access_token"]));
        self.step(developer).delete(&session).await.expect(204);
        for what in ["logout", "suspend"] {
            self.step(developer).post(&format!("{user}/{what}"), json!({})).await.expect(204);
        }
        self.step(backend).log_in(ADA, PASSWORD).await.expect(401);
        self.step(developer).post(&format!("{user}/restore"), json!({})).await.expect(204);
    }

    /// Five failures from one client lock the address for it.
    async fn guessing(&mut self, backend: &Caller) {
        self.step(backend).log_in(NOBODY, WRONG).await.expect(401);
        for _ in 0..3 {
            backend.log_in(NOBODY, WRONG).await.expect(401);
        }
        self.step(backend).log_in(NOBODY, WRONG).await.expect(401);
        self.step(backend).log_in(NOBODY, WRONG).await.expect(429);
    }

    /// A hundred failures, four from each client, protect the account.
    async fn being_protected(&mut self, developer: &Caller, path: &str, backend: &Caller) {
        let signup = self.step(backend).sign_up(BOB).await.expect(201);
        let bob = id(&signup["user"]["id"]);
        self.name(bob, "bob");
        let from = |n: usize| backend.with(CLIENT, &format!("198.51.100.{}", n / 4));
        for n in 0..99 {
            from(n).log_in(BOB, WRONG).await.expect(401);
        }
        self.step(&from(99)).log_in(BOB, WRONG).await.expect(401);
        self.step(&from(100)).log_in(BOB, PASSWORD).await.expect(429);
        self.step(developer).delete(&format!("{path}/users/{bob}")).await.expect(204);
    }

    async fn end_of_the_application(&mut self, developer: &Caller, path: &str) {
        let key = self.names.iter().find(|(_, name)| *name == "key").expect("issued").0.clone();
        self.step(developer).delete(&format!("{path}/api-keys/{key}")).await.expect(204);
        self.step(developer).delete(path).await.expect(204);
    }

    async fn developer_sessions(&mut self, developer: &Caller) {
        let at = |path: &str| format!("/v1/portal/developers/{path}");
        self.developer_login(NEW_PASSWORD, "grace-2").await;
        let second = self.names.iter().find(|(_, name)| *name == "grace-2").expect("begun").0.clone();
        self.step(developer).delete(&at(&format!("sessions/{second}"))).await.expect(204);
        let change = json!({"current_password": NEW_PASSWORD, "password": PASSWORD});
        self.step(developer).post(&at("password/change"), change).await.expect(204);
        for (name, way_out) in [("grace-3", "logout"), ("grace-4", "logout/all")] {
            let developer = self.developer_login(PASSWORD, name).await;
            self.step(&developer).post(&at(way_out), json!({})).await.expect(204);
        }
    }
}
