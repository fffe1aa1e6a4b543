//! `devauth events export`

use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use devauth_test_support::database::PATIENCE;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::{EMAIL, Scene, events, lines, text};
use crate::node::devauth;

#[tokio::test]
async fn a_sealed_export_needs_the_database_alone_and_shows_nothing_personal() {
    let scene = Scene::new().await;
    let exported = scene.events(&["export", "--app", &scene.app]).await;
    assert_eq!((exported.status, exported.errors.as_str()), (Some(0), ""));
    scene.deployment.nothing_is_given_away_by(&exported.said);
    assert_eq!(scene.events(&["export", "--app", &scene.app, "--json"]).await.said, exported.said);

    let file = scene.export("sealed.jsonl", &[]).await;
    assert_eq!(std::fs::read_to_string(&file).unwrap(), exported.said, "the same events are the same bytes");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let lines = lines(&file);
    let (first, last) = (&lines[0], lines.last().unwrap());
    assert_eq!((first["app_id"].as_str(), &first["opened"]), (Some(&*scene.app), &Value::Bool(false)));
    let events = &lines[1..lines.len() - 1];
    assert!(events.iter().all(|event| event["application_id"] == first["application_id"]));
    assert_eq!(last["count"], events.len());
    for (aggregate_type, count) in [("Application", 2), ("User", 3 * 2), ("Session", 3 * 2)] {
        let of_type = events.iter().filter(|event| event["aggregate_type"] == aggregate_type);
        assert_eq!(of_type.count(), count, "{aggregate_type}");
    }
    let again = scene.events(&["export", "--app", &scene.app, "--output", text(&file)]).await;
    assert_eq!(again.status, Some(1));
    assert!(again.errors.contains("not overwritten"), "{}", again.errors);
}

#[tokio::test]
async fn an_opened_export_needs_the_key_says_what_it_is_and_has_what_was_not_erased() {
    let scene = Scene::new().await;
    let url = scene.deployment.database.url.as_str();
    let without = scene.events(&["export", "--app", &scene.app, "--opened"]).await;
    assert_eq!((without.status, without.said.as_str()), (Some(2), ""));
    assert!(without.errors.contains("DEVAUTH_ENCRYPTION_KEY"), "{}", without.errors);

    let key = scene.deployment.variable("DEVAUTH_ENCRYPTION_KEY");
    let environment = [("DATABASE_URL", url), ("DEVAUTH_ENCRYPTION_KEY", key)];
    let arguments = ["export", "--app", &scene.app, "--opened"];
    let opened = events(&arguments, &environment).await;
    assert!(opened.errors.contains("personal data in clear"), "{}", opened.errors);
    assert!(!opened.errors.contains(EMAIL) && !opened.said.contains(key));
    let said = opened.expect(0);
    assert!(said.contains(EMAIL) && said.contains("eve@example.org"));

    let mut owner = scene.deployment.database.connect().await;
    let ada = scene.user().await.parse::<devauth_aggregates::UserId>().unwrap().uuid();
    let forget = sqlx::query("DELETE FROM secrets.data_keys WHERE user_id = $1").bind(ada);
    forget.execute(&mut owner).await.unwrap();
    let said = events(&arguments, &environment).await.expect(0);
    assert!(!said.contains(EMAIL) && said.contains("eve@example.org") && said.contains("$erased"));
}

