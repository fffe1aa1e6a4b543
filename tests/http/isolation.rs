//! Another's object answers byte for byte like one that isn't there. The table goes by the OpenAPI document: a route without
//! an entry fails the test.

mod world;

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::{Answer, Client, send};
use world::World;

/// Ids and tokens of the right form that belong to nobody.
const NO_APPLICATION: &str = "app_01ja3vks5re0b8n1q2s4t6v8wx";
const NO_KEY: &str = "key_01ja3vks5re0b8n1q2s4t6v8wx";
const NO_USER: &str = "usr_01ja3vks5re0b8n1q2s4t6v8wx";
const NO_SESSION: &str = "ses_01ja3vks5re0b8n1q2s4t6v8wx";
const NO_TOKEN: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const NO_JWT: &str = "eyJhbGciOiJSUzI1NiJ9.e30.AAAA";

/// A request of Mallory, once about what belongs to others and once about what isn't there.
struct Pair {
    foreign: (Client, String, Value),
    absent: (Client, String, Value),
}

/// Two requests that differ in their path.
fn paths(client: &Client, foreign: String, absent: String, body: Value) -> Pair {
    Pair { foreign: (client.clone(), foreign, body.clone()), absent: (client.clone(), absent, body) }
}

/// Two requests that differ in their body.
fn bodies(client: &Client, path: &str, foreign: Value, absent: Value) -> Pair {
    Pair {
        foreign: (client.clone(), path.to_owned(), foreign),
        absent: (client.clone(), path.to_owned(), absent),
    }
}

/// Two requests that differ in who sends them.
fn callers(foreign: Client, absent: Client, path: &str, body: &Value) -> Pair {
    Pair {
        foreign: (foreign, path.to_owned(), body.clone()),
        absent: (absent, path.to_owned(), body.clone()),
    }
}

