//! `devauth events verify`

use serde_json::Value;

use super::{Scene, events, lines, text};

#[tokio::test]
async fn an_untouched_log_and_its_exports_hold() {
    let scene = Scene::new().await;
    let file = scene.export("now.jsonl", &[]).await;
    let opened = scene.export("opened.jsonl", &["--opened"]).await;

    let said = scene.events(&["verify"]).await.expect(0);
    assert!(said.starts_with("the log holds"), "{said}");
    let of_app = scene.events(&["verify", "--app", &scene.app, "--json"]).await.json(0);
    for path in [&file, &opened] {
        let of_file = events(&["verify", text(path), "--json"], &[]).await.json(0);
        for member in ["holds", "app_id", "events", "streams", "head", "digest", "findings"] {
            assert_eq!(of_file[member], of_app[member], "{member}");
        }
    }
    let digest = of_app["digest"].as_str().unwrap().to_owned();
    scene.client.sign_up("late@example.org").await.expect(201);
    let later = scene.export("later.jsonl", &[]).await;
    for since in [text(&file), text(&opened), &digest] {
        let verdict = events(&["verify", text(&later), "--since", since, "--json"], &[]).await.json(0);
        assert_eq!(verdict["unchanged_since"], of_app["events"]);
        let arguments = ["verify", "--app", &scene.app, "--since", since, "--json"];
        let verdict = scene.events(&arguments).await.json(0);
        assert_eq!(verdict["unchanged_since"], of_app["events"]);
    }
    let backwards = events(&["verify", text(&file), "--since", text(&later), "--json"], &[]).await.json(1);
    assert_eq!(backwards["findings"][0]["kind"], "removed");
    let stranger = events(&["verify", text(&file), "--since", &"0".repeat(64)], &[]).await;
    assert_eq!(stranger.status, Some(1));
}

#[tokio::test]
async fn a_changed_event_is_named_by_every_check_that_sees_it() {
    let scene = Scene::new().await;
    let before = scene.export("before.jsonl", &[]).await;
    let event = lines(&before).into_iter().find(|line| line["type"] == "UserRegistered").unwrap();
    let mut owner = scene.deployment.database.connect().await;
    let id = event["aggregate_id"].as_str().unwrap();
    let tamper = format!(
        "ALTER TABLE events DISABLE TRIGGER USER;
         UPDATE events SET event_type = 'UserRestored' WHERE aggregate_id = '{id}' AND sequence = 1;
         ALTER TABLE events ENABLE TRIGGER USER"
    );
    sqlx::raw_sql(&tamper).execute(&mut owner).await.unwrap();

    let told = scene.events(&["verify"]).await;
    assert!(told.errors.ends_with("the log does not hold\n"), "{}", told.errors);
    scene.deployment.nothing_is_given_away_by(&told.errors);
    let position = event["position"].as_i64().unwrap();
    let said = told.expect(1);
    let line = format!(
        "changed     position {position}, User {id} event 1: its type was changed; it was UserRegistered"
    );
    assert!(said.lines().any(|told| told == line), "{said}");
    let verdict = scene.events(&["verify", "--app", &scene.app, "--json"]).await.json(1);
    assert_eq!(
        (&verdict["holds"], &verdict["findings"][0]["position"]),
        (&Value::Bool(false), &event["position"])
    );

    let after = scene.export("after.jsonl", &[]).await;
    let verdict = events(&["verify", text(&after), "--json"], &[]).await.json(1);
    assert_eq!(verdict["findings"][0]["aggregate_id"], event["aggregate_id"]);
    assert_eq!(verdict["findings"][0]["line"].as_u64(), Some(4), "{verdict}");
}

#[tokio::test]
async fn a_changed_file_does_not_hold_and_is_no_measure_for_another() {
    let scene = Scene::new().await;
    let file = scene.export("export.jsonl", &[]).await;
    let whole = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<&str> = whole.split_inclusive('\n').collect();
    let cut = scene.file("cut.jsonl");
    std::fs::write(&cut, lines[..5].concat()).unwrap();

    let told = events(&["verify", text(&cut)], &[]).await;
    assert!(told.said.contains("cut off"), "{}", told.said);
    assert_eq!(told.status, Some(1));
    assert_eq!(events(&["verify", text(&file), "--since", text(&cut)], &[]).await.status, Some(1));
    let missing = events(&["verify", "nowhere.jsonl"], &[]).await;
    assert_eq!((missing.status, missing.said.as_str()), (Some(2), ""));
    std::fs::write(&cut, "").unwrap();
    assert_eq!(events(&["verify", text(&cut)], &[]).await.status, Some(1));
}

#[tokio::test]
async fn an_erased_person_breaks_nothing() {
    let scene = Scene::new().await;
    let before = scene.export("before.jsonl", &["--opened"]).await;
    let mut owner = scene.deployment.database.connect().await;
    sqlx::query("DELETE FROM secrets.data_keys").execute(&mut owner).await.unwrap();

    scene.events(&["verify"]).await.expect(0);
    let after = scene.export("after.jsonl", &["--opened"]).await;
    let verdict = events(&["verify", text(&after), "--since", text(&before), "--json"], &[]).await.json(0);
    assert_eq!(verdict["unchanged_since"], verdict["events"]);
}
