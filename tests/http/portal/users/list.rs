//! `GET …/users`: pages, cursors, and what was changed a moment ago

use std::collections::BTreeSet;

use devauth::config::Environment;
use reqwest::Method;
use serde_json::{Value, json};

use super::{USER, acme, path, post, text, users};
use crate::app::TestApp;
use crate::client::{Client, members, send};

fn ids(list: &Value) -> Vec<String> {
    list["data"].as_array().unwrap().iter().map(|user| text(&user["id"]).to_owned()).collect()
}

/// So many more users; their ids, newest first.
async fn sign_up_many(client: &Client, name: &str, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for number in 0..count {
        let user = client.sign_up(&format!("{name}{number}@example.org")).await;
        ids.insert(0, text(&user["id"]).to_owned());
    }
    ids
}

#[tokio::test]
async fn a_list_has_the_newest_first_and_says_how_many_there_are() {
    let app = TestApp::start().await;
    let (acme, grace) = acme(&app).await;
    let empty = grace.get_fresh(&users(&acme)).await.expect(200);
    assert_eq!(empty, json!({"data": [], "page": 1, "limit": 50, "total": 0, "next_cursor": null}));

    let body = json!({"email": "Ada@Example.org", "password": crate::app::PASSWORD, "metadata": {"plan": ["pro", null]}});
    let ada = acme.client.post("/v1/auth/signup", body).await.expect(201)["user"].clone();
    let lin = acme.client.sign_up("lin@example.org").await;
    let list = grace.get_fresh(&users(&acme)).await;
    assert_eq!(list.header("x-devauth-behind"), None);
    let list = list.expect(200);
    assert_eq!(members(&list), ["data", "limit", "next_cursor", "page", "total"]);
    assert_eq!((&list["page"], &list["limit"], &list["total"]), (&json!(1), &json!(50), &json!(2)));
    assert_eq!(list["data"], json!([lin, ada]), "as they were answered to their signups");
    assert_eq!(members(&list["data"][0]), USER);
}

#[tokio::test]
async fn a_hundred_and_thirty_seven_users_are_paged_both_ways_while_more_sign_up() {
    let app = TestApp::start().await;
    let (acme, grace) = acme(&app).await;
    let all = sign_up_many(&acme.client, "user", 137).await;

    for limit in [100, 50, 9] {
        let (mut seen, mut page) = (Vec::new(), 1);
        loop {
            let list =
                grace.get_fresh(&format!("{}?page={page}&limit={limit}", users(&acme))).await.expect(200);
            assert_eq!(
                (&list["page"], &list["limit"], &list["total"]),
                (&json!(page), &json!(limit), &json!(137))
            );
            seen.extend(ids(&list));
            assert_eq!(list["next_cursor"].is_null(), seen.len() == 137);
            if list["next_cursor"].is_null() {
                break;
            }
            page += 1;
        }
        assert_eq!(seen, all, "limit {limit}");
        let past =
            grace.get_fresh(&format!("{}?page={}&limit={limit}", users(&acme), page + 1)).await.expect(200);
        assert_eq!(
            (&past["data"], &past["total"], &past["next_cursor"]),
            (&json!([]), &json!(137), &Value::Null)
        );
    }

    // By cursor nobody comes twice, nobody is left out, and nobody new is shown.
    let (mut seen, mut more) = (Vec::new(), 0);
    let mut next = format!("{}?limit=10", users(&acme));
    loop {
        let list = grace.get_fresh(&next).await.expect(200);
        seen.extend(ids(&list));
        let Some(cursor) = list["next_cursor"].as_str() else { break };
        next = format!("{}?limit=10&cursor={cursor}", users(&acme));
        sign_up_many(&acme.client, &format!("late{more}-"), 3).await;
        more += 3;
    }
    assert_eq!(seen, all);

    // By page somebody may come twice, but of those who were there nobody is left out.
    let total = 137 + more;
    let (mut seen, mut page) = (BTreeSet::new(), 1);
    loop {
        let list = grace.get_fresh(&format!("{}?limit=40&page={page}", users(&acme))).await.expect(200);
        assert!(list["total"].as_u64().unwrap() as usize >= total);
        seen.extend(ids(&list));
        if list["next_cursor"].is_null() {
            break;
        }
        sign_up_many(&acme.client, &format!("later{page}-"), 3).await;
        page += 1;
    }
    assert!(all.iter().all(|id| seen.contains(id)));
}

#[tokio::test]
async fn who_is_erased_between_two_parts_does_not_disturb_the_walk() {
    let app = TestApp::start().await;
    let (acme, grace) = acme(&app).await;
    let all = sign_up_many(&acme.client, "user", 5).await;
    let first = grace.get_fresh(&format!("{}?limit=2", users(&acme))).await.expect(200);
    send(grace.request(Method::DELETE, &format!("{}/{}", users(&acme), all[1]))).await.expect(204);
    let next = format!("{}?limit=2&cursor={}", users(&acme), text(&first["next_cursor"]));
    let second = grace.get_fresh(&next).await.expect(200);
    assert_eq!(ids(&second), all[2..4]);
    assert_eq!((&second["page"], &second["total"]), (&Value::Null, &json!(4)));
    let both = grace.get_fresh(&format!("{next}&page=7")).await.expect(200);
    assert_eq!(both, second, "the cursor wins");
}

