//! `DELETE …/users/{id}`: nothing of a person is left but what happened

use std::time::Duration;

use devauth_aggregates::{Session, SessionId, User, UserLifecycle};
use devauth_projections::feed;
use devauth_test_support::smtp::Received;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::{acme, path, text, users};
use crate::app::{PASSWORD, TestApp};
use crate::client::{Client, at_once, send};

const ADDRESS: &str = "Ada.Lovelace@BÜCHER.example";

/// Everything in every table of every schema, as text; octets also as the text they may be.
pub(super) async fn dump(database: &mut PgConnection) -> String {
    let tables: Vec<(String, Vec<String>)> = sqlx::query_as(
        "SELECT format('%I.%I', n.nspname, c.relname),
                array(SELECT format('%I', attname) FROM pg_attribute
                      WHERE attrelid = c.oid AND atttypid = 'bytea'::regtype AND NOT attisdropped)
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relkind IN ('r', 'm', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema')",
    )
    .fetch_all(&mut *database)
    .await
    .unwrap();
    assert!(tables.len() > 20);
    let mut dump = String::new();
    for (table, octets) in tables {
        let decoded: String =
            octets.iter().map(|column| format!(" || ' ' || encode({column}, 'escape')")).collect();
        let query = format!("SELECT coalesce(string_agg(t::text{decoded}, E'\n'), '') FROM {table} t");
        dump += &sqlx::query_scalar::<_, String>(&query).fetch_one(&mut *database).await.unwrap();
    }
    dump
}

/// How a datum may look in a dump: as it is, in other cases, in hexadecimal, in base64 wherever it begins.
fn disguises(datum: &str) -> Vec<String> {
    use base64::Engine as _;
    let hex = |text: &str| text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
    let base64 = (0..3).map(|skip| {
        let whole = &datum.as_bytes()[skip..datum.len() - (datum.len() - skip) % 3];
        base64::prelude::BASE64_STANDARD_NO_PAD.encode(whole)
    });
    let lower = datum.to_lowercase();
    [datum.to_owned(), hex(datum), hex(&lower), lower].into_iter().chain(base64).collect()
}

/// Ada, of whom everything is known that can be known, and her tokens.
async fn known(app: &TestApp, backend: &Client) -> (Value, Value) {
    let backend = backend.for_address("203.0.113.77").with("user-agent", "Analytical-Engine/77");
    let body = json!({"email": ADDRESS, "password": PASSWORD, "metadata": {"nickname": "Countess-of-L"}});
    let keyed = backend.with("idempotency-key", "the-signup-of-ada-lovelace");
    let user = keyed.post("/v1/auth/signup", body).await.expect(201)["user"].clone();
    app.mail("Ada.Lovelace@", "Verify").await;
    let tokens = backend.log_in(ADDRESS).await;
    let tokens = backend.refresh(&tokens["refresh_token"]).await.expect(200);
    backend.post("/v1/auth/password/reset/request", json!({"email": ADDRESS})).await.expect(202);
    app.mail("Ada.Lovelace@", "Reset").await;
    for _ in 0..6 {
        backend.for_address("203.0.113.78").try_log_in(ADDRESS, "wrong").await;
    }
    backend.for_address("203.0.113.78").try_log_in(ADDRESS, PASSWORD).await.refused(429, "account_locked");
    (user, tokens)
}

#[tokio::test]
async fn a_full_dump_says_nothing_of_an_erased_person() {
    let app = TestApp::start().await;
    let (acme, grace) = acme(&app).await;
    let (user, _) = known(&app, &acme.client).await;
    assert_eq!(grace.get_fresh(&users(&acme)).await.expect(200)["total"], 1);
    let mut database = app.database.connect().await;
    let claimed = "SELECT encode(value, 'hex') FROM claims JOIN users ON users.id = user_id WHERE email = $1";
    let hash: String = sqlx::query_scalar(claimed).bind(ADDRESS).fetch_one(&mut database).await.unwrap();
    let data = [
        ADDRESS,
        "lovelace",
        "xn--bcher-kva",
        "Countess-of-L",
        "203.0.113.77",
        "203.0.113.78",
        "Analytical-Engine",
    ];
    let before = dump(&mut database).await;
    for datum in [ADDRESS, "Countess-of-L", "203.0.113.77", "Analytical-Engine", &hash] {
        assert!(before.contains(datum), "{datum} is there to be erased");
    }
    assert!(app.redis_keys().await.concat().contains(&hash));

    grace.delete(&path(&user)).await.expect(204);

    let after = dump(&mut database).await;
    for datum in data.into_iter().chain([hash.as_str()]) {
        for disguise in disguises(datum) {
            assert!(!after.contains(&disguise), "{datum} is still there, as {disguise}");
        }
    }
    assert!(!app.redis_keys().await.concat().contains(&hash), "failures of the address are forgotten");
    // Nor is it when everything that follows the log has caught up.
    app.until("SELECT position = (SELECT count(*) FROM events) FROM log_head").await;
    assert_eq!(grace.get_fresh(&users(&acme)).await.expect(200)["data"], json!([]));
    assert!(!dump(&mut database).await.to_lowercase().contains("lovelace"));
}

#[tokio::test]
async fn nothing_that_an_erased_person_held_opens_anything() {
    let app = TestApp::start().await;
    let (acme, grace) = acme(&app).await;
    let (user, tokens) = known(&app, &acme.client).await;
    assert!(acme.client.admits(&tokens).await);
    let verify = json!({"token": app.mailed_token("Ada.Lovelace@", "Verify").await});
    let mut reset = json!({"token": app.mailed_token("Ada.Lovelace@", "Reset").await});
    reset["password"] = json!("orange submarine pencil 31");

    grace.delete(&path(&user)).await.expect(204);

    assert!(!acme.client.admits(&tokens).await);
    let as_user = acme.client.as_user(&tokens);
    as_user.get("/v1/auth/sessions").await.refused(401, "invalid_token");
    send(as_user.request(Method::POST, "/v1/auth/logout/all")).await.refused(401, "invalid_token");
    acme.client.refresh(&tokens["refresh_token"]).await.refused(401, "invalid_token");
    acme.client.post("/v1/auth/logout", json!({"refresh_token": tokens["refresh_token"]})).await.expect(204);
    acme.client.try_log_in(ADDRESS, PASSWORD).await.refused(401, "invalid_credentials");
    acme.client.post("/v1/auth/email/verify/confirm", verify).await.refused(400, "token_invalid");
    acme.client.post("/v1/auth/password/reset/confirm", reset).await.refused(400, "token_invalid");
    let to = json!({"email": ADDRESS});
    acme.client.post("/v1/auth/email/verify/request", to.clone()).await.expect(202);
    acme.client.post("/v1/auth/password/reset/request", to).await.expect(202);
    for route in ["", "/suspend", "/restore", "/logout"] {
        let method = if route.is_empty() { Method::GET } else { Method::POST };
        send(grace.request(method, &format!("{}{route}", path(&user)))).await.refused(404, "not_found");
    }
    for _ in 0..2 {
        grace.delete(&path(&user)).await.refused(404, "not_found");
    }
}

#[tokio::test]
async fn the_address_is_free_at_once_and_its_new_owner_is_somebody_else() {
    let app = TestApp::start().await;
    let (acme, grace) = acme(&app).await;
    let (user, tokens) = known(&app, &acme.client).await;
    let elsewhere = acme.client.at(&app.another_node().await);

    grace.delete(&path(&user)).await.expect(204);

    // With the same Idempotency-Key too: its answer was about the one who is gone.
    let body = json!({"email": ADDRESS, "password": PASSWORD, "metadata": {"nickname": "Countess-of-L"}});
    let keyed = elsewhere.with("idempotency-key", "the-signup-of-ada-lovelace");
    let again = keyed.post("/v1/auth/signup", body).await;
    assert_eq!(again.header("idempotent-replayed"), None);
    let again = again.expect(201)["user"].clone();
    assert_ne!(again["id"], user["id"]);
    assert_eq!((&again["email_verified"], &again["last_login_at"]), (&json!(false), &Value::Null));
    // The locked pair of before is not theirs.
    elsewhere.for_address("203.0.113.78").log_in(ADDRESS).await;
    assert!(!acme.client.admits(&tokens).await);
    acme.client.refresh(&tokens["refresh_token"]).await.refused(401, "invalid_token");
    let list = grace.get_fresh(&users(&acme)).await.expect(200);
    assert_eq!((&list["total"], &list["data"][0]["id"]), (&json!(1), &again["id"]));
    let history = grace.get_fresh(&format!("{}/history", path(&again))).await.expect(200);
    assert!(!history.to_string().contains(text(&user["id"])), "nothing joins the two");
}

#[tokio::test]
async fn the_log_still_loads_folds_and_verifies() {
    let app = TestApp::start().await;
    let (acme, grace) = acme(&app).await;
    let (user, _) = known(&app, &acme.client).await;
    let shown = grace.get_fresh(&path(&user)).await.expect(200);
    let session: SessionId = text(&shown["sessions"][0]["id"]).parse().unwrap();

    grace.delete(&path(&user)).await.expect(204);

    app.until("SELECT position = (SELECT count(*) FROM events) FROM log_head").await;
    let log = app.node.app.commands.log();
    let mut connection = log.pool().acquire().await.unwrap();
    let events = feed::after(&mut connection, 0, 1_000).await.unwrap();
    assert!(events.len() > 8);
    assert!(events.iter().all(|event| event.computed_hash()[..] == event.event_hash[..]));
    for event in log.open(events).await.unwrap() {
        event.understand().unwrap();
    }
    let folded = log.load::<User>(text(&user["id"])).await.unwrap();
    assert_eq!((folded.state.lifecycle, folded.state.email.as_ref()), (UserLifecycle::Erased, None));
    let folded = log.load::<Session>(&session.to_string()).await.unwrap();
    assert_eq!((folded.state.started, folded.state.client_address.as_ref()), (true, None));
}

#[tokio::test]
async fn of_many_erasures_on_two_nodes_one_happens() {
    let app = TestApp::start().await;
    let (acme, grace) = acme(&app).await;
    let nodes = [grace.clone(), grace.at(&app.another_node().await)];
    for round in 0..5 {
        let user = acme.client.sign_up(&format!("user{round}@example.org")).await;
        let calls = (0..4).map(|call| {
            let (client, path) = (nodes[call % 2].clone(), path(&user));
            async move { client.delete(&path).await }
        });
        let (mut done, mut refused) = (0, 0);
        for answer in at_once(calls).await {
            if answer.status == 204 {
                done += 1;
            } else {
                answer.refused(404, "not_found");
                refused += 1;
            }
        }
        assert_eq!((done, refused), (1, 3));
        let history = grace.get_fresh(&format!("{}/history", path(&user))).await.expect(200);
        let erased = |event: &&Value| event["type"] == "UserErased";
        assert_eq!(history["data"].as_array().unwrap().iter().filter(erased).count(), 1);
    }
}

#[tokio::test]
async fn a_mail_that_was_still_to_be_sent_is_not_sent() {
    let app = TestApp::start().await;
    let (acme, grace) = acme(&app).await;
    let user = acme.client.sign_up("ada@example.org").await;
    app.mail("ada@example.org", "Verify").await;
    let mut database = app.database.connect().await;
    // A relay was in trouble: the mail is to be tried again in an hour.
    let later = "INSERT INTO jobs (id, kind, application_id, user_id, run_at, give_up_at, created_at)
                 SELECT gen_random_uuid(), 'password_changed', application_id, id, now() + interval '1 hour',
                        now() + interval '1 day', now()
                 FROM users WHERE email = 'ada@example.org'";
    sqlx::raw_sql(later).execute(&mut database).await.unwrap();

    grace.delete(&path(&user)).await.expect(204);

    app.until("SELECT count(*) = 0 FROM jobs WHERE state = 'ready'").await;
    app.pass(Duration::from_secs(7_200));
    acme.client.sign_up("lin@example.org").await;
    app.mail("lin@example.org", "Verify").await;
    let to_ada = |mail: &&Received| mail.to.iter().any(|to| to.contains("ada@"));
    assert_eq!(app.smtp.mails().iter().filter(to_ada).count(), 1);
}
