//! `devauth events replay`

use super::{EMAIL, Scene, events, lines, text};

#[tokio::test]
async fn a_user_is_rebuilt_from_the_file_alone_at_any_moment() {
    let scene = Scene::new().await;
    let user = scene.user().await;
    let sealed = scene.export("sealed.jsonl", &[]).await;
    let opened = scene.export("opened.jsonl", &["--opened"]).await;
    let theirs: Vec<_> = lines(&sealed).into_iter().filter(|line| line["aggregate_id"] == *user).collect();

    let told = events(&["replay", text(&sealed), "--user", &user], &[]).await;
    assert_eq!(told.errors, "");
    assert!(told.said.contains("(sealed)"), "{}", told.said);
    scene.deployment.nothing_is_given_away_by(&told.said);
    let told = events(&["replay", text(&opened), "--user", &user, "--json"], &[]).await.json(0);
    assert_eq!((&told["state"]["email"], &told["state"]["status"]), (&EMAIL.into(), &"active".into()));
    let count = |told: &serde_json::Value| told["data"].as_array().unwrap().len();
    assert_eq!(count(&told), theirs.len() + 2, "and the session's");
    assert!(told["state"]["last_login_at"].is_string());

    let at_signup = theirs[0]["recorded_at"].as_str().unwrap();
    let arguments = ["replay", text(&opened), "--user", &user, "--json", "--at"];
    let told = events(&[&arguments[..], &[at_signup]].concat(), &[]).await.json(0);
    assert_eq!((count(&told), &told["state"]["last_login_at"]), (2, &serde_json::Value::Null));
    let told = events(&[&arguments[..], &["2020-01-01T00:00:00Z"]].concat(), &[]).await.json(0);
    assert_eq!((count(&told), &told["state"]), (0, &serde_json::Value::Null));
}

#[tokio::test]
async fn an_unknown_user_or_a_file_that_does_not_hold_is_not_replayed() {
    let scene = Scene::new().await;
    let user = scene.user().await;
    let file = scene.export("sealed.jsonl", &[]).await;
    let nobody = "usr_01ja3vks5re0b8n1q2s4t6v8wx";
    let unknown = events(&["replay", text(&file), "--user", nobody], &[]).await;
    assert_eq!((unknown.status, unknown.said.as_str()), (Some(1), ""));
    assert!(unknown.errors.contains(nobody), "{}", unknown.errors);

    let changed = scene.file("changed.jsonl");
    let whole = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&changed, whole.replacen("UserRegistered", "UserSuspended!", 1)).unwrap();
    let refused = events(&["replay", text(&changed), "--user", &user], &[]).await;
    assert_eq!((refused.status, refused.said.as_str()), (Some(1), ""));
    assert!(refused.errors.contains("does not hold"), "{}", refused.errors);

    let mut signups = lines(&file).into_iter().filter(|line| line["type"] == "UserRegistered");
    let late = signups.next_back().unwrap();
    let before = (late["position"].as_i64().unwrap() - 1).to_string();
    let later = scene.export("later.jsonl", &["--after", &before]).await;
    let mallory = late["aggregate_id"].as_str().unwrap();
    let whole = events(&["replay", text(&later), "--user", mallory], &[]).await;
    let absent = events(&["replay", text(&later), "--user", &user], &[]).await;
    assert_eq!((whole.status, absent.status), (Some(0), Some(1)), "{whole:?} {absent:?}");
    let after = late["position"].to_string();
    let half = scene.export("half.jsonl", &["--after", &after]).await;
    let half = events(&["replay", text(&half), "--user", mallory], &[]).await;
    assert!(half.status == Some(1) && half.errors.contains("begins after the first event"), "{half:?}");
}