#[tokio::test]
async fn what_is_not_acceptable_is_named() {
    let app = TestApp::start().await;
    let (acme, grace) = acme(&app).await;
    for (query, pointer, code) in [
        ("limit=0", "/limit", "out_of_range"),
        ("limit=101", "/limit", "out_of_range"),
        ("page=0", "/page", "out_of_range"),
        ("page=-1", "/page", "out_of_range"),
        ("page=x", "/page", "out_of_range"),
        ("page=", "/page", "out_of_range"),
        ("page=99999999999999999999", "/page", "out_of_range"),
        ("cursor=", "/cursor", "invalid_cursor"),
        ("cursor=nonsense", "/cursor", "invalid_cursor"),
        ("cursor=app_01ja3vks5re0b8n1q2s4t6v8wx", "/cursor", "invalid_cursor"),
        ("search=%00", "/search", "invalid_character"),
        ("search=a&search=b", "/search", "repeated"),
        ("offset=3", "", "unknown_parameter"),
        ("email=ada", "", "unknown_parameter"),
    ] {
        grace.get_fresh(&format!("{}?{query}", users(&acme))).await.complains(pointer, code);
    }
    for query in ["limit=1", "limit=100", "page=1000000000&limit=100", "search="] {
        grace.get_fresh(&format!("{}?{query}", users(&acme))).await.expect(200);
    }
}

/// Each change is made on one node and looked for on the other, at once.
#[tokio::test]
async fn whoever_changed_something_sees_it_changed_on_any_node() {
    let app = TestApp::start().await;
    let (acme, here) = acme(&app).await;
    let other = app.another_node().await;
    let (there, list) = (here.at(&other), users(&acme));
    let shown = async |client: &Client, id: &Value| {
        let list = client.get_fresh(&list).await.expect(200);
        list["data"].as_array().unwrap().iter().find(|user| user["id"] == *id).cloned()
    };
    for round in 0..5 {
        let (writer, reader) = if round % 2 == 0 { (&here, &there) } else { (&there, &here) };
        let backend = if round % 2 == 0 { acme.client.clone() } else { acme.client.at(&other) };
        let email = format!("user{round}@example.org");
        let user = backend.sign_up(&email).await;
        assert_eq!(shown(reader, &user["id"]).await.as_ref(), Some(&user));
        let login = backend.log_in(&email).await["user"]["last_login_at"].clone();
        assert_eq!(shown(reader, &user["id"]).await.unwrap()["last_login_at"], login);
        post(writer, &format!("{}/suspend", path(&user))).await.expect(204);
        assert_eq!(shown(reader, &user["id"]).await.unwrap()["status"], "suspended");
        post(writer, &format!("{}/restore", path(&user))).await.expect(204);
        assert_eq!(shown(reader, &user["id"]).await.unwrap()["status"], "active");
        writer.delete(&path(&user)).await.expect(204);
        assert_eq!(shown(reader, &user["id"]).await, None);
    }
}

#[tokio::test]
async fn a_list_that_is_behind_is_answered_and_says_so() {
    // Readers wait for as long as they do outside of tests.
    let app = TestApp::start_with(|config| config.environment = Environment::Development).await;
    let (acme, grace) = acme(&app).await;
    let ada = acme.client.sign_up("ada@example.org").await;
    assert_eq!(grace.get_fresh(&users(&acme)).await.expect(200)["total"], 1);
    // Nobody can number events now.
    let mut owner = app.database.connect().await;
    sqlx::raw_sql("BEGIN; SELECT FROM log_head FOR UPDATE").execute(&mut owner).await.unwrap();
    let lin = acme.client.sign_up("lin@example.org").await;

    let behind = grace.get(&users(&acme)).await;

    assert_eq!(behind.header("x-devauth-behind"), Some("true"));
    assert_eq!(behind.expect(200)["data"], json!([ada]));
    let history = grace.get(&format!("{}/history", path(&lin))).await;
    assert_eq!(history.header("x-devauth-behind"), Some("true"));
    assert_eq!(history.expect(200)["data"], json!([]), "nothing yet, but not nobody");
    sqlx::raw_sql("COMMIT").execute(&mut owner).await.unwrap();
    app.until("SELECT position = (SELECT count(*) FROM events) FROM log_head").await;
    let list = grace.get_fresh(&users(&acme)).await;
    assert_eq!(list.header("x-devauth-behind"), None);
    assert_eq!(list.expect(200)["data"], json!([lin, ada]));
}
