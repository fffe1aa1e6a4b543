//! `POST /v1/auth/signup`

use serde_json::{Value, json};

use crate::app::{PASSWORD, TestApp};

const PATH: &str = "/v1/auth/signup";

#[tokio::test]
async fn a_user_signs_up_and_gets_a_mail_that_verifies_the_address() {
    let app = TestApp::start().await;
    let client = app.application().await;

    let body = json!({"email": "Ada@Example.org", "password": PASSWORD, "metadata": {"plan": "pro"}});
    let user = client.post(PATH, body).await.expect(201)["user"].clone();

    assert!(user["id"].as_str().unwrap().starts_with("usr_"));
    assert_eq!(user["email"], "Ada@Example.org");
    assert_eq!(user["email_verified"], false);
    assert_eq!(user["status"], "active");
    assert_eq!(user["metadata"], json!({"plan": "pro"}));
    assert_eq!(user["last_login_at"], Value::Null);
    let token = app.mailed_token("Ada@example.org", "Acme").await;
    let verified = client.post("/v1/auth/email/verify/confirm", json!({ "token": token })).await.expect(200);
    assert_eq!(verified["user"]["email_verified"], true);
}

#[tokio::test]
async fn twenty_signups_of_one_address_at_once_give_one_user() {
    let app = TestApp::start().await;
    let client = app.application().await;
    let other = client.at(&app.another_node().await);

    let signups = (0..20).map(|n| {
        let client = if n % 2 == 0 { client.clone() } else { other.clone() };
        let email = if n % 3 == 0 { "ada@example.org" } else { "ADA@EXAMPLE.ORG" };
        tokio::spawn(async move { client.post(PATH, json!({"email": email, "password": PASSWORD})).await })
    });
    let mut created = 0;
    for signup in signups.collect::<Vec<_>>() {
        let answer = signup.await.unwrap();
        if answer.status == 201 {
            created += 1;
        } else {
            answer.refused(409, "email_taken");
        }
    }

    assert_eq!(created, 1);
    let mut database = app.database.connect().await;
    let counts: (i64, i64, i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM events WHERE event_type = 'UserRegistered' AND application_id <> $1),
                (SELECT count(*) FROM users WHERE application_id <> $1),
                (SELECT count(*) FROM claims WHERE application_id <> $1),
                (SELECT count(*) FROM secrets.password_hashes)",
    )
    .bind(devauth_aggregates::portal().uuid())
    .fetch_one(&mut database)
    .await
    .unwrap();
    // The fourth counts the developer too.
    assert_eq!(counts, (1, 1, 1, 2));
}
