//! A service in which everything has happened once.

use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{PASSWORD, TestApp};
use crate::client::{Client, send};

const P: &str = "/v1/portal/applications";
const NEW: &str = "orange submarine pencil 31";

/// What is still to work afterwards.
pub struct LivedIn {
    grace: Client,
    application: String,
    backend: Client,
    refresh_token: Value,
}

/// Waits until every event has a position and every read model has followed.
pub async fn is_followed(app: &TestApp) {
    app.until(
        "SELECT (SELECT count(*) FROM events) = (SELECT position FROM log_head)
            AND NOT EXISTS (SELECT FROM projections, log_head WHERE checkpoint < position)",
    )
    .await;
}

impl LivedIn {
    pub async fn new(app: &TestApp) -> Self {
        let developer = app.developer().await;
        let grace = developer.client.clone();
        let acme = developer.application("Acme").await;
        let backend = acme.client.clone();
        let own = |rest: &str| format!("{P}/{}{rest}", acme.id);
        let at = async |method: Method, path: &str, status| {
            send(grace.request(method, path)).await.expect(status);
        };

        let metadata =
            json!({"email": "ada@example.org", "password": PASSWORD, "metadata": {"plan": "\u{e9}"}});
        backend
            .with("idempotency-key", "the signup of ada")
            .post("/v1/auth/signup", metadata)
            .await
            .expect(201);
        let token = app.mailed_token("ada@example.org", "Verify").await;
        backend.post("/v1/auth/email/verify/confirm", json!({"token": token})).await.expect(200);
        let ended = backend.log_in("ada@example.org").await;
        backend.post("/v1/auth/logout", json!({"refresh_token": ended["refresh_token"]})).await.expect(204);
        for _ in 0..5 {
            backend
                .for_address("192.0.2.9")
                .try_log_in("ada@example.org", "wrong")
                .await
                .refused(401, "invalid_credentials");
        }

        let erased = backend.sign_up("eve@example.org").await;
        backend.log_in("eve@example.org").await;
        at(Method::DELETE, &own(&format!("/users/{}", erased["id"].as_str().unwrap())), 204).await;
        let suspended = backend.sign_up("mallory@example.org").await;
        at(Method::POST, &own(&format!("/users/{}/suspend", suspended["id"].as_str().unwrap())), 204).await;
        let reset = json!({"email": "bob@example.org"});
        backend.sign_up("bob@example.org").await;
        backend.post("/v1/auth/password/reset/request", reset).await.expect(202);
        let token = app.mailed_token("bob@example.org", "Reset").await;
        let reset = json!({"token": token, "password": NEW});
        backend.post("/v1/auth/password/reset/confirm", reset).await.expect(200);

        let settings = json!({"name": "Acme & Co", "settings": {"session_lifetime": 259_200}});
        grace.patch(&own(""), settings).await.expect(200);
        at(Method::POST, &own("/secret/rotate"), 200).await;
        let key = grace.post(&own("/api-keys"), json!({"label": "old"})).await.expect(201);
        at(Method::DELETE, &own(&format!("/api-keys/{}", key["id"].as_str().unwrap())), 204).await;
        let deleted = developer.application("Deleted").await;
        deleted.client.sign_up("ada@example.org").await;
        at(Method::DELETE, &format!("{P}/{}", deleted.id), 204).await;

        let tokens = backend.log_in("ada@example.org").await;
        let refreshed = backend.refresh(&tokens["refresh_token"]).await.expect(200);
        app.until("SELECT NOT EXISTS (SELECT FROM jobs WHERE state = 'ready')").await;
        is_followed(app).await;
        LivedIn { grace, application: acme.id, backend, refresh_token: refreshed["refresh_token"].clone() }
    }

    /// Who was there goes on where they were.
    pub async fn goes_on(&self, app: &TestApp) {
        let (backend, grace) = (self.backend.at(&app.node), self.grace.at(&app.node));
        backend.refresh(&self.refresh_token).await.expect(200);
        backend.log_in("ada@example.org").await;
        backend.try_log_in("bob@example.org", NEW).await.expect(200);
        backend.try_log_in("mallory@example.org", PASSWORD).await.refused(401, "invalid_credentials");
        backend.try_log_in("eve@example.org", PASSWORD).await.refused(401, "invalid_credentials");
        let users = grace.get_fresh(&format!("{P}/{}/users", self.application)).await.expect(200);
        assert_eq!(users["total"], 3);
    }
}