/// What an operation names by path and body. An operation that takes none says so with an empty list.
fn named(world: &World, operation: &str) -> Option<Vec<Pair>> {
    let (key, dev) = (&world.backend, &world.developer);
    let (app, none) = (format!("{P}/{}", world.application), format!("{P}/{NO_APPLICATION}"));
    let own = format!("{P}/{}", world.own_application);
    let on = |client: &Client, rest: &str, body: Value| {
        vec![paths(client, format!("{app}{rest}"), format!("{none}{rest}"), body)]
    };
    let nothing = Value::Null;
    let password = "orange submarine pencil 31";
    Some(match operation {
        "POST /v1/auth/refresh" | "POST /v1/auth/logout" => {
            let path = operation.split_once(' ').unwrap().1;
            let body = |token: &str| json!({"refresh_token": token});
            vec![bodies(key, path, body(&world.refresh_token), body(NO_TOKEN))]
        }
        "POST /v1/auth/introspect" => {
            let body = |token: &str| json!({"token": token});
            let path = "/v1/auth/introspect";
            vec![
                bodies(key, path, body(&world.access_token), body(NO_JWT)),
                bodies(key, path, body(&world.refresh_token), body(NO_TOKEN)),
            ]
        }
        "POST /v1/auth/email/verify/confirm" => {
            let path = "/v1/auth/email/verify/confirm";
            let body = |token: &str| json!({"token": token});
            vec![bodies(key, path, body(&world.verification), body(NO_TOKEN))]
        }
        "POST /v1/auth/password/reset/confirm" => {
            let path = "/v1/auth/password/reset/confirm";
            let body = |token: &str| json!({"token": token, "password": password});
            vec![bodies(key, path, body(&world.reset), body(NO_TOKEN))]
        }
        "POST /v1/portal/developers/email/verify/confirm" => {
            let path = "/v1/portal/developers/email/verify/confirm";
            let body = |token: &str| json!({"token": token});
            vec![bodies(&world.anyone, path, body(&world.verification), body(NO_TOKEN))]
        }
        "POST /v1/portal/developers/password/reset/confirm" => {
            let path = "/v1/portal/developers/password/reset/confirm";
            let body = |token: &str| json!({"token": token, "password": password});
            vec![bodies(&world.anyone, path, body(&world.reset), body(NO_TOKEN))]
        }
        "DELETE /v1/auth/sessions/{id}" => {
            let path = |id: &str| format!("/v1/auth/sessions/{id}");
            let of = |id: &str| paths(&world.user, path(id), path(NO_SESSION), nothing.clone());
            // Of another application, and of another user of the same one.
            vec![of(&world.session), of(&world.neighbours_session)]
        }
        "DELETE /v1/portal/developers/sessions/{id}" => {
            let path = |id: &str| format!("/v1/portal/developers/sessions/{id}");
            // Of a user, and of another developer.
            let of = |id: &str| paths(dev, path(id), path(NO_SESSION), nothing.clone());
            vec![of(&world.session), of(&world.developers_session)]
        }
        "DELETE /v1/portal/applications/{app_id}/users/{id}/sessions/{session_id}" => {
            let of = |user: &str, session: &str| format!("/users/{user}/sessions/{session}");
            let within = |user: &str, session: &str| format!("{own}{}", of(user, session));
            let mut pairs = on(dev, &of(&world.users_id, &world.session), nothing.clone());
            // Another's user and session in the own application; the own user with another's session, and with a neighbour's.
            for (user, session) in [
                (&world.users_id, &world.session),
                (&world.own_users_id, &world.session),
                (&world.own_users_id, &world.neighbours_session),
            ] {
                let absent = if *user == world.users_id { NO_USER } else { user };
                let (foreign, absent) = (within(user, session), within(absent, NO_SESSION));
                pairs.push(paths(dev, foreign, absent, nothing.clone()));
            }
            pairs
        }
        "GET /v1/portal/applications/{app_id}" | "DELETE /v1/portal/applications/{app_id}" => {
            on(dev, "", nothing)
        }
        "PATCH /v1/portal/applications/{app_id}" => on(dev, "", json!({"name": "Mine"})),
        "POST /v1/portal/applications/{app_id}/secret/rotate" => on(dev, "/secret/rotate", nothing),
        "GET /v1/portal/applications/{app_id}/api-keys" => on(dev, "/api-keys", nothing),
        "GET /v1/portal/applications/{app_id}/audit-logs" => on(dev, "/audit-logs", nothing),
        "GET /v1/portal/applications/{app_id}/statistics" => on(dev, "/statistics", nothing),
        "POST /v1/portal/applications/{app_id}/api-keys" => on(dev, "/api-keys", json!({"label": "mine"})),
        "DELETE /v1/portal/applications/{app_id}/api-keys/{key_id}" => {
            let foreign = format!("/api-keys/{}", world.key);
            let within = |key: &str| format!("{own}/api-keys/{key}");
            let mut pairs = on(dev, &foreign, nothing.clone());
            // The own application with another's key.
            pairs.push(paths(dev, within(&world.key), within(NO_KEY), nothing));
            pairs
        }
        "GET /v1/portal/applications/{app_id}/users" => on(dev, "/users", nothing),
        "GET /v1/portal/applications/{app_id}/events" => on(dev, "/events", nothing),
        "GET /v1/portal/applications/{app_id}/users/{id}"
        | "DELETE /v1/portal/applications/{app_id}/users/{id}"
        | "GET /v1/portal/applications/{app_id}/users/{id}/history"
        | "POST /v1/portal/applications/{app_id}/users/{id}/suspend"
        | "POST /v1/portal/applications/{app_id}/users/{id}/restore"
        | "POST /v1/portal/applications/{app_id}/users/{id}/logout" => {
            let rest = operation.split_once("{id}").unwrap().1;
            let within = |user: &str| format!("{own}/users/{user}{rest}");
            let mut pairs = on(dev, &format!("/users/{}{rest}", world.users_id), nothing.clone());
            // The own application with another's user.
            pairs.push(paths(dev, within(&world.users_id), within(NO_USER), nothing));
            pairs
        }
        "GET /.well-known/jwks.json"
        | "GET /.well-known/oauth-authorization-server"
        | "GET /health/live"
        | "GET /health/ready"
        | "GET /v1/auth/me"
        | "GET /v1/auth/sessions"
        | "POST /v1/auth/signup"
        | "POST /v1/auth/login"
        | "POST /v1/auth/logout/all"
        | "POST /v1/auth/email/verify/request"
        | "POST /v1/auth/password/reset/request"
        | "POST /v1/auth/password/change"
        | "GET /v1/portal/applications"
        | "POST /v1/portal/applications"
        | "POST /v1/portal/developers/signup"
        | "POST /v1/portal/developers/login"
        | "GET /v1/portal/developers/me"
        | "PATCH /v1/portal/developers/me"
        | "POST /v1/portal/developers/logout"
        | "POST /v1/portal/developers/logout/all"
        | "GET /v1/portal/developers/sessions"
        | "POST /v1/portal/developers/email/verify/request"
        | "POST /v1/portal/developers/password/reset/request"
        | "POST /v1/portal/developers/password/change" => Vec::new(),
        _ => return None,
    })
}

