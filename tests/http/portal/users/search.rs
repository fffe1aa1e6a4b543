//! `GET …/users?search`: what is typed is looked for as it is

use serde_json::{Value, json};

use super::{acme, text, users};
use crate::app::TestApp;

#[tokio::test]
async fn a_search_is_a_literal_part_of_the_address_in_any_case() {
    let app = TestApp::start().await;
    let (acme, grace) = acme(&app).await;
    let addresses = [
        "Ada.Lovelace@Example.ORG",
        "100%sure@example.org",
        "snake_case@example.org",
        "o'brien@example.org",
        "a+b@example.org",
        "lin@BÜCHER.example",
    ];
    for address in addresses {
        acme.client.sign_up(address).await;
    }
    let all: Vec<&str> = addresses.into_iter().rev().collect();
    for (search, expected) in [
        ("LOVELACE", vec!["Ada.Lovelace@Example.ORG"]),
        ("ada.lovelace@example.org", vec!["Ada.Lovelace@Example.ORG"]),
        ("%", vec!["100%sure@example.org"]),
        ("%%", vec![]),
        ("_", vec!["snake_case@example.org"]),
        ("a_a", vec![]),
        ("\\", vec![]),
        ("\\_", vec![]),
        ("'", vec!["o'brien@example.org"]),
        ("' OR '1'='1", vec![]),
        ("'; DELETE FROM portal_users; --", vec![]),
        ("+b", vec!["a+b@example.org"]),
        ("bücher", vec!["lin@BÜCHER.example"]),
        (".*", vec![]),
        ("^a", vec![]),
        ("\u{202e}", vec![]),
        ("", all.clone()),
        ("@", all),
    ] {
        let query: String = url::form_urlencoded::byte_serialize(search.as_bytes()).collect();
        let list = grace.get_fresh(&format!("{}?search={query}", users(&acme))).await.expect(200);
        let found: Vec<&str> =
            list["data"].as_array().unwrap().iter().map(|user| text(&user["email"])).collect();
        assert_eq!((found.len(), &list["total"]), (expected.len(), &json!(expected.len())), "{search}");
        assert_eq!(found, expected, "{search}");
    }
}

#[tokio::test]
async fn what_a_search_finds_is_counted_and_paged_like_all() {
    let app = TestApp::start().await;
    let (acme, grace) = acme(&app).await;
    for number in 0..12 {
        let name = if number % 2 == 0 { "even" } else { "odd" };
        acme.client.sign_up(&format!("{name}{number}@example.org")).await;
    }
    let mut seen = Vec::new();
    let mut next = format!("{}?search=EVEN&limit=4", users(&acme));
    loop {
        let list = grace.get_fresh(&next).await.expect(200);
        assert_eq!(list["total"], 6);
        seen.extend(list["data"].as_array().unwrap().iter().map(|user| text(&user["email"]).to_owned()));
        let Some(cursor) = list["next_cursor"].as_str() else { break };
        next = format!("{}?search=EVEN&limit=4&cursor={cursor}", users(&acme));
    }
    assert_eq!(seen, [10, 8, 6, 4, 2, 0].map(|number| format!("even{number}@example.org")));
    let second = grace.get_fresh(&format!("{}?search=even&limit=4&page=2", users(&acme))).await.expect(200);
    assert_eq!((second["data"].as_array().unwrap().len(), &second["next_cursor"]), (2, &Value::Null));
}
