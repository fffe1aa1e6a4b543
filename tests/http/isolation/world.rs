//! Grace has an application with a user, Ada. Mallory has another, with two: herself and a neighbour.

use reqwest::Method;
use serde_json::json;

use super::P;
use crate::app::TestApp;
use crate::client::{Client, send};

/// What Mallory has, and what of others she got hold of.
pub struct World {
    /// Nobody.
    pub anyone: Client,
    /// Mallory as a developer.
    pub developer: Client,
    /// Mallory's backend.
    pub backend: Client,
    /// Mallory as a user of her own application.
    pub user: Client,
    pub own_application: String,
    pub own_users_id: String,
    pub neighbours_session: String,
    pub portal_token: String,
    /// Grace's.
    pub application: String,
    pub key: String,
    pub developers_session: String,
    /// Ada's.
    pub users_id: String,
    pub session: String,
    pub access_token: String,
    pub refresh_token: String,
    pub verification: String,
    pub reset: String,
    grace: Client,
    graces_backend: Client,
    neighbour: Client,
}

impl World {
    pub async fn new(app: &TestApp) -> World {
        let grace = app.developer_called("grace@example.org").await;
        let acme = grace.application("Acme").await;
        let users_id = acme.client.sign_up("ada@example.org").await["id"].as_str().unwrap().to_owned();
        let tokens = acme.client.log_in("ada@example.org").await;
        let access_token = tokens["access_token"].as_str().unwrap().to_owned();
        acme.client
            .post("/v1/auth/password/reset/request", json!({"email": "ada@example.org"}))
            .await
            .expect(202);

        let mallory = app.developer_called("mallory@example.org").await;
        let other = mallory.application("Other").await;
        let portal_token = mallory.client.own_header("authorization").unwrap()["Bearer ".len()..].to_owned();
        let user = logged_in(&other.client, "mallory@example.org").await;
        let neighbour = logged_in(&other.client, "neighbour@example.org").await;
        let keys = grace.client.get(&format!("{P}/{}/api-keys", acme.id)).await.expect(200);
        World {
            anyone: app.anyone(),
            developer: mallory.client,
            backend: other.client,
            own_users_id: user.get("/v1/auth/me").await.expect(200)["user"]["id"]
                .as_str()
                .unwrap()
                .to_owned(),
            user,
            own_application: other.id,
            neighbours_session: session_of(&neighbour).await,
            portal_token,
            key: keys["data"][0]["id"].as_str().unwrap().to_owned(),
            developers_session: session_at(&grace.client, "/v1/portal/developers/sessions").await,
            application: acme.id,
            users_id,
            session: session_of(&acme.client.bearing(&access_token)).await,
            access_token,
            refresh_token: tokens["refresh_token"].as_str().unwrap().to_owned(),
            verification: app.mailed_token("ada@example.org", "Verify").await,
            reset: app.mailed_token("ada@example.org", "Reset").await,
            grace: grace.client,
            graces_backend: acme.client,
            neighbour,
        }
    }

    /// Everything of the others still works.
    pub async fn is_unharmed(&self) {
        let application = self.grace.get(&format!("{P}/{}", self.application)).await.expect(200);
        assert_eq!(application["name"], "Acme");
        let keys = self.grace.get(&format!("{P}/{}/api-keys", self.application)).await.expect(200);
        assert_eq!(keys["data"].as_array().unwrap().len(), 1);
        assert!(keys["data"][0]["revoked_at"].is_null());
        self.graces_backend.bearing(&self.access_token).get("/v1/auth/me").await.expect(200);
        self.graces_backend.refresh(&json!(self.refresh_token)).await.expect(200);
        self.neighbour.get("/v1/auth/me").await.expect(200);
        self.user.get("/v1/auth/me").await.expect(200);
        let verified = json!({"token": self.verification});
        self.graces_backend.post("/v1/auth/email/verify/confirm", verified).await.expect(200);
        let reset = json!({"token": self.reset, "password": "orange submarine pencil 31"});
        self.graces_backend.post("/v1/auth/password/reset/confirm", reset).await.expect(200);
        let rotate = format!("{P}/{}/secret/rotate", self.application);
        send(self.grace.request(Method::POST, &rotate)).await.expect(200);
    }
}

async fn logged_in(backend: &Client, email: &str) -> Client {
    backend.sign_up(email).await;
    backend.bearing(backend.log_in(email).await["access_token"].as_str().unwrap())
}

async fn session_of(user: &Client) -> String {
    session_at(user, "/v1/auth/sessions").await
}

async fn session_at(client: &Client, path: &str) -> String {
    let sessions = client.get(path).await.expect(200);
    sessions["data"][0]["id"].as_str().unwrap().to_owned()
}