const P: &str = "/v1/portal/applications";

/// What every operation of its kind names by its credentials.
fn credentials(world: &World, path: &str, described: &Value) -> Vec<Pair> {
    let filled = path
        .replace("{app_id}", &world.own_application)
        .replace("{key_id}", NO_KEY)
        .replace("{session_id}", NO_SESSION);
    let path = filled.replace("{id}", NO_SESSION);
    let schemes: BTreeSet<&str> = described["security"]
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|needed| needed.as_object().unwrap().keys().map(String::as_str))
        .collect();
    let mut pairs = Vec::new();
    let body = json!({});
    if schemes.contains("app_id") {
        let of = |id: &str| world.backend.with("x-app-id", id);
        pairs.push(callers(of(&world.application), of(NO_APPLICATION), &path, &body));
    }
    if schemes.contains("access_token") {
        let of = |token: &str| world.backend.bearing(token);
        pairs.push(callers(of(&world.access_token), of(NO_JWT), &path, &body));
        pairs.push(callers(of(&world.portal_token), of(NO_JWT), &path, &body));
    }
    if schemes.contains("portal_token") {
        let of = |token: &str| world.anyone.bearing(token);
        pairs.push(callers(of(&world.access_token), of(NO_JWT), &path, &body));
    }
    pairs
}

async fn ask(method: &Method, (client, path, body): &(Client, String, Value)) -> Answer {
    let request = client.with("x-request-id", "same-request-id").request(method.clone(), path);
    send(if body.is_null() { request } else { request.json(body) }).await
}

/// All of an answer but what differs between any two: time, and what is left of the rate limit.
fn bytes(answer: &Answer) -> (u16, Vec<(String, String)>, String) {
    let varies = ["date", "ratelimit"];
    let mut headers: Vec<(String, String)> = answer
        .headers
        .iter()
        .filter(|(name, _)| !varies.contains(&name.as_str()))
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    headers.sort();
    (answer.status, headers, answer.text.clone())
}

#[tokio::test]
async fn what_belongs_to_others_answers_like_what_is_not_there() {
    let app = TestApp::start().await;
    let world = World::new(&app).await;
    let document = app.anyone().get("/openapi.json").await.expect(200);
    let mut asked = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, described) in item.as_object().unwrap() {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let operation = format!("{method} {path}");
            let named = named(&world, &operation);
            let named = named.unwrap_or_else(|| panic!("{operation} is new: say here what it names"));
            assert!(!path.contains('{') || !named.is_empty(), "{operation} names something by its path");
            for pair in named.into_iter().chain(credentials(&world, path, described)) {
                let foreign = ask(&method, &pair.foreign).await;
                let absent = ask(&method, &pair.absent).await;
                assert_eq!(bytes(&foreign), bytes(&absent), "{operation}");
                assert!(foreign.status >= 400 || foreign.text.is_empty() || !foreign.text.contains("_01"));
                asked += 1;
            }
        }
    }
    assert!(asked > 40, "{asked}");
    world.is_unharmed().await;
}

#[tokio::test]
async fn lists_show_nothing_of_others() {
    let app = TestApp::start().await;
    let world = World::new(&app).await;
    let applications = world.developer.get(P).await.expect(200);
    let ids: Vec<&Value> =
        applications["data"].as_array().unwrap().iter().map(|one| &one["app_id"]).collect();
    assert_eq!(ids, [&json!(world.own_application)]);
    let sessions = world.user.get("/v1/auth/sessions").await.expect(200);
    assert_eq!(sessions["data"].as_array().unwrap().len(), 1);
    let own = format!("{P}/{}", world.own_application);
    let users = world.developer.get_fresh(&format!("{own}/users")).await.expect(200);
    assert_eq!((users["data"].as_array().unwrap().len(), &users["total"]), (2, &json!(2)));
    let foreign = format!("{own}/users?cursor={}", world.users_id);
    let before: Vec<Value> =
        world.developer.get_fresh(&foreign).await.expect(200)["data"].as_array().unwrap().clone();
    assert!(before.iter().all(|user| user["app_id"] == json!(world.own_application)));
    let events = world.developer.get_fresh(&format!("{own}/events?limit=100")).await;
    assert!(!events.text.contains(&world.application) && !events.text.contains(&world.users_id));
    assert!(events.expect(200)["data"].as_array().unwrap().len() > 5);
}
