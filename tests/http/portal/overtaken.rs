//! A command that takes longer than its `Idempotency-Key` is reserved for, and the repeated request that overtakes it.

use std::time::Duration;

use serde_json::{Value, json};

use super::applications::APPLICATIONS;
use crate::app::TestApp;

/// Whoever appends an event waits for a lock that the test has.
const SLOW: &str =
    "CREATE FUNCTION before_an_event() RETURNS trigger LANGUAGE plpgsql SET lock_timeout = 0 AS $$
    BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NEW; END $$;
    CREATE TRIGGER before_an_event BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION before_an_event();
    SELECT pg_advisory_lock(1)";

/// Whoever comes from now on does not wait.
const FAST: &str = "CREATE OR REPLACE FUNCTION before_an_event() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RETURN NEW; END $$";

#[tokio::test]
async fn what_was_overtaken_leaves_nothing_and_its_repetition_gets_the_answer() {
    let application = json!({"name": "Acme", "environment": "development"});
    let own = "/{own}/api-keys";
    for (path, body, event, secret) in [
        ("", application, "ApplicationCreated", "app_secret"),
        (own, json!({"label": "web"}), "ApiKeyIssued", "key"),
    ] {
        let app = TestApp::start().await;
        let developer = app.developer().await;
        let path = format!("{APPLICATIONS}{}", path.replace("{own}", &developer.application("Own").await.id));
        let client = developer.client.with("idempotency-key", "0123456789abcdef");
        let other = client.at(&app.another_node().await);
        let mut database = app.database.connect().await;
        let happened = async || {
            let count = "SELECT count(*) FROM events WHERE event_type = $1";
            let mut database = app.database.connect().await;
            sqlx::query_scalar::<_, i64>(count).bind(event).fetch_one(&mut database).await.unwrap()
        };
        let before = happened().await;

        sqlx::raw_sql(SLOW).execute(&mut database).await.unwrap();
        let slow = tokio::spawn({
            let (client, path, body) = (client.clone(), path.clone(), body.clone());
            async move { client.post(&path, body).await }
        });
        app.until(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))",
        )
        .await;
        sqlx::raw_sql(FAST).execute(&mut database).await.unwrap();
        app.pass(Duration::from_secs(60));
        let overtaking = other.post(&path, body.clone()).await;
        sqlx::raw_sql("SELECT pg_advisory_unlock(1)").execute(&mut database).await.unwrap();

        slow.await.unwrap().refused(409, "idempotency_in_progress");
        assert_eq!(happened().await, before + 1, "{event}");
        let repeated = client.post(&path, body).await;
        assert_eq!(repeated.header("idempotent-replayed"), Some("true"));
        assert_eq!((repeated.status, &repeated.text), (201, &overtaking.text));
        assert_ne!(overtaking.expect(201)[secret], Value::Null);
    }
}
