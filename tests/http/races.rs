//! One request, sent several times at the same moment to two nodes: it happens as often as it should, and each caller is told
//! what became of theirs. The table goes by the OpenAPI document: a route that changes something and has no entry fails the test.

mod race;
mod scene;

use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{PASSWORD, TestApp};
use crate::client::Client;
use race::{Race, Then};
use scene::{NEW, Scene, Token};

const GONE: &[(u16, &str)] = &[(404, "not_found")];
const LOGGED_OUT: &[(u16, &str)] = &[(401, "invalid_token")];
const USED_UP: &[(u16, &str)] = &[(400, "token_invalid")];
const TAKEN: &[(u16, &str)] = &[(409, "email_taken")];
/// By a password that is the current one no more, or by a session that has ended with it.
const OVERTAKEN: &[(u16, &str)] = &[(401, "invalid_credentials"), (401, "invalid_token")];

/// The races of an operation that changes something. One that only asks says so with an empty list.
async fn races(scene: &Scene<'_>, operation: &str) -> Option<Vec<Race>> {
    let (method, path) = operation.split_once(' ').unwrap();
    let method: Method = method.parse().unwrap();
    let path = scene.filled(path);
    let of = |client: &Client, body| Race::new(client, &method, &path, body);
    let (anyone, backend, ada, grace) = (&scene.anyone, &scene.backend, &scene.ada, &scene.grace);
    let nothing = Value::Null;
    let refused = |client: &Client, path: &str| Then::Refused(client.clone(), path.to_owned());
    let token = async |token| json!({"token": scene.newest(token).await});
    let reset = async |token| json!({"token": scene.newest(token).await, "password": NEW});
    let somebody = json!({"email": scene.another_address(), "password": PASSWORD});
    let [graces, adas] = [&*scene.graces_address, scene::ADA]
        .map(|address| (json!({"email": address}), json!({"email": address, "password": PASSWORD})));
    let change = json!({"current_password": PASSWORD, "password": NEW});
    let signed_up = &["UserRegistered", "EmailVerificationRequested"];
    Some(match operation {
        "POST /v1/auth/introspect" => Vec::new(),
        "POST /v1/auth/signup" => {
            let keyed = json!({"email": "keyed@example.org", "password": PASSWORD});
            vec![
                of(backend, somebody).one_gets(201, TAKEN).once(signed_up),
                of(backend, keyed).with_one_key(201).once(signed_up),
            ]
        }
        "POST /v1/portal/developers/signup" => {
            let keyed = json!({"email": "keyed@example.org", "password": PASSWORD});
            vec![
                of(anyone, somebody).one_gets(201, TAKEN).once(signed_up),
                of(anyone, keyed).with_one_key(201).once(signed_up),
            ]
        }
        "POST /v1/auth/login" => vec![of(backend, adas.1).all_get(200).each(&["SessionStarted"])],
        "POST /v1/portal/developers/login" => {
            vec![of(anyone, graces.1).all_get(200).each(&["SessionStarted"])]
        }
        "POST /v1/auth/refresh" => {
            let race = of(backend, json!({"refresh_token": scene.refresh_token}));
            vec![race.all_get(200).once(&["SessionRefreshed"])]
        }
        "POST /v1/auth/logout" => {
            let race = of(backend, json!({"refresh_token": scene.refresh_token}));
            vec![race.all_get(204).once(&["SessionEnded"]).then(refused(ada, "/v1/auth/me"))]
        }
        "POST /v1/auth/logout/all" => {
            let race = of(ada, nothing).some_get(204, LOGGED_OUT).each(&["SessionsRevoked"]);
            vec![race.then(refused(ada, "/v1/auth/me"))]
        }
        "POST /v1/portal/developers/logout" => {
            let race = of(grace, nothing).some_get(204, LOGGED_OUT).once(&["SessionEnded"]);
            vec![race.then(refused(grace, "/v1/portal/developers/me"))]
        }
        "POST /v1/portal/developers/logout/all" => {
            let race = of(grace, nothing).some_get(204, LOGGED_OUT).each(&["SessionsRevoked"]);
            vec![race.then(refused(grace, "/v1/portal/developers/me"))]
        }
        "DELETE /v1/auth/sessions/{id}" => {
            vec![of(ada, nothing).some_get(204, GONE).once(&["SessionEnded"])]
        }
        "DELETE /v1/portal/developers/sessions/{id}"
        | "DELETE /v1/portal/applications/{app_id}/users/{id}/sessions/{session_id}" => {
            vec![of(grace, nothing).some_get(204, GONE).once(&["SessionEnded"])]
        }
        "POST /v1/auth/email/verify/request" => {
            let race = of(backend, adas.0).all_get(202).each(&["EmailVerificationRequested"]);
            vec![race.then(Then::NewestTokenAlone(backend.clone(), Token::AdasVerification))]
        }
        "POST /v1/auth/password/reset/request" => {
            let race = of(backend, adas.0).all_get(202).each(&["PasswordResetRequested"]);
            vec![race.then(Then::NewestTokenAlone(backend.clone(), Token::AdasReset))]
        }
        "POST /v1/portal/developers/email/verify/request" => {
            let race = of(anyone, graces.0).all_get(202).each(&["EmailVerificationRequested"]);
            vec![race.then(Then::NewestTokenAlone(anyone.clone(), Token::GracesVerification))]
        }
        "POST /v1/portal/developers/password/reset/request" => {
            let race = of(anyone, graces.0).all_get(202).each(&["PasswordResetRequested"]);
            vec![race.then(Then::NewestTokenAlone(anyone.clone(), Token::GracesReset))]
        }
        "POST /v1/auth/email/verify/confirm" => {
            let race = of(backend, token(Token::AdasVerification).await);
            vec![race.one_gets(200, USED_UP).once(&["EmailVerified"])]
        }
        "POST /v1/auth/password/reset/confirm" => {
            let race = of(backend, reset(Token::AdasReset).await);
            vec![race.one_gets(200, USED_UP).once(&["PasswordReset"])]
        }
        "POST /v1/portal/developers/email/verify/confirm" => {
            let race = of(anyone, token(Token::GracesVerification).await);
            vec![race.one_gets(200, USED_UP).once(&["EmailVerified"])]
        }
        "POST /v1/portal/developers/password/reset/confirm" => {
            let race = of(anyone, reset(Token::GracesReset).await);
            let race = race.one_gets(200, USED_UP).once(&["PasswordReset"]);
            vec![race.then(refused(grace, "/v1/portal/developers/me"))]
        }
        "POST /v1/auth/password/change" => {
            vec![of(ada, change).one_gets(204, OVERTAKEN).once(&["PasswordChanged"])]
        }
        "POST /v1/portal/developers/password/change" => {
            let race = of(grace, change).one_gets(204, OVERTAKEN).once(&["PasswordChanged"]);
            vec![race.then(refused(grace, "/v1/portal/developers/me"))]
        }
        "PATCH /v1/portal/developers/me" => {
            vec![of(grace, json!({"name": "Grace"})).all_get(200).once(&["MetadataChanged"])]
        }
        "POST /v1/portal/applications" => {
            let body = json!({"name": "Another", "environment": "staging"});
            vec![
                of(grace, body.clone()).all_get(201).each(&["ApplicationCreated"]),
                of(grace, body).with_one_key(201).once(&["ApplicationCreated"]),
            ]
        }
        "PATCH /v1/portal/applications/{app_id}" => {
            vec![of(grace, json!({"name": "Renamed"})).all_get(200).once(&["ApplicationUpdated"])]
        }
        "DELETE /v1/portal/applications/{app_id}" => {
            let race = of(grace, nothing).some_get(204, GONE).once(&["ApplicationDeleted"]);
            vec![race.then(refused(grace, &path))]
        }
        "POST /v1/portal/applications/{app_id}/secret/rotate" => {
            vec![of(grace, nothing).all_get(200).each(&["AppSecretRotated"])]
        }
        "POST /v1/portal/applications/{app_id}/api-keys" => {
            let body = json!({"label": "web"});
            let race = of(grace, body.clone()).all_get(201).each(&["ApiKeyIssued"]);
            vec![
                race.then(Then::KeysWork(backend.clone())),
                of(grace, body)
                    .with_one_key(201)
                    .once(&["ApiKeyIssued"])
                    .then(Then::KeysWork(backend.clone())),
            ]
        }
        "DELETE /v1/portal/applications/{app_id}/api-keys/{key_id}" => {
            let race = of(grace, nothing).all_get(204).once(&["ApiKeyRevoked"]);
            vec![race.then(refused(ada, "/v1/auth/me"))]
        }
        "DELETE /v1/portal/applications/{app_id}/users/{id}" => {
            let race = of(grace, nothing).some_get(204, GONE).once(&["UserErased"]);
            vec![race.then(refused(grace, &path))]
        }
        "POST /v1/portal/applications/{app_id}/users/{id}/suspend" => {
            vec![of(grace, nothing).all_get(204).once(&["UserSuspended"])]
        }
        "POST /v1/portal/applications/{app_id}/users/{id}/restore" => {
            scene.suspend_ada().await;
            vec![of(grace, nothing).all_get(204).once(&["UserRestored"])]
        }
        "POST /v1/portal/applications/{app_id}/users/{id}/logout" => {
            let race = of(grace, nothing).all_get(204).each(&["SessionsRevoked"]);
            vec![race.then(refused(ada, "/v1/auth/me"))]
        }
        _ => return None,
    })
}

#[tokio::test]
async fn what_two_nodes_are_asked_for_at_the_same_moment_happens_as_often_as_it_should() {
    let app = TestApp::start().await;
    let other = app.another_node().await;
    let document = app.anyone().get("/openapi.json").await.expect(200);
    let (mut operations, mut raced) = (0, 0);
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            let operation = format!("{} {path}", method.to_uppercase());
            if method == "get" {
                continue;
            }
            let scene = Scene::new(&app, &other, operations).await;
            operations += 1;
            let races = races(&scene, &operation).await;
            for race in races.unwrap_or_else(|| panic!("{operation} is new: say here what becomes of it")) {
                race.run(&scene, &operation).await;
                raced += 1;
            }
        }
    }
    assert!(raced > 30, "{raced}");
}
