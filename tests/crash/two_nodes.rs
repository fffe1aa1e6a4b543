//! One of two nodes is killed: the other goes on with everything.

use devauth_test_support::database::PATIENCE;
use sqlx::PgConnection;

use crate::caller::PASSWORD;
use crate::deployment::Deployment;

/// Whether every event has a position.
async fn all_numbered(owner: &mut PgConnection) -> bool {
    sqlx::query_scalar(
        "SELECT (SELECT count(*) FROM events) = (SELECT position FROM log_head)
            AND (SELECT count(*) FROM event_log) = (SELECT position FROM log_head)",
    )
    .fetch_one(owner)
    .await
    .unwrap()
}

#[tokio::test]
async fn the_other_node_answers_mails_and_numbers() {
    let deployment = Deployment::new().await;
    let (first, second) = (deployment.start().await, deployment.start().await);
    let client = deployment.application(&first).await;
    client.sign_up("ada@example.org").await.expect(201);
    let tokens = client.log_in("ada@example.org", PASSWORD).await.expect(200);
    let dying = tokio::spawn({
        let client = client.clone();
        async move {
            // Until it is gone, which may be in the middle of any of these.
            for number in 0.. {
                let body =
                    serde_json::json!({"email": format!("user{number}@example.org"), "password": PASSWORD});
                let Ok(answer) = client.try_post("/v1/auth/signup", body).await else { return number };
                answer.expect(201);
            }
            0
        }
    });
    let mut owner = deployment.database.connect().await;
    let busy = async {
        let users = "SELECT count(*) >= 8 FROM users";
        while !sqlx::query_scalar::<_, bool>(users).fetch_one(&mut owner).await.unwrap() {}
    };
    tokio::time::timeout(PATIENCE, busy).await.expect("the first node is busy");
    first.kill().await;
    let acknowledged = dying.await.unwrap();

    let client = client.at(&second);
    client.bearing(&tokens["access_token"]).get("/v1/auth/me").await.expect(200);
    client.refresh(&tokens["refresh_token"]).await.expect(200);
    client.sign_up("eve@example.org").await.expect(201);
    for number in 0..acknowledged {
        client.log_in(&format!("user{number}@example.org"), PASSWORD).await.expect(200);
    }
    let numbering = async { while !all_numbered(&mut owner).await {} };
    tokio::time::timeout(PATIENCE, numbering).await.expect("the second node numbers what the first left");
    // The first node's leases end.
    sqlx::query("UPDATE jobs SET leased_until = NULL WHERE state = 'ready'")
        .execute(&mut owner)
        .await
        .unwrap();
    let mailed = async {
        let left = "SELECT count(*) = 0 FROM jobs WHERE state = 'ready'";
        while !sqlx::query_scalar::<_, bool>(left).fetch_one(&mut owner).await.unwrap() {}
    };
    tokio::time::timeout(PATIENCE, mailed).await.expect("the second node sends every mail");
    for number in 0..acknowledged {
        let address = format!("user{number}@example.org");
        assert!(deployment.smtp.mails().iter().any(|mail| mail.to.contains(&address)), "{address}");
    }
    deployment.nothing_was_given_away();
}
