//! Users who sign up, log in, look at themselves, refresh and are introspected all the time, at two nodes by turns.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use devauth_test_support::database::PATIENCE;
use tokio::task::JoinHandle;

use super::{Application, Scene, published, signer};
use crate::caller::{Caller, PASSWORD};

/// Whoever does so at the same time.
const AT_ONCE: usize = 2;

/// Requests of which none may fail.
pub struct Load {
    rounds: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    users: Vec<JoinHandle<()>>,
}

impl Load {
    /// Starts, and waits until it is under way.
    pub async fn start(scene: &Scene, application: &Application) -> Self {
        application.backend.sign_up("ada@example.org").await.expect(201);
        let mut load = Load { rounds: Arc::default(), stop: Arc::default(), users: Vec::new() };
        let at = scene.nodes.each_ref().map(|node| application.backend.at(node));
        for turn in 0..AT_ONCE {
            let (rounds, stop) = (load.rounds.clone(), load.stop.clone());
            let (application, at) = (application.clone(), at.clone());
            load.users.push(tokio::spawn(async move {
                for round in turn.. {
                    if stop.load(Ordering::SeqCst) {
                        return;
                    }
                    let email = format!("user{turn}-{round}@example.org");
                    live(&application, &email, &at[round % 2], &at[(round + 1) % 2]).await;
                    rounds.fetch_add(1, Ordering::SeqCst);
                }
            }));
        }
        load.goes_on().await;
        load
    }

    /// Waits until every user was through with everything once more.
    pub async fn goes_on(&self) {
        let goal = self.rounds.load(Ordering::SeqCst) + 2 * AT_ONCE;
        let going = async {
            while self.rounds.load(Ordering::SeqCst) < goal {
                assert!(!self.users.iter().any(JoinHandle::is_finished), "a request failed");
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE * 3, going).await.expect("nobody waits for long");
    }

    /// Ends it; fails if a request failed.
    pub async fn stop(self) {
        self.stop.store(true, Ordering::SeqCst);
        for user in self.users {
            user.await.expect("no request failed");
        }
    }
}

async fn live(application: &Application, email: &str, here: &Caller, there: &Caller) {
    // What one node seals, the other opens at once: their address stands in the answer.
    there.sign_up(email).await.expect(201);
    let tokens = here.log_in(email, PASSWORD).await.expect(200);
    assert_eq!(tokens["user"]["email"], email);
    verifies(there, &tokens).await;
    there.bearing(&tokens["access_token"]).get("/v1/auth/me").await.expect(200);
    let tokens = there.refresh(&tokens["refresh_token"]).await.expect(200);
    verifies(here, &tokens).await;
    for node in [here, there] {
        let told = node.introspect_as(&application.id, &application.secret, &tokens["access_token"]).await;
        assert_eq!(told.expect(200)["active"], true);
    }
}

/// Whoever fetches the keys anywhere finds the one that signed.
async fn verifies(caller: &Caller, tokens: &serde_json::Value) {
    let signer = signer(&tokens["access_token"]);
    assert!(published(caller).await.contains(&signer));
}
