//! A node is killed between the commit of a command and the mail that belongs to it.

use devauth_test_support::smtp::Received;
use serde_json::json;
use tokio::net::TcpSocket;

use crate::deployment::Deployment;

/// What would pass by itself, only slower: the lease of the dead node, and the pause before the next try.
async fn time_passes(deployment: &Deployment) {
    let mut owner = deployment.database.connect().await;
    sqlx::query("UPDATE jobs SET leased_until = NULL, run_at = created_at WHERE state = 'ready'")
        .execute(&mut owner)
        .await
        .unwrap();
}

fn to_ada(mails: &[Received]) -> Vec<Received> {
    mails.iter().filter(|mail| mail.to.contains(&"ada@example.org".to_owned())).cloned().collect()
}

#[tokio::test]
async fn a_mail_that_was_on_its_way_is_sent_again_and_is_the_same() {
    let deployment = Deployment::new().await;
    let node = deployment.start().await;
    let client = deployment.application(&node).await;
    // The developer's own.
    deployment.smtp.wait_for(1).await;
    deployment.smtp.close_gate();
    client.sign_up("ada@example.org").await.expect(201);
    deployment.smtp.wait_for_waiting(1).await;
    node.kill().await;
    // It did arrive, but nobody is left to note that it did.
    deployment.smtp.open_gate();
    deployment.smtp.wait_for(2).await;

    let node = deployment.start().await;
    time_passes(&deployment).await;
    let mails = to_ada(&deployment.smtp.wait_for(3).await);

    assert_eq!(mails.len(), 2);
    assert!(mails[0].header("message-id").is_some());
    assert_eq!(mails[0].header("message-id"), mails[1].header("message-id"));
    let tokens: Vec<_> = mails.iter().map(|mail| deployment.token_in(mail)).collect();
    assert_eq!(tokens[0], tokens[1]);
    let confirm = json!({"token": tokens[1]});
    let verified = client.at(&node).post("/v1/auth/email/verify/confirm", confirm).await.expect(200);
    assert_eq!(verified["user"]["email_verified"], true);
    deployment.nothing_was_given_away();
}

#[tokio::test]
async fn a_mail_that_no_relay_took_is_sent_by_the_next_node() {
    let deployment = Deployment::new().await;
    // Refuses connections, and keeps its port from the mail servers of other tests.
    let refusing = TcpSocket::new_v4().unwrap();
    refusing.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let gone = refusing.local_addr().unwrap();
    let node = deployment.start_with(&[("SMTP_URL", &format!("smtp://{gone}"))]).await;
    let client = deployment.application(&node).await;
    client.sign_up("ada@example.org").await.expect(201);
    node.wrote(|text| (text.matches("\"result\":\"retried\"").count() >= 2).then_some(())).await;
    node.kill().await;
    assert!(deployment.smtp.mails().is_empty());

    let node = deployment.start().await;
    time_passes(&deployment).await;
    let mails = to_ada(&deployment.smtp.wait_for(2).await);

    assert_eq!(mails.len(), 1);
    let confirm = json!({"token": deployment.token_in(&mails[0])});
    client.at(&node).post("/v1/auth/email/verify/confirm", confirm).await.expect(200);
    deployment.nothing_was_given_away();
}
