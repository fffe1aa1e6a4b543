//! Told to stop, a node finishes what is in flight.

use devauth_test_support::database::PATIENCE;
use sqlx::Connection as _;
use tokio::net::TcpStream;

use crate::caller::PASSWORD;
use crate::deployment::Deployment;

async fn in_time(what: &str, condition: impl Future<Output = ()>) {
    tokio::time::timeout(PATIENCE, condition).await.unwrap_or_else(|_| panic!("waited in vain: {what}"));
}

#[tokio::test]
async fn a_login_in_flight_gets_its_answer_and_the_node_ends_well() {
    let deployment = Deployment::new().await;
    let node = deployment.start().await;
    let client = deployment.application(&node).await;
    client.sign_up("ada@example.org").await.expect(201);
    node.kill().await;
    // The stored hash is cheaper than this node wants it, so the login has to make a new one.
    let mut node = deployment.start_with(&[("DEVAUTH_BCRYPT_COST", "13")]).await;
    let client = client.at(&node);
    // The login stands in its middle for as long as the test likes.
    let mut owner = deployment.database.connect().await;
    let mut watcher = deployment.database.connect().await;
    let mut blocker = owner.begin().await.unwrap();
    sqlx::query("LOCK TABLE secrets.password_hashes").execute(&mut *blocker).await.unwrap();
    let login = tokio::spawn({
        let client = client.clone();
        async move { client.log_in("ada@example.org", PASSWORD).await }
    });
    in_time("the login is under way", async {
        let waits = "SELECT count(*) = 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        while !sqlx::query_scalar::<_, bool>(waits).fetch_one(&mut watcher).await.unwrap() {}
    })
    .await;

    node.terminate();
    in_time("nobody new is let in", async { while TcpStream::connect(node.address).await.is_ok() {} }).await;
    assert!(node.runs());
    blocker.rollback().await.unwrap();

    let tokens = login.await.unwrap().expect(200);
    let status = node.ended().await;
    assert_eq!(status.code(), Some(0));
    let node = deployment.start().await;
    client.at(&node).refresh(&tokens["refresh_token"]).await.expect(200);
    deployment.nothing_was_given_away();
}

#[tokio::test]
async fn an_idle_node_ends_at_once() {
    let deployment = Deployment::new().await;
    let node = deployment.start().await;
    // A connection that is kept open holds nothing up.
    deployment.anyone(&node).get("/health/ready").await.expect(200);

    node.terminate();

    assert_eq!(node.ended().await.code(), Some(0));
}
