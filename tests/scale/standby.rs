//! The portal's lists come from the standby while it has everything, else from the primary; nobody sees a difference.

use devauth_test_support::database::PATIENCE;
use serde_json::Value;
use sqlx::Executor as _;

use crate::caller::{Caller, PASSWORD};
use crate::database::{Pair, eventually};
use crate::deployment::Deployment;
use crate::node::Node;

/// How many reads of the portal the node had answered by its standby and by the primary.
async fn reads(node: &Node) -> (u64, u64) {
    let listening =
        |line: &str| serde_json::from_str::<Value>(line).ok()?["admin_address"].as_str().map(str::to_owned);
    let address = node.wrote(|text| text.lines().find_map(listening)).await;
    let text = reqwest::get(format!("http://{address}/metrics")).await.unwrap().text().await.unwrap();
    let of = |source: &str| {
        let name = format!("devauth_portal_reads_total{{from=\"{source}\"}} ");
        text.lines().find_map(|line| line.strip_prefix(&name)).map_or(0, |count| count.parse().unwrap())
    };
    (of("standby"), of("primary"))
}

/// One developer who looks at everything that may come from a standby.
struct Developer {
    caller: Caller,
    backend: Caller,
    path: String,
}

impl Developer {
    /// A user signs up, logs in and mistypes the password: the next look shows all of it, wherever it comes from.
    async fn sees_what_just_happened(&self, email: &str) {
        let before = self.get("users?limit=100").await["total"].as_i64().unwrap();
        let user = self.backend.sign_up(email).await.expect(201)["user"]["id"].as_str().unwrap().to_owned();

        let list = self.get("users?limit=100").await;
        assert_eq!(list["total"].as_i64(), Some(before + 1));
        assert_eq!(list["data"][0]["id"], *user);

        self.backend.log_in(email, PASSWORD).await.expect(200);
        let statistics = self.get("statistics").await;
        assert_eq!(statistics["users"].as_i64(), Some(before + 1));
        assert_eq!(statistics["active_sessions"].as_i64(), Some(before + 1), "one each");
        let history = self.get(&format!("users/{user}/history")).await;
        let last = history["data"].as_array().unwrap().last().unwrap();
        assert_eq!(last["type"], "SessionStarted");
        let events = self.get("events?limit=100").await;
        assert_eq!(&events["data"].as_array().unwrap().last().unwrap()["position"], &last["position"]);

        self.backend.log_in(email, "not the password 99").await.expect(401);
        let entries = self.get("audit-logs").await;
        assert_eq!(entries["data"][0]["action"], "login_failed");
        assert_eq!(entries["data"][0]["user_id"], *user);
    }

    async fn get(&self, what: &str) -> Value {
        self.caller.get(&format!("{}/{what}", self.path)).await.expect(200)
    }
}

#[tokio::test]
async fn the_standby_answers_while_it_has_everything() {
    let mut pair = Pair::start().await;
    let deployment = Deployment::new().await;
    let (primary, standby) = (pair.primary_url(), pair.standby_url());
    let node = deployment.start_with(&[("DATABASE_URL", &primary), ("DATABASE_REPLICA_URL", &standby)]).await;
    let (caller, backend, path) = deployment.anyone(&node).developer().await;
    let developer = Developer { caller, backend, path };

    // It follows: whoever looked got there what had just happened.
    developer.sees_what_just_happened("ada@example.org").await;
    used_again(&node, &developer).await;

    // It is behind: the primary answers, and says nothing of it.
    pair.on_standby().await.execute("SELECT pg_wal_replay_pause()").await.unwrap();
    let paused = "SELECT pg_get_wal_replay_pause_state() = 'paused'";
    eventually("replay is paused", &mut pair.on_standby().await, paused).await;
    let before = reads(&node).await;
    developer.sees_what_just_happened("grace@example.com").await;
    let after = reads(&node).await;
    // The first look is before anything has happened.
    assert!(after.0 <= before.0 + 1 && after.1 >= before.1 + 5, "{before:?} {after:?}");
    pair.on_standby().await.execute("SELECT pg_wal_replay_resume()").await.unwrap();
    used_again(&node, &developer).await;

    // It is away.
    pair.stop_standby();
    let before = reads(&node).await;
    developer.sees_what_just_happened("joan@example.net").await;
    let after = reads(&node).await;
    assert_eq!((after.0, after.1), (before.0, before.1 + 6));
    pair.start_standby();
    used_again(&node, &developer).await;
    developer.sees_what_just_happened("mary@example.edu").await;

    // It belongs to nobody any more.
    pair.on_standby().await.execute("SELECT pg_promote()").await.unwrap();
    let before = reads(&node).await;
    developer.sees_what_just_happened("hedy@example.org").await;
    let after = reads(&node).await;
    assert_eq!((after.0, after.1), (before.0, before.1 + 6));
    deployment.nothing_was_given_away();
}

/// Looks until the standby answers.
async fn used_again(node: &Node, developer: &Developer) {
    let (before, _) = reads(node).await;
    let looking = async {
        while reads(node).await.0 == before {
            developer.get("users").await;
        }
    };
    tokio::time::timeout(PATIENCE, looking).await.expect("the standby is used");
}

#[tokio::test]
async fn a_server_that_is_not_its_standby_is_not_asked() {
    let deployment = Deployment::new().await;
    // The same cluster, another database.
    let other = devauth_test_support::database::Database::migrated().await;
    let node = deployment.start_with(&[("DATABASE_REPLICA_URL", &other.url)]).await;
    let (caller, backend, path) = deployment.anyone(&node).developer().await;
    let developer = Developer { caller, backend, path };

    developer.sees_what_just_happened("ada@example.org").await;

    assert_eq!(reads(&node).await, (0, 6));
    deployment.nothing_was_given_away();
}
