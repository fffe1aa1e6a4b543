//! What a user does at two nodes of which one dies, and what they were told: the record that everything is judged by.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::caller::{Answer, Caller, PASSWORD};

/// The password after the change.
pub const NEW_PASSWORD: &str = "copper lantern harvest 58";

/// An application's backend that calls the first node while there is one, and then the second.
#[derive(Clone)]
pub struct Backend {
    pub first: Caller,
    pub second: Caller,
    pub first_is_dead: Arc<AtomicBool>,
}

/// What one user was told; nothing stands here that was not acknowledged.
pub struct Record {
    pub email: String,
    /// Their password was changed.
    pub changed: bool,
    /// Tokens that must be good.
    pub living: Option<Value>,
    /// Tokens of a session that they ended.
    pub ended: Option<Value>,
    /// How many calls got no answer: each happened once or not at all.
    pub unanswered: u64,
}

impl Backend {
    /// Asks the first node; if it doesn't answer, asks the second the same once more.
    async fn post(&self, token: Option<&Value>, path: &str, body: &Value, record: &mut Record) -> Answer {
        let bearing = |caller: &Caller| token.map_or_else(|| caller.clone(), |token| caller.bearing(token));
        if !self.first_is_dead.load(Ordering::SeqCst) {
            match bearing(&self.first).try_post(path, body.clone()).await {
                Ok(answer) => return answer,
                Err(_no_answer) => {
                    self.first_is_dead.store(true, Ordering::SeqCst);
                    record.unanswered += 1;
                }
            }
        }
        bearing(&self.second).post(path, body.clone()).await
    }

    /// Signs up, logs in, refreshes twice; then some change the password and some log out.
    pub async fn live(&self, number: usize) -> Record {
        let email = format!("user{number}@example.org");
        let mut record =
            Record { email: email.clone(), changed: false, living: None, ended: None, unanswered: 0 };
        let credentials = json!({"email": email, "password": PASSWORD});
        let signup = self.post(None, "/v1/auth/signup", &credentials, &mut record).await;
        // Whose first try was committed without an answer finds the address taken: by themselves.
        assert!(signup.status == 201 || (signup.status == 409 && record.unanswered > 0), "{signup:?}");
        let mut tokens = self.post(None, "/v1/auth/login", &credentials, &mut record).await.expect(200);
        for _ in 0..2 {
            let body = json!({"refresh_token": tokens["refresh_token"]});
            tokens = self.post(None, "/v1/auth/refresh", &body, &mut record).await.expect(200);
        }
        if number.is_multiple_of(2) {
            let body = json!({"current_password": PASSWORD, "password": NEW_PASSWORD});
            let unanswered = record.unanswered;
            let path = "/v1/auth/password/change";
            let change = self.post(Some(&tokens["access_token"]), path, &body, &mut record).await;
            // The old password is wrong once the first try has come through.
            let came_through = record.unanswered > unanswered && change.status == 401;
            assert!(change.status == 204 || came_through, "{change:?}");
            record.changed = true;
        }
        if number.is_multiple_of(3) {
            let body = json!({"refresh_token": tokens["refresh_token"]});
            self.post(None, "/v1/auth/logout", &body, &mut record).await.expect(204);
            record.ended = Some(tokens);
        } else {
            record.living = Some(tokens);
        }
        record
    }
}

impl Record {
    /// Checks at a node that everything is as this user was told.
    pub async fn holds_at(&self, caller: &Caller) {
        let (good, bad) = if self.changed { (NEW_PASSWORD, PASSWORD) } else { (PASSWORD, NEW_PASSWORD) };
        caller.log_in(&self.email, good).await.expect(200);
        caller.log_in(&self.email, bad).await.expect(401);
        if let Some(tokens) = &self.ended {
            caller.bearing(&tokens["access_token"]).get("/v1/auth/me").await.expect(401);
            caller.refresh(&tokens["refresh_token"]).await.expect(401);
        }
        if let Some(tokens) = &self.living {
            caller.bearing(&tokens["access_token"]).get("/v1/auth/me").await.expect(200);
        }
    }
}
