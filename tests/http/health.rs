//! `/health/*`, `/metrics`, `/docs`: what operators and the curious look at

use std::time::Duration;

use devauth_test_support::database::server_url;
use serde_json::json;
use sqlx::{Connection as _, Executor as _, PgConnection};

use crate::app::{PASSWORD, TestApp};
use crate::client::Client;

const READY: &str = "/health/ready";

#[tokio::test]
async fn a_node_lives_and_is_ready() {
    let app = TestApp::start().await;
    assert_eq!(app.anyone().get("/health/live").await.expect(200), json!({"status": "ok"}));
    assert_eq!(app.anyone().get(READY).await.expect(200), json!({"status": "ok"}));
}

#[tokio::test]
async fn without_redis_it_serves_and_says_what_is_missing() {
    let nowhere = "redis://127.0.0.1:1?timeout_ms=100".to_owned();
    let app = TestApp::start_with(|config| config.redis_url = Some(nowhere.into())).await;
    let health = app.anyone().get(READY).await.expect(200);
    assert_eq!(health["status"], "degraded");
    assert!(health["causes"][0].as_str().unwrap().contains("redis"));
    app.application().await.sign_up("ada@example.org").await;
}

#[tokio::test]
async fn without_a_way_out_for_mail_it_serves_and_says_so() {
    let app = TestApp::start().await;
    app.smtp.close_gate();
    app.developer().await;
    app.smtp.wait_for_waiting(1).await;
    assert_eq!(app.anyone().get(READY).await.expect(200)["status"], "ok", "not yet");
    app.pass(Duration::from_secs(10));
    assert_eq!(app.anyone().get(READY).await.expect(200)["status"], "ok", "the quick tries go on");
    app.pass(Duration::from_secs(6));
    let health = app.anyone().get(READY).await.expect(200);
    assert_eq!(health["status"], "degraded");
    assert!(health["causes"][0].as_str().unwrap().contains("mail"));
    app.smtp.open_gate();
    wait_for(&app.anyone(), "ok").await;
}

/// Until the node says that it is so.
async fn wait_for(anyone: &Client, status: &str) {
    let waiting = async { while anyone.get(READY).await.body["status"] != status {} };
    tokio::time::timeout(devauth_test_support::database::PATIENCE, waiting).await.expect("it gets there");
}

/// Lets nobody connect to the test's database, or everybody again.
async fn admit(app: &TestApp, connections: bool) {
    let name = url::Url::parse(&app.database.url).unwrap().path()[1..].to_owned();
    let mut server = PgConnection::connect(&server_url()).await.unwrap();
    let allow = format!("ALTER DATABASE {name} ALLOW_CONNECTIONS {connections}");
    server.execute(&*allow).await.unwrap();
    let end = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
    server.execute(&*end).await.unwrap();
}

#[tokio::test]
async fn without_postgres_it_lives_is_not_ready_and_recovers() {
    let app = TestApp::start().await;
    let developer = app.developer().await.client;
    admit(&app, false).await;

    app.anyone().get("/health/live").await.expect(200);
    let refused = app.anyone().get(READY).await;
    assert!(refused.header("retry-after").is_some(), "{} {}", refused.status, refused.text);
    refused.refused(503, "unavailable");
    let refused = developer.get("/v1/portal/developers/me").await;
    assert!(refused.header("retry-after").is_some());
    refused.refused(503, "unavailable");
    let login = json!({"email": "grace@example.org", "password": PASSWORD});
    app.anyone().post("/v1/portal/developers/login", login).await.refused(503, "unavailable");

    admit(&app, true).await;
    wait_for(&app.anyone(), "ok").await;
    developer.get("/v1/portal/developers/me").await.expect(200);
}

