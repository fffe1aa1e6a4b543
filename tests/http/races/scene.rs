//! Grace has an application with a user, Ada. Both are logged in twice.

use std::collections::BTreeMap;

use devauth::crypto::tokens::Purpose;
use devauth::service::Service;
use devauth_aggregates::TokenId;
use reqwest::Method;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use crate::app::{PASSWORD, TestApp};
use crate::client::{Answer, Client, send};

pub const ADA: &str = "ada@example.org";
/// A password that nobody has yet.
pub const NEW: &str = "orange submarine pencil 31";

/// What one operation is tried on.
pub struct Scene<'a> {
    app: &'a TestApp,
    other: &'a Service,
    number: usize,
    pub anyone: Client,
    /// Grace, logged in.
    pub grace: Client,
    pub graces_address: String,
    graces_id: String,
    graces_other_session: String,
    application: String,
    key: String,
    /// Her backend.
    pub backend: Client,
    /// The same with Ada's access token.
    pub ada: Client,
    pub refresh_token: Value,
    adas_id: String,
    adas_other_session: String,
}

impl<'a> Scene<'a> {
    pub async fn new(app: &'a TestApp, other: &'a Service, number: usize) -> Self {
        let graces_address = format!("grace{number}@example.org");
        let developer = app.developer_called(&graces_address).await;
        let grace = developer.client.clone();
        let again = json!({"email": graces_address, "password": PASSWORD});
        app.anyone().post("/v1/portal/developers/login", again).await.expect(200);
        let acme = developer.application("Acme").await;
        let adas_id = text(&acme.client.sign_up(ADA).await["id"]);
        acme.client.log_in(ADA).await;
        let tokens = acme.client.log_in(ADA).await;
        let ada = acme.client.as_user(&tokens);
        let keys = grace.get(&format!("/v1/portal/applications/{}/api-keys", acme.id)).await.expect(200);
        Scene {
            app,
            other,
            number,
            anyone: app.anyone(),
            graces_id: user_id(&grace.get("/v1/portal/developers/me").await.expect(200)["developer"]["id"]),
            graces_other_session: other_session(&grace, "/v1/portal/developers/sessions").await,
            graces_address,
            grace,
            application: acme.id,
            key: text(&keys["data"][0]["id"]),
            backend: acme.client,
            refresh_token: tokens["refresh_token"].clone(),
            adas_id,
            adas_other_session: other_session(&ada, "/v1/auth/sessions").await,
            ada,
        }
    }

    /// A path of the document with the ids that are meant here.
    pub fn filled(&self, path: &str) -> String {
        let id = match path {
            "/v1/auth/sessions/{id}" => &self.adas_other_session,
            "/v1/portal/developers/sessions/{id}" => &self.graces_other_session,
            _ => &self.adas_id,
        };
        path.replace("{app_id}", &self.application)
            .replace("{key_id}", &self.key)
            .replace("{session_id}", &self.adas_other_session)
            .replace("{id}", id)
    }

    /// An address that has no user yet.
    pub fn another_address(&self) -> String {
        format!("somebody{}@example.org", self.number)
    }

    /// A caller at one node and at the other.
    pub fn at_both(&self, client: &Client) -> [Client; 2] {
        [client.at(&self.app.node), client.at(self.other)]
    }

    pub async fn suspend_ada(&self) {
        let path = self.filled("/v1/portal/applications/{app_id}/users/{id}/suspend");
        send(self.grace.request(Method::POST, &path)).await.expect(204);
    }

    /// How many events of each kind there are, in all.
    pub async fn events(&self) -> BTreeMap<String, usize> {
        let counted: Vec<(String, i64)> =
            sqlx::query_as("SELECT event_type, count(*) FROM events GROUP BY 1")
                .fetch_all(&mut self.app.database.connect().await)
                .await
                .unwrap();
        counted.into_iter().map(|(event, count)| (event, usize::try_from(count).unwrap())).collect()
    }

    /// Every token of a kind, the newest last: what the mails have, or will have.
    pub async fn tokens(&self, token: Token) -> Vec<String> {
        let (purpose, event) = match token {
            Token::AdasVerification | Token::GracesVerification => {
                (Purpose::VerifyEmail, "EmailVerificationRequested")
            }
            Token::AdasReset | Token::GracesReset => (Purpose::ResetPassword, "PasswordResetRequested"),
        };
        let user = match token {
            Token::AdasVerification | Token::AdasReset => &self.adas_id,
            Token::GracesVerification | Token::GracesReset => &self.graces_id,
        };
        let ids: Vec<String> = sqlx::query_scalar(
            "SELECT payload ->> 'token_id' FROM events WHERE aggregate_id = $1 AND event_type = $2 ORDER BY sequence",
        )
        .bind(user)
        .bind(event)
        .fetch_all(&mut self.app.database.connect().await)
        .await
        .unwrap();
        let keys = &self.app.node.app.keys;
        let derived = ids.into_iter().map(|id| {
            let id: TokenId = id.parse().unwrap();
            keys.one_time.derive(purpose, id.uuid()).expose_secret().to_owned()
        });
        derived.collect()
    }

    /// The newest of a kind; one is asked for if there is none yet.
    pub async fn newest(&self, token: Token) -> String {
        let (client, path, address) = match token {
            Token::AdasReset => (&self.backend, "/v1/auth/password/reset/request", ADA),
            Token::GracesReset => {
                (&self.anyone, "/v1/portal/developers/password/reset/request", &*self.graces_address)
            }
            // Everybody got one when they signed up.
            Token::AdasVerification | Token::GracesVerification => {
                return self.tokens(token).await.pop().unwrap();
            }
        };
        client.post(path, json!({"email": address})).await.expect(202);
        self.tokens(token).await.pop().unwrap()
    }
}

/// A kind of mailed token, and whose.
#[derive(Clone, Copy)]
pub enum Token {
    AdasVerification,
    AdasReset,
    GracesVerification,
    GracesReset,
}

impl Token {
    /// Uses one.
    pub async fn confirmed(self, client: &Client, token: &str) -> Answer {
        let verification = json!({"token": token});
        let reset = json!({"token": token, "password": NEW});
        match self {
            Token::AdasVerification => client.post("/v1/auth/email/verify/confirm", verification).await,
            Token::AdasReset => client.post("/v1/auth/password/reset/confirm", reset).await,
            Token::GracesVerification => {
                client.post("/v1/portal/developers/email/verify/confirm", verification).await
            }
            Token::GracesReset => client.post("/v1/portal/developers/password/reset/confirm", reset).await,
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// The log knows a developer as a user of the portal.
fn user_id(developer: &Value) -> String {
    text(developer).replacen("dev_", "usr_", 1)
}

/// The session that the caller doesn't use just now.
async fn other_session(client: &Client, path: &str) -> String {
    let sessions = client.get(path).await.expect(200);
    let other = sessions["data"].as_array().unwrap().iter().find(|session| session["current"] == false);
    text(&other.unwrap()["id"])
}
