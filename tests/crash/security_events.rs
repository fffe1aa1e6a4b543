//! What the log of a node says of authentication and key operations: one line each, with the ids of those concerned.

mod walk;

use std::collections::{BTreeMap, BTreeSet};

use devauth::http::metrics::EVENTS;
use serde_json::Value;

use crate::deployment::Deployment;
use walk::Walk;

/// What is asked of the node, in this order; `app_id` and `user_id` of "request finished"; and the security events of the request
/// with their `app_id`, `user_id`, `session_id` or `key_id`, and `reason`. Ids are written as [`Walk`] calls those they are of.
#[rustfmt::skip] // One request a line.
const TABLE: &[(&str, &str, &str)] = &[
    ("POST /v1/portal/developers/signup", "- grace", "signup - grace"),
    ("POST /v1/portal/developers/email/verify/request", "- -", "email_verify_request - grace"),
    ("POST /v1/portal/developers/email/verify/confirm", "- grace", "email_verified - grace"),
    ("POST /v1/portal/developers/password/reset/request", "- -", "password_reset_request - grace"),
    ("POST /v1/portal/developers/password/reset/confirm", "- grace", "password_reset_confirm - grace"),
    ("POST /v1/portal/developers/login", "- -", "login_failed - grace wrong_password"),
    ("POST /v1/portal/developers/login", "- grace", "login - grace grace-1"),
    ("PATCH /v1/portal/developers/me", "- grace", "metadata_changed - grace"),
    ("POST /v1/portal/applications", "acme grace", "application_created acme grace"),
    ("PATCH /v1/portal/applications/{app_id}", "acme grace", "application_updated acme grace"),
    ("POST /v1/portal/applications/{app_id}/secret/rotate", "acme grace", "app_secret_rotated acme grace"),
    ("POST /v1/portal/applications/{app_id}/api-keys", "acme grace", "api_key_created acme grace key"),
    ("POST /v1/auth/signup", "acme ada", "signup acme ada"),
    ("POST /v1/auth/email/verify/request", "acme -", "email_verify_request acme ada"),
    ("POST /v1/auth/login", "acme ada", "login_failed acme ada email_unverified"),
    ("GET /verify-email", "acme -", ""),
    ("POST /verify-email", "acme ada", "email_verified acme ada"),
    ("POST /v1/auth/login", "acme ada", "login acme ada ada-1"),
    ("GET /v1/auth/me", "acme ada", ""),
    ("POST /v1/auth/introspect", "acme -", ""),
    ("POST /v1/auth/refresh", "acme ada", "refresh acme ada ada-1"),
    ("POST /v1/auth/refresh", "acme ada", "refresh acme ada ada-1"),
    ("POST /v1/auth/refresh", "acme ada", "refresh_reused acme ada ada-1"),
    ("POST /v1/auth/login", "acme ada", "login acme ada ada-2"),
    ("POST /v1/auth/login", "acme ada", "login acme ada ada-3"),
    ("DELETE /v1/auth/sessions/{id}", "acme ada", "session_revoked acme ada ada-2"),
    ("POST /v1/auth/password/change", "acme ada", "password_changed acme ada"),
    ("POST /v1/auth/logout", "acme ada", "logout acme ada ada-3"),
    ("POST /v1/auth/login", "acme ada", "login acme ada ada-4"),
    ("POST /v1/auth/logout/all", "acme ada", "session_revoked acme ada"),
    ("POST /v1/auth/password/reset/request", "acme -", "password_reset_request acme ada"),
    ("POST /v1/auth/password/reset/confirm", "acme ada", "password_reset_confirm acme ada"),
    ("POST /v1/auth/password/reset/request", "acme -", "mails_withheld acme ada"),
    ("POST /v1/auth/login", "acme ada", "login acme ada ada-5"),
    ("DELETE /v1/portal/applications/{app_id}/users/{id}/sessions/{session_id}", "acme grace", "session_revoked acme ada ada-5"),
    ("POST /v1/portal/applications/{app_id}/users/{id}/logout", "acme grace", "session_revoked acme ada"),
    ("POST /v1/portal/applications/{app_id}/users/{id}/suspend", "acme grace", "user_suspended acme ada"),
    ("POST /v1/auth/login", "acme -", "login_failed acme ada suspended"),
    ("POST /v1/portal/applications/{app_id}/users/{id}/restore", "acme grace", "user_restored acme ada"),
    ("POST /v1/auth/login", "acme -", "login_failed acme - unknown_address"),
    ("POST /v1/auth/login", "acme -", "login_failed acme - unknown_address; locked acme -"),
    // Whose address it is was not looked up.
    ("POST /v1/auth/login", "acme -", "login_failed acme - account_locked"),
    ("POST /v1/auth/signup", "acme bob", "signup acme bob"),
    ("POST /v1/auth/login", "acme -", "login_failed acme bob wrong_password; locked acme bob"),
    ("POST /v1/auth/login", "acme -", "login_failed acme bob account_protected"),
    ("DELETE /v1/portal/applications/{app_id}/users/{id}", "acme grace", "user_erased acme bob"),
    ("DELETE /v1/portal/applications/{app_id}/api-keys/{key_id}", "acme grace", "api_key_revoked acme grace key"),
    ("DELETE /v1/portal/applications/{app_id}", "acme grace", "application_deleted acme grace"),
    ("POST /v1/portal/developers/login", "- grace", "login - grace grace-2"),
    ("DELETE /v1/portal/developers/sessions/{id}", "- grace", "session_revoked - grace grace-2"),
    ("POST /v1/portal/developers/password/change", "- grace", "password_changed - grace"),
    ("POST /v1/portal/developers/login", "- grace", "login - grace grace-3"),
    ("POST /v1/portal/developers/logout", "- grace", "logout - grace grace-3"),
    ("POST /v1/portal/developers/login", "- grace", "login - grace grace-4"),
    ("POST /v1/portal/developers/logout/all", "- grace", "session_revoked - grace"),
];

