//! `devauth projections` beside a running service: what it says, what it repairs, and what is left when it is killed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use devauth_test_support::database::PATIENCE;
use serde_json::Value;

use crate::caller::{Caller, PASSWORD};
use crate::deployment::Deployment;
use crate::node::Node;

/// A service with an application and a few users who are logged in.
async fn busy() -> (Deployment, Node, Caller) {
    let deployment = Deployment::new().await;
    let node = deployment.start().await;
    let client = deployment.application(&node).await;
    for number in 0..5 {
        let email = format!("user{number}@example.org");
        client.sign_up(&email).await.expect(201);
        let tokens = client.log_in(&email, PASSWORD).await.expect(200);
        client.refresh(&tokens["refresh_token"]).await.expect(200);
    }
    (deployment, node, client)
}

/// The answer of a command that must end with this status.
async fn json(deployment: &Deployment, arguments: &[&str], status: i32) -> Value {
    let (ended, said, errors) =
        deployment.command(&[&["projections"], arguments, &["--json"]].concat(), &[]).await;
    assert_eq!(ended, Some(status), "{arguments:?}: {said}{errors}");
    serde_json::from_str(&said).unwrap_or_else(|_| panic!("{said}"))
}

/// What `list` says of each model.
async fn listed(deployment: &Deployment) -> Vec<Value> {
    json(deployment, &["list"], 0).await["projections"].as_array().unwrap().clone()
}

