//! `devauth keys rotate signing --all` at a running node whose time is moved

use std::time::Duration;

use devauth::config::KeyFiles;
use devauth::crypto::generate::{SigningKeySize, signing_key_pem};
use devauth::rotation::Workplace;
use devauth::rotation::signing::{SigningRotation, Step};
use devauth_test_support::database::PATIENCE;
use secrecy::{ExposeSecret as _, SecretSlice};

use crate::app::TestApp;

/// Waits until the node publishes what is looked for; answers the ids of the keys in order.
async fn published(app: &TestApp, is_it: impl Fn(&[String]) -> bool) -> Vec<String> {
    let anyone = app.anyone();
    let asking = async {
        loop {
            let set = anyone.get("/.well-known/jwks.json").await.expect(200);
            let keys = set["keys"].as_array().unwrap();
            let ids: Vec<String> = keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect();
            if is_it(&ids) {
                return ids;
            }
        }
    };
    tokio::time::timeout(PATIENCE, asking).await.expect("the node follows")
}

#[tokio::test]
async fn each_step_is_done_when_its_time_has_come_and_not_before() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("jwt.pem");
    let pem = signing_key_pem(SigningKeySize::Rsa2048);
    std::fs::write(&path, pem.expose_secret()).unwrap();
    let files = KeyFiles { encryption: None, signing: vec![path] };
    let app = TestApp::start_with(|config| {
        config.jwt_keys = vec![SecretSlice::from(pem.expose_secret().as_bytes().to_vec())];
        config.key_files = files.clone();
    })
    .await;
    let client = app.application().await;
    client.sign_up("ada@example.org").await;
    let before = client.log_in("ada@example.org").await;
    let me = async |tokens: &serde_json::Value| {
        client.bearing(tokens["access_token"].as_str().unwrap()).get("/v1/auth/me").await.status
    };
    let (pool, clock) = (app.node.app.pool.clone(), app.clock.clone());
    let rotating = tokio::spawn(async move {
        let at = Workplace { pool: &pool, clock: &clock, patience: PATIENCE, tell: &|_| {} };
        SigningRotation::new(&at, &files).unwrap().all(SigningKeySize::Rsa2048).await.unwrap()
    });

    let both = published(&app, |keys| keys.len() == 2).await;
    app.until("SELECT published_at IS NOT NULL FROM key_uses WHERE purpose = 'signing' ORDER BY first_seen_at DESC LIMIT 1").await;
    // Nobody signs with it while a verifier may not know it; then everybody does.
    app.pass(Duration::from_secs(290));
    assert_eq!(published(&app, |_| true).await, both);
    app.pass(Duration::from_secs(30));
    let turned = published(&app, |keys| keys[0] == both[1]).await;
    assert_eq!(turned, [both[1].clone(), both[0].clone()]);
    assert_eq!(me(&before).await, 200, "the old key is still good");
    let after = client.log_in("ada@example.org").await;
    app.until("SELECT count(*) = 2 FROM key_uses WHERE purpose = 'signing' AND last_active_at IS NOT NULL")
        .await;
    app.pass(Duration::from_secs(17 * 60));
    let ended = tokio::time::timeout(PATIENCE, rotating).await.unwrap().unwrap();

    assert_eq!((&ended.keys[..], ended.step), (&both[1..], Step::Publish));
    assert_eq!(published(&app, |keys| keys.len() == 1).await, both[1..]);
    assert_eq!((me(&before).await, me(&after).await), (401, 401), "their time is over too");
    client
        .post("/v1/auth/refresh", serde_json::json!({"refresh_token": before["refresh_token"]}))
        .await
        .expect(200);
}