/// Whoever changes a sealed value can make the event's hash anew, and not the seal.
#[tokio::test]
async fn a_sealed_value_that_was_moved_does_not_open_and_is_named() {
    let scene = Scene::new().await;
    let user = scene.user().await;
    let mut owner = scene.deployment.database.connect().await;
    let tamper = format!(
        "ALTER TABLE events DISABLE TRIGGER USER;
         UPDATE events SET payload = (
             SELECT replace(events.payload::text, events.payload #>> '{{email,$sealed,content}}',
                            other.payload #>> '{{metadata,$sealed,content}}')::json
             FROM events other WHERE other.aggregate_id = '{user}' AND other.sequence = 1)
         WHERE aggregate_id = '{user}' AND sequence = 1;
         ALTER TABLE events ENABLE TRIGGER USER"
    );
    sqlx::raw_sql(&tamper).execute(&mut owner).await.unwrap();

    let key = scene.deployment.variable("DEVAUTH_ENCRYPTION_KEY");
    let environment =
        [("DATABASE_URL", scene.deployment.database.url.as_str()), ("DEVAUTH_ENCRYPTION_KEY", key)];
    let file = scene.file("opened.jsonl");
    let arguments = ["export", "--app", &scene.app, "--opened", "--output", text(&file)];
    let refused = events(&arguments, &environment).await;

    assert_eq!((refused.status, refused.said.as_str()), (Some(1), ""));
    let named = format!("{user} event 1: a sealed value was changed or moved");
    assert!(refused.errors.contains(&named), "{}", refused.errors);
    assert!(!file.exists(), "half an export is none");
}

#[tokio::test]
async fn a_part_of_the_log_is_exported_and_verified_too() {
    let scene = Scene::new().await;
    let all = scene.export("all.jsonl", &[]).await;
    let positions: Vec<i64> = lines(&all).iter().filter_map(|line| line["position"].as_i64()).collect();
    let (after, until) = (positions[3].to_string(), positions[6].to_string());

    let part = scene.export("part.jsonl", &["--after", &after, "--until", &until]).await;

    let exported: Vec<i64> = lines(&part).iter().filter_map(|line| line["position"].as_i64()).collect();
    assert_eq!(exported, positions[4..=6]);
    events(&["verify", text(&part)], &[]).await.expect(0);
    let rest = scene.export("rest.jsonl", &["--after", &until]).await;
    events(&["verify", text(&rest)], &[]).await.expect(0);
    let compared = events(&["verify", text(&all), "--since", text(&part), "--json"], &[]).await.json(0);
    assert_eq!(compared["unchanged_since"], 3);
    let apart = events(&["verify", text(&rest), "--since", text(&part)], &[]).await;
    assert_eq!(apart.status, Some(2), "{apart:?}");
}

#[tokio::test]
async fn what_is_not_there_is_a_failure_and_what_is_not_configured_a_mistake() {
    let scene = Scene::new().await;
    let nobody = "app_01ja3vks5re0b8n1q2s4t6v8wx";
    let unknown = scene.events(&["export", "--app", nobody]).await;
    assert_eq!((unknown.status, unknown.said.as_str()), (Some(1), ""));
    assert!(unknown.errors.contains("no events"), "{}", unknown.errors);
    assert_eq!(events(&["export", "--app", nobody], &[]).await.status, Some(2));
    let away = [("DATABASE_URL", "postgres://devauth:hunter2@127.0.0.1:1/devauth")];
    let away = events(&["verify"], &away).await;
    assert_eq!(away.status, Some(1));
    assert!(!away.errors.contains("hunter2"), "{}", away.errors);
    assert_eq!(scene.events(&["export", "--app", &scene.app, "--after", "1000"]).await.status, Some(1));
}

#[tokio::test]
async fn a_reader_who_has_seen_enough_is_no_error() {
    let scene = Scene::new().await;
    let environment = [("DATABASE_URL".to_owned(), scene.deployment.database.url.clone())];
    for arguments in [&["events", "export", "--app", &scene.app][..], &["events", "verify"]] {
        let mut child = devauth(arguments, &environment).stdout(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().await.unwrap();
        assert_eq!(output.status.code(), Some(0));
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    }
}

/// Enough that it takes a while.
const MANY: &str = "
    INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata, event_id,
                        application_id, recorded_at, event_hash, epoch)
    SELECT 'User', 'usr_' || n, 1, 'UserRegistered', '1.0', '{}', '{}', gen_random_uuid(), id, now(), sha256(''), 1
    FROM generate_series(1, 60000) AS n, applications";

#[tokio::test]
async fn an_interrupted_export_leaves_no_file() {
    let scene = Scene::new().await;
    let mut owner = scene.deployment.database.connect().await;
    sqlx::raw_sql(MANY).execute(&mut owner).await.unwrap();
    let numbered = async {
        let sql = "SELECT position >= 60000 FROM log_head";
        while !sqlx::query_scalar::<_, bool>(sql).fetch_one(&mut owner).await.unwrap() {}
    };
    tokio::time::timeout(PATIENCE, numbered).await.expect("the node numbers them");
    let file = scene.file("export.jsonl");
    let directory = file.parent().unwrap();
    let environment = [("DATABASE_URL".to_owned(), scene.deployment.database.url.clone())];
    let arguments = ["events", "export", "--app", &scene.app, "--output", text(&file)];
    let child = devauth(&arguments, &environment).spawn().unwrap();
    let files = || std::fs::read_dir(directory).unwrap().count();
    let begun = async {
        while files() == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, begun).await.expect("it begins");

    let pid = child.id().and_then(|id| Pid::from_raw(id.cast_signed())).unwrap();
    kill_process(pid, Signal::TERM).unwrap();

    let output = child.wait_with_output().await.unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("interrupted"));
    assert_eq!(files(), 0);
}

/// Each export is all there was at a moment: it verifies, and the next begins with it.
#[tokio::test]
async fn while_others_write_each_export_is_the_beginning_of_the_next() {
    let scene = Scene::new().await;
    let done = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..3)
        .map(|writer| {
            let (client, done) = (scene.client.clone(), done.clone());
            tokio::spawn(async move {
                for number in 0.. {
                    if done.load(Ordering::SeqCst) {
                        return number;
                    }
                    client.sign_up(&format!("user-{writer}-{number}@example.org")).await.expect(201);
                }
                0
            })
        })
        .collect();
    let mut counts = Vec::new();
    for number in 0..4 {
        let file = scene.export(&format!("{number}.jsonl"), &[]).await;
        let before = format!("{}.jsonl", number - 1);
        let before = scene.file(if number == 0 { "0.jsonl" } else { &before });
        let arguments = ["verify", text(&file), "--since", text(&before), "--json"];
        let verdict = events(&arguments, &[]).await.json(0);
        counts.push(verdict["events"].as_u64().unwrap());
    }
    done.store(true, Ordering::SeqCst);
    for writer in writers {
        assert!(writer.await.unwrap() > 0);
    }
    assert!(counts.is_sorted() && counts[0] < counts[3], "{counts:?}");
    // What was acknowledged before an export begins is in it.
    let all = scene.export("all.jsonl", &[]).await;
    let mut owner = scene.deployment.database.connect().await;
    let sql = "SELECT count(*) FROM events JOIN applications ON id = application_id";
    let stored: i64 = sqlx::query_scalar(sql).fetch_one(&mut owner).await.unwrap();
    assert_eq!(lines(&all).last().unwrap()["count"], stored);
}
