//! Clients that hang up: a signup happens as a whole or not at all.

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::PATH;
use crate::app::{PASSWORD, TestApp};
use crate::client::TestApplication;

/// Everything a user consists of, counted.
const COUNTS: &str = "SELECT (SELECT count(*) FROM events WHERE event_type = 'UserRegistered'),
    (SELECT count(*) FROM users), (SELECT count(*) FROM claims), (SELECT count(*) FROM secrets.password_hashes),
    (SELECT count(*) FROM secrets.data_keys), (SELECT count(*) FROM secrets.one_time_tokens),
    (SELECT count(*) FROM jobs WHERE kind = 'verify_email')";

type Counts = (i64, i64, i64, i64, i64, i64, i64);

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
    let mut holder = app.database.connect().await;
    let mut held = sqlx::Connection::begin(&mut holder).await.unwrap();
    sqlx::query("LOCK TABLE claims").execute(&mut *held).await.unwrap();

    let mut stream = TcpStream::connect(app.node.address).await.unwrap();
    stream.write_all(request(&acme, "ada@example.org").as_bytes()).await.unwrap();
    app.until(
        "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%claims%'
                        AND datname = current_database())",
    )
    .await;
    stream.shutdown().await.unwrap();
    // The node noticed: it answers nothing and closes its side too.
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.unwrap();
    assert!(rest.is_empty(), "{}", String::from_utf8_lossy(&rest));
    held.rollback().await.unwrap();

    app.until("SELECT EXISTS (SELECT FROM users WHERE email = 'ada@example.org')").await;
    acme.client.log_in("ada@example.org").await;
    app.mail("ada@example.org", "Verify").await;
}

#[tokio::test]
async fn whenever_clients_hang_up_all_of_a_user_is_there_or_nothing() {
    let app = TestApp::start().await;
    let acme = app.developer().await.application("Acme").await;
    let mut database = app.database.connect().await;

    for n in 0..40 {
        let request = request(&acme, &format!("user{n}@example.org"));
        let mut stream = TcpStream::connect(app.node.address).await.unwrap();
        // Some hang up in the middle of their request, half of the others with a reset.
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
    let (users, ..) = counts;
    // The developer is one of them; what was never sent as a whole is not there.
    assert!((1..=31).contains(&users), "{users}");
    assert_eq!(counts, (users, users, users, users, users, users, users));
    let halves = "SELECT count(*) FROM users WHERE email = ANY(SELECT format('user%s@example.org', 4 * n)
                  FROM generate_series(0, 9) n)";
    let halves: i64 = sqlx::query_scalar(halves).fetch_one(&mut database).await.unwrap();
    assert_eq!(halves, 0);
}
