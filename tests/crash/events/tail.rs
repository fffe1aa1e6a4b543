//! `devauth events tail`

use std::process::ExitStatus;
use std::sync::Arc;

use devauth_test_support::database::PATIENCE;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Child;
use tokio::sync::watch;

use super::Scene;
use crate::deployment::Deployment;
use crate::node::devauth;
use crate::postgres_away::{directory, start, stop_hard};

/// A running `devauth events tail`, and the lines it printed.
struct Tail {
    child: Child,
    lines: Arc<watch::Sender<Vec<String>>>,
}

impl Tail {
    fn start(url: &str, arguments: &[&str]) -> Self {
        let arguments = [&["events", "tail"], arguments].concat();
        let environment = [("DATABASE_URL".to_owned(), url.to_owned())];
        let mut child = devauth(&arguments, &environment).spawn().unwrap();
        let lines = Arc::new(watch::Sender::new(Vec::new()));
        let mut printed = BufReader::new(child.stdout.take().unwrap()).lines();
        let seen = lines.clone();
        tokio::spawn(async move {
            while let Some(line) = printed.next_line().await.unwrap() {
                seen.send_modify(|lines| lines.push(line));
            }
        });
        Tail { child, lines }
    }

    /// Waits until it printed so many lines.
    async fn printed(&self, count: usize) -> Vec<String> {
        let mut lines = self.lines.subscribe();
        let waiting = lines.wait_for(|lines| lines.len() >= count);
        let in_time = tokio::time::timeout(PATIENCE, waiting).await.map(|lines| lines.unwrap().clone());
        in_time.unwrap_or_else(|_| panic!("{count} wanted: {:#?}", self.lines.borrow()))
    }

    async fn end(mut self, signal: Signal) -> ExitStatus {
        let pid = self.child.id().and_then(|id| Pid::from_raw(id.cast_signed())).unwrap();
        kill_process(pid, signal).unwrap();
        tokio::time::timeout(PATIENCE, self.child.wait()).await.expect("it ends").unwrap()
    }
}

fn positions(lines: &[String]) -> Vec<i64> {
    let position = |line: &String| serde_json::from_str::<Value>(line).unwrap()["position"].as_i64().unwrap();
    lines.iter().map(position).collect()
}

#[tokio::test]
async fn each_event_is_printed_once_in_order_and_without_personal_data() {
    let scene = Scene::new().await;
    let url = &scene.deployment.database.url;
    // The export waits until everything is numbered.
    scene.export("before.jsonl", &[]).await;
    let head: i64 = sqlx::query_scalar("SELECT position FROM log_head")
        .fetch_one(&mut scene.deployment.database.connect().await)
        .await
        .unwrap();
    let all = Tail::start(url, &["--after", "0", "--json"]);
    let shown = Tail::start(url, &["--after", "0"]);
    let of_app = Tail::start(url, &["--app", &scene.app, "--after", "0", "--json"]);
    let portal = Tail::start(url, &["--app", "portal", "--after", "0", "--json"]);
    let before = usize::try_from(head).unwrap();
    assert_eq!(positions(&all.printed(before).await), (1..=head).collect::<Vec<_>>());

    scene.client.sign_up("late@example.org").await.expect(201);

    assert_eq!(positions(&all.printed(before + 2).await), (1..=head + 2).collect::<Vec<_>>());
    let text = shown.printed(before + 2).await.join("\n");
    assert_eq!(text.lines().count(), before + 2);
    assert!(text.contains("UserRegistered") && text.contains(" by user usr_"), "{text}");
    scene.deployment.nothing_is_given_away_by(&text);
    let (of_app_lines, of_portal) = (of_app.printed(16).await, portal.printed(3).await);
    let mut together = [positions(&of_app_lines), positions(&of_portal)].concat();
    together.sort_unstable();
    assert_eq!(together, positions(&all.printed(before + 2).await), "each belongs to one application");
    for (tail, signal) in [(all, Signal::INT), (shown, Signal::TERM)] {
        assert_eq!(tail.end(signal).await.code(), Some(0));
    }
}

#[tokio::test]
async fn without_a_position_it_begins_with_what_comes_next() {
    let scene = Scene::new().await;
    scene.export("before.jsonl", &[]).await;
    let tail = Tail::start(&scene.deployment.database.url, &["--json"]);
    // It has looked where the log ends once it listens.
    let mut owner = scene.deployment.database.connect().await;
    let listening = async {
        let sql = "SELECT count(*) > 1 FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'";
        while !sqlx::query_scalar::<_, bool>(sql).fetch_one(&mut owner).await.unwrap() {}
    };
    tokio::time::timeout(PATIENCE, listening).await.expect("it listens, as the node does");
    let head: i64 = sqlx::query_scalar("SELECT position FROM log_head").fetch_one(&mut owner).await.unwrap();
    scene.client.sign_up("late@example.org").await.expect(201);
    assert_eq!(positions(&tail.printed(2).await), [head + 1, head + 2]);
}

#[tokio::test]
async fn it_survives_a_postgres_that_died_and_misses_nothing() {
    let directory = directory();
    let postgres = start(directory.path());
    let deployment = Deployment::new().await;
    let url = postgres.database_url("devauth");
    let node = deployment.start_with(&[("DATABASE_URL", &url)]).await;
    let client = deployment.application(&node).await;
    client.sign_up("ada@example.org").await.expect(201);
    let tail = Tail::start(&url, &["--after", "0", "--json"]);
    let before = tail.printed(7).await.len();

    stop_hard(postgres);
    let _postgres = start(directory.path());
    for name in ["eve", "mallory"] {
        client.sign_up(&format!("{name}@example.org")).await.expect(201);
    }

    let after = positions(&tail.printed(before + 4).await);
    assert_eq!(after, (1..=i64::try_from(before).unwrap() + 4).collect::<Vec<_>>());
    assert_eq!(tail.end(Signal::TERM).await.code(), Some(0));
}

#[tokio::test]
async fn it_ends_when_nobody_reads_any_more_although_nothing_happens() {
    let scene = Scene::new().await;
    let environment = [("DATABASE_URL".to_owned(), scene.deployment.database.url.clone())];
    let mut child = devauth(&["events", "tail", "--after", "0"], &environment).spawn().unwrap();
    let mut printed = BufReader::new(child.stdout.take().unwrap()).lines();
    printed.next_line().await.unwrap().expect("the first event");
    drop(printed);
    let ended = tokio::time::timeout(PATIENCE, child.wait_with_output()).await.expect("it ends").unwrap();
    assert_eq!(ended.status.code(), Some(0));
    assert_eq!(String::from_utf8(ended.stderr).unwrap(), "");
}