fn names(listed: &[Value]) -> Vec<&str> {
    listed.iter().map(|one| one["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn all_of_them_are_listed_verified_and_rebuilt_beside_the_service() {
    let (deployment, node, client) = busy().await;
    let all = listed(&deployment).await;
    let names = names(&all);
    for name in ["portal_users", "users", "sessions", "applications"] {
        assert!(names.contains(&name), "{names:?}");
    }
    assert!(all.iter().all(|one| one["state"] != "stopped" && one["rebuild"].is_null()), "{all:?}");
    let (_, table, _) = deployment.command(&["projections", "list"], &[]).await;
    assert!(names.iter().all(|name| table.contains(name)), "{table}");

    let verified = json(&deployment, &["verify"], 0).await;
    assert_eq!(verified["equal"], true);
    let rebuilt = json(&deployment, &[&["rebuild"], &names[..]].concat(), 0).await;
    let done: Vec<_> =
        rebuilt["rebuilt"].as_array().unwrap().iter().map(|one| one["name"].as_str()).collect();
    assert_eq!(done, names.iter().copied().map(Some).collect::<Vec<_>>());

    for number in 0..5 {
        client.log_in(&format!("user{number}@example.org"), PASSWORD).await.expect(200);
    }
    client.sign_up("late@example.org").await.expect(201);
    let (status, text, errors) = deployment.command(&["projections", "verify"], &[]).await;
    assert_eq!((status, errors.as_str()), (Some(0), ""), "no progress where there is no terminal");
    assert_eq!(text.matches(": equal (").count(), names.len(), "{text}");
    drop(node);
    deployment.nothing_was_given_away();
}

#[tokio::test]
async fn a_row_that_was_changed_is_named_and_repaired() {
    let (deployment, _node, client) = busy().await;
    let mut owner = deployment.database.connect().await;
    let id: uuid::Uuid =
        sqlx::query_scalar("UPDATE users SET email = 'eve@example.org', status = 'suspended' WHERE id = (SELECT id FROM users ORDER BY id DESC LIMIT 1) RETURNING id")
            .fetch_one(&mut owner)
            .await
            .unwrap();

    let (status, text, errors) =
        deployment.command(&["projections", "verify", "users", "sessions"], &[]).await;
    assert_eq!(status, Some(1));
    assert!(text.contains(&format!("different  users id={id}: email, status")), "{text}");
    assert!(text.contains("sessions: equal") && !text.contains('@'), "{text}");
    assert_eq!(errors, "devauth: not what the log says: users\n");
    let found = json(&deployment, &["verify", "users"], 1).await;
    assert_eq!(found["equal"], false);
    let row = &found["projections"][0]["differences"][0];
    assert_eq!((&row["key"]["id"], &row["kind"]), (&id.to_string().into(), &"different".into()));
    assert!(row["columns"][0].get("values").is_none(), "{row}");
    let shown = json(&deployment, &["verify", "users", "--show-values"], 1).await;
    let values = &shown["projections"][0]["differences"][0]["columns"][0]["values"];
    assert_eq!(values["live"], "eve@example.org");
    assert!(values["expected"].as_str().unwrap().starts_with("user"), "{values}");

    json(&deployment, &["rebuild", "users"], 0).await;
    json(&deployment, &["verify"], 0).await;
    client.log_in("user4@example.org", PASSWORD).await.expect(200);
}

#[tokio::test]
async fn a_model_that_stopped_is_shown_and_goes_on_when_it_is_told_to() {
    let (deployment, _node, client) = busy().await;
    let mut owner = deployment.database.connect().await;
    sqlx::query(
        "UPDATE projections SET state = 'stopped', error = 'as a test says' WHERE name = 'portal_users'",
    )
    .execute(&mut owner)
    .await
    .unwrap();
    client.sign_up("late@example.org").await.expect(201);

    let all = listed(&deployment).await;
    let stopped = all.iter().find(|one| one["name"] == "portal_users").unwrap();
    assert_eq!((&stopped["state"], &stopped["error"]), (&"stopped".into(), &"as a test says".into()));
    let (_, text, _) = deployment.command(&["projections", "list"], &[]).await;
    assert!(text.contains("portal_users stopped: as a test says"), "{text}");
    let answer = json(&deployment, &["retry", "portal_users"], 0).await;
    assert_eq!(answer["freed_streams"], 0);

    let going_on = async {
        let late = "SELECT EXISTS (SELECT FROM portal_users WHERE email = 'late@example.org')";
        while !sqlx::query_scalar::<_, bool>(late).fetch_one(&mut owner).await.unwrap() {}
    };
    tokio::time::timeout(PATIENCE, going_on).await.expect("it goes on");
}

#[tokio::test]
async fn mistakes_are_told_before_anything_is_done() {
    let deployment = Deployment::new().await;
    for arguments in [
        &["rebuild", "users", "usres"][..],
        &["verify", "usres"],
        &["retry", "usres"],
        &["retry", "users"],
        &["rebuild"],
        &[],
    ] {
        let (status, said, errors) = deployment.command(&[&["projections"], arguments].concat(), &[]).await;
        assert_eq!((status, said.as_str()), (Some(2), ""), "{arguments:?}: {errors}");
    }
    let (status, _, errors) = deployment.command(&["projections", "verify"], &[("DATABASE_URL", "")]).await;
    assert_eq!(status, Some(2));
    assert!(errors.contains("DATABASE_URL"), "{errors}");
    let nowhere = [("DATABASE_URL", "postgres://devauth:hunter2@127.0.0.1:1/devauth")];
    for arguments in [&["list"][..], &["verify"], &["rebuild", "users"], &["retry", "portal_users"]] {
        let (status, _, errors) = deployment.command(&[&["projections"], arguments].concat(), &nowhere).await;
        assert_eq!(status, Some(1), "{errors}");
        assert!(errors.starts_with("devauth: ") && !errors.contains("hunter2"), "{errors}");
    }
}

#[tokio::test]
async fn without_the_encryption_key_the_one_that_is_missing_is_named() {
    let (deployment, _node, _client) = busy().await;
    let other = [("DEVAUTH_ENCRYPTION_KEY", "q7J6mUCGS2nHkTcUDr0B2mQ0bL6yYFzg6uYl1kz3hZk=")];
    for arguments in [["verify", "users"], ["rebuild", "portal_users"], ["verify", "portal_users"]] {
        let (status, _, errors) =
            deployment.command(&[&["projections"], &arguments[..]].concat(), &other).await;
        assert_eq!(status, Some(2), "{errors}");
        assert!(errors.contains("which is not configured"), "{errors}");
    }
    json(&deployment, &["verify"], 0).await;
}

/// One test a place: the rebuild of each of these dies there, while the service is written to.
macro_rules! dies_at {
    ($($place:ident $leaves:literal;)*) => {$(
        #[tokio::test]
        async fn $place() {
            dies_at(stringify!($place), $leaves).await;
        }
    )*};
}

dies_at! {
    rebuild_prepared "interrupted";
    rebuild_built "interrupted";
    rebuild_caught_up "interrupted";
    rebuild_drained "interrupted";
    rebuild_before_commit "interrupted";
    rebuild_after_commit "";
}

async fn dies_at(place: &str, leaves: &str) {
    let (deployment, _node, client) = busy().await;
    let done = Arc::new(AtomicBool::new(false));
    let writing = tokio::spawn({
        let (client, done) = (client.clone(), done.clone());
        async move {
            let mut written = 0;
            while !done.load(Ordering::SeqCst) {
                let email = format!("writer{written}@example.org");
                client.sign_up(&email).await.expect(201);
                client.log_in(&email, PASSWORD).await.expect(200);
                written += 1;
            }
            written
        }
    });
    for model in ["portal_users", "users", "sessions", "applications"] {
        let (status, said, _) =
            deployment.command(&["projections", "rebuild", model], &[("CRASH_AT", place)]).await;
        assert_eq!((status, said.as_str()), (None, ""), "{model}: it was killed");

        let seen = async {
            loop {
                let all = listed(&deployment).await;
                let one = all.iter().find(|one| one["name"] == model).unwrap();
                // Postgres notices a moment later that nobody is there any more.
                if one["rebuild"].as_str().unwrap_or_default() == leaves {
                    break;
                }
            }
        };
        tokio::time::timeout(PATIENCE, seen).await.expect("it is seen");
        json(&deployment, &["verify", model], 0).await;
        json(&deployment, &["rebuild", model], 0).await;
        json(&deployment, &["verify", model], 0).await;
        let all = listed(&deployment).await;
        assert!(all.iter().all(|one| one["rebuild"].is_null()), "{all:?}");
    }
    done.store(true, Ordering::SeqCst);
    assert!(writing.await.unwrap() > 0);
    json(&deployment, &["verify"], 0).await;
    deployment.nothing_was_given_away();
}
