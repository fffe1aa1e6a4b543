//! `GET /v1/portal/applications/{app_id}/statistics`

use std::time::Duration;

use chrono::NaiveDate;
use serde_json::{Value, json};

use crate::app::{PASSWORD, TestApp};
use crate::client::{Client, TestApplication, members};

fn path(application: &TestApplication, query: &str) -> String {
    format!("/v1/portal/applications/{}/statistics?{query}", application.id)
}

async fn statistics(developer: &Client, application: &TestApplication, query: &str) -> Value {
    let body = developer.get_fresh(&path(application, query)).await.expect(200);
    assert_eq!(members(&body), ["active_sessions", "days", "suspended", "users", "verified"]);
    body
}

fn totals(statistics: &Value) -> [i64; 4] {
    ["users", "verified", "suspended", "active_sessions"].map(|name| statistics[name].as_i64().unwrap())
}

#[tokio::test]
async fn users_logins_and_living_sessions_are_counted() {
    let app = TestApp::start().await;
    let developer = app.developer().await;
    let (acme, other) = (developer.application("Acme").await, developer.application("Other").await);
    assert_eq!(totals(&statistics(&developer.client, &acme, "").await), [0; 4]);
    let ada = acme.client.sign_up("ada@example.org").await;
    acme.client.sign_up("bob@example.org").await;
    other.client.sign_up("eve@example.org").await;
    other.client.log_in("eve@example.org").await;
    let token = app.mailed_token("ada@example.org", "Verify").await;
    acme.client.post("/v1/auth/email/verify/confirm", json!({"token": token})).await.expect(200);
    let tokens = acme.client.log_in("ada@example.org").await;
    acme.client.log_in("ada@example.org").await;
    acme.client.log_in("bob@example.org").await;
    acme.client.try_log_in("bob@example.org", "wrong").await.refused(401, "invalid_credentials");

    let found = statistics(&developer.client, &acme, "").await;
    assert_eq!(totals(&found), [2, 1, 0, 3]);
    let days = found["days"].as_array().unwrap();
    assert_eq!(days.len(), 30);
    assert_eq!(members(&days[29]), ["date", "logins", "signups"]);
    assert_eq!((&days[29]["signups"], &days[29]["logins"]), (&json!(2), &json!(3)));

    acme.client.post("/v1/auth/logout", json!({"refresh_token": tokens["refresh_token"]})).await.expect(204);
    app.suspend(&ada, true).await;
    let found = statistics(&developer.client, &acme, "days=1").await;
    assert_eq!(totals(&found), [2, 1, 1, 1], "who is kept out has no session that lives");
    let user = format!("/v1/portal/applications/{}/users/{}", acme.id, ada["id"].as_str().unwrap());
    developer.client.delete(&user).await.expect(204);
    let found = statistics(&developer.client, &acme, "days=1").await;
    assert_eq!(totals(&found), [1, 0, 0, 1], "who is erased is no user of any kind");
    assert_eq!((&found["days"][0]["signups"], &found["days"][0]["logins"]), (&json!(2), &json!(3)));
    assert_eq!(totals(&statistics(&developer.client, &other, "").await), [1, 0, 0, 1]);
}

#[tokio::test]
async fn every_day_is_there_oldest_first_and_the_last_is_today() {
    let app = TestApp::start().await;
    let developer = app.developer().await;
    let acme = developer.application("Acme").await;
    acme.client.sign_up("ada@example.org").await;
    app.pass(Duration::from_secs(2 * 86_400));
    acme.client.log_in("ada@example.org").await;
    let credentials = json!({"email": "grace@example.org", "password": PASSWORD});
    let login = app.anyone().post("/v1/portal/developers/login", credentials).await.expect(200);
    let developer = app.anyone().bearing(login["access_token"].as_str().unwrap());
    let today = app.clock.now().date_naive();

    for days in [1_u64, 3, 365] {
        let found = statistics(&developer, &acme, &format!("days={days}")).await;
        let found = found["days"].as_array().unwrap();
        let dates: Vec<NaiveDate> =
            found.iter().map(|day| day["date"].as_str().unwrap().parse().unwrap()).collect();
        let first = today - chrono::Days::new(days - 1);
        assert_eq!(dates, first.iter_days().take(usize::try_from(days).unwrap()).collect::<Vec<_>>());
        assert_eq!(found.last().unwrap()["logins"], 1);
        if let [.., earlier, _, _] = &found[..] {
            assert_eq!((&earlier["signups"], &earlier["logins"]), (&json!(1), &json!(0)));
        }
    }
}

#[tokio::test]
async fn what_can_not_be_asked_is_named_and_strangers_see_nothing() {
    let app = TestApp::start().await;
    let developer = app.developer().await;
    let acme = developer.application("Acme").await;
    for (query, pointer, code) in [
        ("days=0", "/days", "out_of_range"),
        ("days=366", "/days", "out_of_range"),
        ("days=-1", "/days", "out_of_range"),
        ("days=x", "/days", "out_of_range"),
        ("days=1&days=2", "/days", "repeated"),
        ("from=2026-01-01", "", "unknown_parameter"),
    ] {
        developer.client.get(&path(&acme, query)).await.complains(pointer, code);
    }
    app.anyone().get(&path(&acme, "")).await.refused(401, "invalid_token");
    let mallory = app.developer_called("mallory@example.org").await;
    mallory.client.get(&path(&acme, "")).await.refused(404, "not_found");
}

#[tokio::test]
async fn what_was_just_counted_on_one_node_is_known_to_the_other() {
    let app = TestApp::start().await;
    let developer = app.developer().await;
    let acme = developer.application("Acme").await;
    let elsewhere = developer.client.at(&app.another_node().await);
    for n in 1..=8 {
        acme.client.sign_up(&format!("user{n}@example.org")).await;
        let reads = if n % 2 == 0 { &developer.client } else { &elsewhere };
        assert_eq!(totals(&statistics(reads, &acme, "days=1").await)[0], n);
    }
}
