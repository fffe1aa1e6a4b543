//! Clients that hang up: a signup happens as a whole or not at all.

use devauth_test_support::database::PATIENCE;
use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::PATH;
use crate::app::{PASSWORD, TestApp};
use crate::client::TestApplication;
use crate::hang_up::hang_up_at;

/// Everything that users consist of, counted.
const COUNTS: &str = "SELECT (SELECT count(*) FROM events WHERE event_type = 'UserRegistered'),
    (SELECT count(*) FROM events WHERE event_type = 'EmailVerificationRequested'),
    (SELECT count(*) FROM users), (SELECT count(*) FROM claims), (SELECT count(*) FROM secrets.password_hashes),
    (SELECT count(*) FROM secrets.data_keys), (SELECT count(*) FROM secrets.one_time_tokens),
    (SELECT count(*) FROM jobs WHERE kind = 'verify_email')";

type Counts = (i64, i64, i64, i64, i64, i64, i64, i64);

/// Addresses of the users who have all of it, each of their own.
const WHOLE: &str = "SELECT u.email FROM users u
    JOIN events registered ON registered.user_id = u.id AND registered.event_type = 'UserRegistered'
    JOIN events requested ON requested.user_id = u.id AND requested.event_type = 'EmailVerificationRequested'
    JOIN claims c ON c.user_id = u.id AND c.application_id = u.application_id
    JOIN secrets.password_hashes p ON p.user_id = u.id
    JOIN secrets.data_keys k ON k.user_id = u.id
    JOIN secrets.one_time_tokens t ON t.user_id = u.id
    JOIN jobs j ON j.user_id = u.id AND j.token_id = t.token_id AND j.kind = 'verify_email'";

fn request(application: &TestApplication, email: &str) -> String {
    let body = json!({"email": email, "password": PASSWORD}).to_string();
    let key = application.client.own_header("x-api-key").unwrap();
    format!(
        "POST {PATH} HTTP/1.1\r\nhost: localhost\r\nx-app-id: {}\r\nx-api-key: {key}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        application.id,
        body.len(),
    )
}

#[tokio::test]
async fn a_command_outlives_its_connection() {
    let app = TestApp::start().await;
    let acme = app.developer().await.application("Acme").await;

    hang_up_at(&app, &app.node, &request(&acme, "ada@example.org"), "claims").await;

    app.until("SELECT EXISTS (SELECT FROM users WHERE email = 'ada@example.org')").await;
    acme.client.log_in("ada@example.org").await;
    app.mail("ada@example.org", "Verify").await;
}

#[tokio::test]
async fn whenever_clients_hang_up_all_of_a_user_is_there_or_nothing() {
    let app = TestApp::start().await;
    let acme = app.developer().await.application("Acme").await;
    let mut database = app.database.connect().await;
    let hasty = |n: usize| format!("hasty{n}@example.org");
    let late = |n: usize| format!("late{n}@example.org");

    // One after the other, gone when the node is at work, each a bit later.
    for n in 0..20 {
        until_at_work(&app, false).await;
        let mut stream = TcpStream::connect(app.node.address).await.unwrap();
        stream.write_all(request(&acme, &late(n)).as_bytes()).await.unwrap();
        until_at_work(&app, true).await;
        for _ in 0..n * 200 {
            tokio::task::yield_now().await;
        }
        if n % 2 == 0 {
            stream.set_zero_linger().unwrap();
        }
        drop(stream);
    }
    // All together, gone as soon as they have sent their request or a part of it, half of them with a reset. Who is gone before
    // the node looks is not heard.
    for n in 0..40 {
        let request = request(&acme, &hasty(n));
        let mut stream = TcpStream::connect(app.node.address).await.unwrap();
        let sent = if n % 4 == 0 { request.len() - 1 - n } else { request.len() };
        stream.write_all(&request.as_bytes()[..sent]).await.unwrap();
        if n % 2 == 0 {
            stream.set_zero_linger().unwrap();
        }
        drop(stream);
    }
    // A node that stops has finished what it began.
    app.node.stop().await;

    let counts: Counts = sqlx::query_as(COUNTS).fetch_one(&mut database).await.unwrap();
    let users = counts.2;
    assert_eq!(counts, (users, users, users, users, users, users, users, users), "nothing is left over");
    let whole: Vec<String> = sqlx::query_scalar(WHOLE).fetch_all(&mut database).await.unwrap();
    assert_eq!(i64::try_from(whole.len()), Ok(users), "each has all of it: {whole:?}");
    for n in 0..20 {
        assert!(whole.contains(&late(n)), "what the node had begun took effect: {n} of {whole:?}");
    }
    for n in (0..40).step_by(4) {
        assert!(!whole.contains(&hasty(n)), "what was never sent as a whole is not there: {n}");
    }
}

/// Waits until the node is at work on a request, or on none.
async fn until_at_work(app: &TestApp, at_work: bool) {
    let waiting = async {
        while app.node.app.tasks.is_empty() == at_work {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.expect("the node begins and ends its work");
}
