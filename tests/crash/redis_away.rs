//! Redis stops: nobody who may come in is kept out, and nobody who was locked out comes in.

use tempfile::TempDir;

use crate::caller::PASSWORD;
use crate::deployment::Deployment;
use crate::redis::Redis;

#[tokio::test]
async fn without_redis_the_service_answers_and_its_locks_hold() {
    let directory = TempDir::new().unwrap();
    let redis = Redis::start(directory.path()).unwrap();
    let deployment = Deployment::new().await;
    let node = deployment.start_with(&[("REDIS_URL", &format!("{}?timeout_ms=10000", redis.url()))]).await;
    let client = deployment.application(&node).await;
    client.sign_up("ada@example.org").await.expect(201);
    client.sign_up("eve@example.org").await.expect(201);
    for _ in 0..5 {
        client.log_in("ada@example.org", "not the password").await.expect(401);
    }
    assert_eq!(client.log_in("ada@example.org", PASSWORD).await.code, "account_locked");
    assert_eq!(client.get("/health/ready").await.expect(200)["status"], "ok");

    drop(redis);

    let locked = client.log_in("ada@example.org", PASSWORD).await;
    assert_eq!((locked.status, locked.code.as_str()), (429, "account_locked"));
    assert!(locked.retry_after.is_some_and(|seconds| (1..=900).contains(&seconds)));
    let tokens = client.log_in("eve@example.org", PASSWORD).await.expect(200);
    client.bearing(&tokens["access_token"]).get("/v1/auth/me").await.expect(200);
    client.refresh(&tokens["refresh_token"]).await.expect(200);
    for _ in 0..5 {
        client.log_in("eve@example.org", "not the password").await.expect(401);
    }
    assert_eq!(client.log_in("eve@example.org", PASSWORD).await.code, "account_locked", "counted in process");
    let ready = client.get("/health/ready").await.expect(200);
    assert_eq!(ready["status"], "degraded");
    assert!(ready["causes"][0].as_str().unwrap().contains("redis"), "{ready}");
    node.kill().await;

    // The lock outlives the node that wrote it, too.
    let node = deployment.start().await;
    assert_eq!(client.at(&node).log_in("ada@example.org", PASSWORD).await.code, "account_locked");
    deployment.nothing_was_given_away();
}
