//! An application that does not tell whether an address is taken.

use std::time::Duration;

use serde_json::json;

use super::PATH;
use crate::app::{PASSWORD, TestApp};
use crate::client::at_once;

#[tokio::test]
async fn a_new_and_a_taken_address_get_one_answer_and_the_owner_a_notice() {
    let app = TestApp::start().await;
    let developer = app.developer().await;
    let acme = developer.application("Acme").await;
    developer.set(&acme.id, json!({"signup_mode": "strict"})).await;
    let client = acme.client.at(&app.another_node().await);
    let sign_up =
        |email: &str, password: &str| client.post(PATH, json!({"email": email, "password": password}));

    let new = sign_up("ada@example.org", PASSWORD).await;
    let token = app.mailed_token("ada@example.org", "Verify").await;
    let taken = sign_up("ADA@example.org", "another tractor lagoon 78").await;

    let names = |answer: &crate::client::Answer| -> Vec<String> {
        answer.headers.keys().map(|name| name.as_str().to_owned()).collect()
    };
    assert_eq!((new.status, new.text.as_str()), (202, ""));
    assert_eq!(names(&new), names(&taken));
    assert_eq!(new.essence(), taken.essence());
    let notice = app.mail("ada@example.org", "already have an account").await;
    assert!(!notice.message.contains("token="));
    client.log_in("ada@example.org").await;
    client
        .try_log_in("ada@example.org", "another tractor lagoon 78")
        .await
        .refused(401, "invalid_credentials");
    client.post("/v1/auth/email/verify/confirm", json!({ "token": token })).await.expect(200);
    // What is wrong with the request itself is said all the same, and for both.
    for email in ["ada@example.org", "new@example.org"] {
        sign_up(email, "short").await.complains("/password", "too_short");
    }
}

#[tokio::test]
async fn the_owner_is_not_flooded_with_notices() {
    let app = TestApp::start().await;
    let developer = app.developer().await;
    let acme = developer.application("Acme").await;
    acme.client.sign_up("ada@example.org").await;
    developer.set(&acme.id, json!({"signup_mode": "strict"})).await;
    let client = acme.client.at(&app.another_node().await);
    let notices = "SELECT count(*) FROM jobs WHERE kind = 'signup_attempted'";
    let mut database = app.database.connect().await;
    // The hour of the clock counts: begin one, so that the tries fall into it.
    let into_the_hour = app.clock.now().timestamp() % 3_600;
    app.pass(Duration::from_secs(u64::try_from(3_601 - into_the_hour).unwrap()));

    let answers = at_once((0..6).map(|_| {
        let client = client.clone();
        async move { client.post(PATH, json!({"email": "ada@example.org", "password": PASSWORD})).await }
    }))
    .await;

    answers.into_iter().for_each(|answer| {
        answer.expect(202);
    });
    let count: i64 = sqlx::query_scalar(notices).fetch_one(&mut database).await.unwrap();
    assert_eq!(count, 1);
    app.pass(Duration::from_secs(60 * 60));
    client.post(PATH, json!({"email": "ada@example.org", "password": PASSWORD})).await.expect(202);
    let count: i64 = sqlx::query_scalar(notices).fetch_one(&mut database).await.unwrap();
    assert_eq!(count, 2);
}