/// Ids of a line, by the names of those they are of.
fn whom(line: &Value, names: &BTreeMap<String, String>, members: &[&str]) -> Vec<String> {
    let name = |id: &str| names.get(id).cloned().unwrap_or_else(|| id.to_owned());
    members.iter().filter_map(|member| line[*member].as_str()).map(name).collect()
}

/// Both ids that a request has, `-` for one that the line lacks.
fn both(line: &Value, names: &BTreeMap<String, String>) -> String {
    ["app_id", "user_id"].map(|id| whom(line, names, &[id]).pop().unwrap_or("-".to_owned())).join(" ")
}

fn event(line: &Value, names: &BTreeMap<String, String>) -> String {
    let others = whom(line, names, &["session_id", "key_id", "reason"]);
    let first = [text(line, "event").to_owned(), both(line, names)];
    first.into_iter().chain(others).collect::<Vec<_>>().join(" ")
}

fn text<'a>(line: &'a Value, member: &str) -> &'a str {
    line[member].as_str().expect("a text")
}

fn is_finished(line: &Value) -> bool {
    line["message"] == "request finished"
}

fn is_security_event(line: &Value) -> bool {
    line["target"] == "devauth::events"
}

#[tokio::test]
async fn each_operation_leaves_its_line_with_the_ids_of_those_concerned() {
    let deployment = Deployment::new().await;
    let node = deployment.start().await;

    let walk = Walk::through(&deployment, &node).await;

    let ids: Vec<String> = (1..=walk.steps).map(Walk::request_id).collect();
    let read = |text: &str| -> Vec<Value> {
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    };
    // An answer may arrive before the line that tells of it.
    let all_finished = |text: &str| {
        let lines = read(text);
        let finished: BTreeSet<&str> = lines
            .iter()
            .filter(|line| is_finished(line))
            .filter_map(|line| line["request_id"].as_str())
            .collect();
        ids.iter().all(|id| finished.contains(id.as_str())).then_some(lines.clone())
    };
    let lines = node.wrote(all_finished).await;
    assert_eq!(ids.len(), TABLE.len());
    let mut wrong = Vec::new();
    for (id, row) in ids.iter().zip(TABLE) {
        let of_request: Vec<&Value> = lines.iter().filter(|line| line["request_id"] == **id).collect();
        let finished = of_request.iter().find(|line| is_finished(line)).expect("waited for");
        let request = format!("{} {}", text(finished, "method"), text(finished, "route"));
        let events = of_request.iter().filter(|line| is_security_event(line));
        let events: Vec<String> = events.map(|line| event(line, &walk.names)).collect();
        let written = (request, both(finished, &walk.names), events.join("; "));
        if (written.0.as_str(), written.1.as_str(), written.2.as_str()) != *row {
            wrong.push((row, written));
        }
    }
    assert!(wrong.is_empty(), "what should be there, and what is: {wrong:#?}");
    deployment.nothing_was_given_away();
}

#[test]
fn every_security_event_is_in_the_table() {
    let lines = TABLE.iter().flat_map(|(_, _, lines)| lines.split("; ")).filter(|line| !line.is_empty());
    let walked: BTreeSet<&str> = lines.filter_map(|line| line.split(' ').next()).collect();

    assert_eq!(walked, BTreeSet::from(EVENTS));
}

#[tokio::test]
async fn a_mail_is_found_by_its_job_and_its_user_and_not_by_a_request() {
    let deployment = Deployment::new().await;
    let node = deployment.start().await;
    let client = deployment.application(&node).await;
    let user = client.sign_up("ada@example.org").await.expect(201);
    let id = &user["user"]["id"];

    let mail = |text: &str| {
        let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines.filter(|line| line["message"] == "mail").find(|line| line["user_id"] == *id)
    };
    let line = node.wrote(mail).await;

    assert_eq!((&line["kind"], &line["result"]), (&"verify_email".into(), &"sent".into()));
    assert!(line["job_id"].is_string() && line["app_id"].is_string(), "{line}");
    assert!(line.get("request_id").is_none(), "{line}");
}