#[tokio::test]
async fn metrics_are_on_the_admin_address_alone_and_name_no_person() {
    let app = TestApp::start().await;
    let acme = app.developer().await.application("Acme").await;
    let user = acme.client.sign_up("ada@example.org").await;
    acme.client.try_log_in("ada@example.org", "wrong").await.refused(401, "invalid_credentials");
    app.anyone().get("/no/such/route").await.refused(404, "not_found");

    let admin = Client::new(format!("http://{}", app.node.admin_address));
    let metrics = admin.get("/metrics").await;
    assert!(metrics.header("content-type").unwrap().starts_with("text/plain"));
    assert_eq!(metrics.status, 200);
    let lines: Vec<&str> = metrics.text.lines().collect();
    let has = |parts: &[&str]| lines.iter().any(|line| parts.iter().all(|part| line.contains(part)));
    let requests = "devauth_http_requests_total";
    assert!(
        has(&[requests, r#"method="POST""#, r#"route="/v1/auth/signup""#, r#"status="201""#]),
        "{}",
        metrics.text
    );
    assert!(has(&[requests, r#"route="unmatched""#, r#"status="404""#]));
    assert!(has(&["devauth_http_request_seconds_bucket", r#"route="/v1/auth/login""#]));
    assert!(has(&["devauth_security_events_total", "login_failed"]));
    for personal in ["ada@example.org", &acme.id, user["id"].as_str().unwrap(), "127.0.0.1", "/no/such/route"]
    {
        assert!(!metrics.text.contains(personal), "{personal}");
    }
    app.anyone().get("/metrics").await.refused(404, "not_found");
    assert_eq!(admin.get("/v1/auth/me").await.status, 404);
}

#[tokio::test]
async fn the_page_to_try_things_out_loads_with_all_it_names() {
    let app = TestApp::start().await;
    assert_eq!(app.anyone().get("/docs").await.header("location"), Some("/docs/"));
    let page = app.anyone().get("/docs/").await;
    assert!(page.header("content-type").unwrap().starts_with("text/html"));
    let policy = page.header("content-security-policy").unwrap();
    let scripts = policy.split(';').find(|part| part.trim().starts_with("script-src")).unwrap();
    assert_eq!(scripts.trim(), "script-src 'self'");
    assert!(!page.text.contains("<script>") && !page.text.contains(" onclick"));
    let mut named = 0;
    for attribute in ["href=\"", "src=\""] {
        for rest in page.text.split(attribute).skip(1) {
            let target = rest.split('"').next().unwrap();
            assert!(!target.contains("//"), "{target} is elsewhere");
            if target.starts_with("data:") {
                continue;
            }
            let path = if target.starts_with('/') { target.to_owned() } else { format!("/docs/{target}") };
            assert_eq!(app.anyone().get(&path).await.status, 200, "{path}");
            named += 1;
        }
    }
    assert!(named >= 5);
    let script = app.anyone().get("/docs/docs.js").await;
    assert!(script.text.contains("/openapi.json"));
    assert_eq!(app.anyone().get("/openapi.json").await.text, devauth::http::routes::openapi());
}

#[tokio::test]
async fn what_follows_the_log_and_does_not_is_named() {
    let app = TestApp::start().await;
    let mut owner = app.database.connect().await;
    owner.execute("UPDATE projections SET state = 'stopped' WHERE name = 'portal_users'").await.unwrap();
    owner
        .execute("INSERT INTO parked_streams VALUES ('portal_users', 'User', 'usr_1', 1, 'why', now())")
        .await
        .unwrap();
    let health = app.anyone().get(READY).await.expect(200);
    assert_eq!(health["status"], "degraded");
    let causes = health["causes"].to_string();
    assert!(causes.contains("portal_users is stopped") && causes.contains("leaves out 1"), "{causes}");

    owner.execute("UPDATE projections SET state = 'running'; DELETE FROM parked_streams").await.unwrap();
    assert_eq!(app.anyone().get(READY).await.expect(200), json!({"status": "ok"}));
}

#[tokio::test]
async fn a_transaction_that_holds_up_the_log_is_noticed() {
    let app = TestApp::start().await;
    let mut owner = app.database.connect().await;
    let mut open = owner.begin().await.unwrap();
    open.execute("SELECT pg_current_xact_id()").await.unwrap();
    app.developer().await;
    app.pass(Duration::from_secs(31));

    let health = app.anyone().get(READY).await.expect(200);
    assert_eq!(health["status"], "degraded");
    assert!(health["causes"].to_string().contains("transaction"), "{health}");
    open.rollback().await.unwrap();
    wait_for(&app.anyone(), "ok").await;
}
