//! Exit statuses of the other commands.

use devauth_test_support::database::Database;
use serde_json::Value;

use crate::node::run;

async fn tables(database: &Database) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM pg_tables WHERE schemaname IN ('public', 'secrets') AND tablename <> '_sqlx_migrations'")
        .fetch_one(&mut database.connect().await)
        .await
        .unwrap()
}

#[tokio::test]
async fn migrations_go_forward_anywhere_and_back_only_in_development() {
    let database = Database::empty().await;
    let url = ("DATABASE_URL", database.url.as_str());
    let (status, said, errors) = run(&["migrate", "--json"], &[url]).await;
    assert_eq!(status, Some(0), "{errors}");
    let newest = serde_json::from_str::<Value>(&said).unwrap()["version"].as_i64().unwrap();
    assert!(newest >= 7 && tables(&database).await > 15);
    assert_eq!(run(&["migrate"], &[url]).await.0, Some(0), "nothing left to do");

    let (status, said, errors) = run(&["migrate", "--down-to", "0"], &[url]).await;
    assert_eq!((status, said.as_str()), (Some(2), ""));
    assert!(errors.contains("production"), "{errors}");
    assert!(tables(&database).await > 15, "nothing was done");

    let development = ("DEVAUTH_ENV", "development");
    let above = (newest + 1).to_string();
    let (status, said, errors) = run(&["migrate", "--down-to", &above, "--json"], &[url, development]).await;
    assert_eq!((status, said.as_str()), (Some(2), ""));
    assert!(errors.contains(&format!("above {newest}")), "{errors}");
    let version = async |version: i64| {
        let arguments = ["migrate", "--json", "--down-to", &version.to_string()];
        let (status, said, errors) = run(&arguments, &[url, development]).await;
        assert_eq!(status, Some(0), "{errors}");
        serde_json::from_str::<Value>(&said).unwrap()["version"].as_i64().unwrap()
    };
    assert_eq!(version(newest).await, newest);
    assert_eq!(version(newest - 2).await, newest - 2);
    assert_eq!(version(newest - 1).await, newest - 2, "it does not go up");
    let (status, _, errors) = run(&["migrate", "--down-to", "0"], &[url, development]).await;
    assert_eq!(status, Some(0), "{errors}");
    assert_eq!(tables(&database).await, 0);
    assert_eq!(run(&["migrate"], &[url]).await.0, Some(0));
    assert!(tables(&database).await > 15);
}

#[tokio::test]
async fn a_database_that_is_not_there_is_a_failure_and_no_url_a_mistake() {
    let (status, said, errors) =
        run(&["migrate"], &[("DATABASE_URL", "postgres://devauth:hunter2@127.0.0.1:1/devauth")]).await;
    assert_eq!((status, said.as_str()), (Some(1), ""));
    assert!(errors.starts_with("devauth: ") && !errors.contains("hunter2"), "{errors}");

    let (status, _, errors) = run(&["migrate"], &[]).await;
    assert_eq!(status, Some(2));
    assert!(errors.contains("DATABASE_URL"), "{errors}");
}

#[tokio::test]
async fn the_description_of_the_interface_is_printed_without_any_configuration() {
    let (status, said, errors) = run(&["openapi"], &[]).await;

    assert_eq!((status, errors.as_str()), (Some(0), ""));
    assert_eq!(run(&["openapi", "--json"], &[]).await.1, said);
    let document: Value = serde_json::from_str(&said).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    assert!(document["paths"]["/v1/auth/login"].is_object());
}

#[tokio::test]
async fn what_is_no_command_is_a_mistake() {
    for arguments in [&["conquer"][..], &["openapi", "--loudly"], &["migrate", "--down-to", "minus one"], &[]]
    {
        assert_eq!(run(arguments, &[]).await.0, Some(2), "{arguments:?}");
    }
    assert_eq!(run(&["--help"], &[]).await.0, Some(0));
    assert_eq!(run(&["serve", "--help"], &[]).await.0, Some(0));
}

/// Answers everything with this, somewhere on this machine.
async fn answering(status: u16, body: &'static str) -> String {
    let status = axum::http::StatusCode::from_u16(status).unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        axum::serve(listener, axum::Router::new().fallback(async move || (status, body))).await
    });
    address
}

#[tokio::test]
async fn the_health_of_the_node_on_this_machine_is_an_answer_and_a_status() {
    let degraded = r#"{"status":"degraded","causes":["redis is away"]}"#;
    let serves = answering(200, degraded).await;
    let (status, said, errors) = run(&["health"], &[("DEVAUTH_BIND", &serves)]).await;
    assert_eq!((status, said.trim_end(), errors.as_str()), (Some(0), degraded, ""));

    assert_eq!(run(&["health", "--json"], &[("DEVAUTH_BIND", &serves)]).await.1, said);

    let cannot = answering(503, r#"{"code":"unavailable"}"#).await;
    let (status, said, errors) = run(&["health"], &[("DEVAUTH_BIND", &cannot)]).await;
    assert_eq!((status, said.as_str()), (Some(1), ""));
    assert!(errors.contains("503") && errors.contains("unavailable"), "{errors}");

    for (bind, expected) in [("127.0.0.1:1", 1), ("here", 2)] {
        let (status, said, errors) = run(&["health"], &[("DEVAUTH_BIND", bind)]).await;
        assert_eq!((status, said.as_str()), (Some(expected), ""), "{errors}");
    }
}

#[tokio::test]
async fn who_accepts_and_never_answers_is_not_waited_for() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap().to_string();
    let (status, _, errors) = run(&["health", "--timeout", "1"], &[("DEVAUTH_BIND", &address)]).await;
    assert_eq!(status, Some(1));
    assert!(errors.contains("within 1s"), "{errors}");
}
