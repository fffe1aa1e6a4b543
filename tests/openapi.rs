//! The OpenAPI document: committed as it is generated, sound in itself, and complete.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn document() -> Value {
    serde_json::from_str(&devauth::http::routes::openapi()).unwrap()
}

/// `METHOD /path`, the operation, and the parameters that it shares with others of its path.
fn operations(document: &Value) -> Vec<(String, &Map<String, Value>)> {
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let known = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];
            assert!(known.contains(&method.as_str()), "{path} has {method}");
            all.push((format!("{} {path}", method.to_uppercase()), operation.as_object().unwrap()));
        }
    }
    all
}

#[test]
fn the_committed_document_is_the_generated_one() {
    let committed = std::fs::read_to_string(root().join("docs/openapi.json")).unwrap();
    let fresh = committed == devauth::http::routes::openapi();
    assert!(fresh, "docs/openapi.json is stale: cargo run -- openapi > docs/openapi.json");
}

#[test]
fn it_has_what_openapi_3_1_asks_for() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    for member in ["title", "version"] {
        assert!(!document["info"][member].as_str().unwrap().is_empty());
    }
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    for (name, operation) in operations(&document) {
        assert!(name.contains(" /"), "{name}");
        for member in ["operationId", "summary"] {
            assert!(
                operation[member].as_str().is_some_and(|text| !text.is_empty()),
                "{name} has no {member}"
            );
        }
        assert_eq!(operation["tags"].as_array().unwrap().len(), 1, "{name}");
        for response in operation["responses"].as_object().unwrap().values() {
            let response = resolve(&document, response);
            assert!(response["description"].is_string(), "{name}");
        }
    }
}

fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let Some(reference) = value["$ref"].as_str() else { return value };
    let pointer = reference.strip_prefix('#').unwrap_or_else(|| panic!("{reference} leads elsewhere"));
    document.pointer(pointer).unwrap_or_else(|| panic!("{reference} leads nowhere"))
}

#[test]
fn every_reference_resolves_and_every_component_is_used() {
    let document = document();
    let mut used = BTreeSet::new();
    each(&document, &mut |value| {
        if let Some(reference) = value["$ref"].as_str() {
            resolve(&document, value);
            used.insert(reference.to_owned());
        }
    });
    assert!(used.len() > 20);
    for kind in ["schemas", "responses"] {
        for name in document["components"][kind].as_object().unwrap().keys() {
            // A page is written out where it is used, with its objects in it.
            let used = used.contains(&format!("#/components/{kind}/{name}"));
            let in_pages = components_have_page_of(&document, name);
            assert!(used || in_pages || name.starts_with("Page_"), "{kind}/{name} is used nowhere");
        }
    }
}

fn each(value: &Value, visit: &mut impl FnMut(&Value)) {
    visit(value);
    match value {
        Value::Array(items) => items.iter().for_each(|item| each(item, visit)),
        Value::Object(members) => members.values().for_each(|member| each(member, visit)),
        _ => {}
    }
}

#[test]
fn operation_ids_are_unique_and_fit_for_code() {
    let document = document();
    let mut ids = BTreeSet::new();
    for (name, operation) in operations(&document) {
        let id = operation["operationId"].as_str().unwrap();
        assert!(id.chars().all(|c| c.is_ascii_alphanumeric()) && id.starts_with(char::is_lowercase), "{id}");
        assert!(ids.insert(id), "{id} of {name} is there twice");
    }
}

#[test]
fn every_operation_describes_success_and_errors_in_the_one_shape() {
    let document = document();
    for (name, operation) in operations(&document) {
        let responses = operation["responses"].as_object().unwrap();
        assert!(responses.keys().any(|status| status.starts_with('2')), "{name}");
        let mut expected = vec!["431", "500", "503"];
        if operation.contains_key("requestBody") {
            expected.extend(["400", "408", "413", "415", "422"]);
        }
        if operation.contains_key("security") {
            expected.extend(["401", "403"]);
        }
        if name.contains(" /v1/auth") {
            expected.extend(["400", "401", "403", "429"]);
        }
        if name.contains('{') {
            expected.push("404");
        }
        for status in expected {
            assert!(responses.contains_key(status), "{name} has no {status}");
        }
        for (status, response) in responses.iter().filter(|(status, _)| !status.starts_with('2')) {
            let response = resolve(&document, response);
            let content = &response["content"]["application/problem+json"];
            assert_eq!(content["schema"]["$ref"], "#/components/schemas/Problem", "{name} {status}");
            let header = |header: &str| response["headers"][header].is_object();
            assert_eq!(header("WWW-Authenticate"), status == "401", "{name} {status}");
            assert_eq!(header("Retry-After"), status == "429" || status == "503", "{name} {status}");
            for example in content["examples"].as_object().unwrap().values() {
                assert_eq!(example["value"]["status"].to_string(), *status);
            }
        }
    }
}

#[test]
fn parameters_are_those_of_the_path_and_security_names_known_schemes() {
    let document = document();
    let schemes = document["components"]["securitySchemes"].as_object().unwrap();
    let mut used = BTreeSet::new();
    for (name, operation) in operations(&document) {
        let in_path: BTreeSet<&str> =
            name.split('{').skip(1).map(|rest| rest.split('}').next().unwrap()).collect();
        let parameters = operation.get("parameters").and_then(Value::as_array);
        let parameters: Vec<&Value> = parameters.into_iter().flatten().collect();
        let described: BTreeSet<&str> = parameters
            .iter()
            .filter(|parameter| parameter["in"] == "path")
            .map(|parameter| parameter["name"].as_str().unwrap())
            .collect();
        assert_eq!(in_path, described, "{name}");
        for parameter in &parameters {
            assert!(parameter["in"] != "path" || parameter["required"] == true, "{name}: {parameter}");
            assert!(parameter["schema"].is_object(), "{name}: {parameter}");
        }
        let security = operation.get("security").and_then(Value::as_array);
        for needed in security.into_iter().flatten().flat_map(|needed| needed.as_object().unwrap().keys()) {
            assert!(schemes.contains_key(needed), "{name} needs {needed}");
            used.insert(needed);
        }
        let open = name.contains(" /v1/portal/developers/") || !name.contains(" /v1/");
        assert!(security.is_some() || open, "{name} is open to anybody");
    }
    assert_eq!(used.len(), schemes.len());
}

/// Handlers that nobody routes would be described nowhere, and neither would routes without a description.
#[test]
fn every_described_handler_is_routed() {
    let mut described = BTreeSet::new();
    sources(&root().join("src/http"), &mut |source| {
        for attribute in source.split("#[utoipa::path(").skip(1) {
            let (method, rest) = attribute.trim_start().split_once(',').unwrap();
            let path = rest.split_once("path = \"").unwrap().1.split('"').next().unwrap();
            described.insert(format!("{} {path}", method.to_uppercase()));
        }
    });
    // An example of a test.
    described.remove("POST /v1/auth/example");
    let document = document();
    let routed: BTreeSet<String> = operations(&document).into_iter().map(|(name, _)| name).collect();
    assert_eq!(described, routed);
}

fn sources(folder: &Path, visit: &mut impl FnMut(&str)) {
    let entries: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    for path in entries {
        if path.is_dir() {
            sources(&path, visit);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            visit(&std::fs::read_to_string(&path).unwrap());
        }
    }
}

/// Routes below `/v1` are added with `routes!`, which takes the description along; `.route(` would not.
#[test]
fn no_route_of_the_interface_goes_without_a_description() {
    for part in ["auth.rs", "portal.rs", "well_known.rs", "health.rs"] {
        let source = std::fs::read_to_string(root().join("src/http").join(part)).unwrap();
        assert!(!source.contains(".route("), "{part}");
        assert!(source.contains(".routes(routes!("), "{part}");
    }
}

fn components_have_page_of(document: &Value, name: &str) -> bool {
    document["components"]["schemas"].get(format!("Page_{name}")).is_some()
}

/// The service refuses unknown members, so the document must not allow them.
#[test]
fn request_bodies_allow_nothing_but_what_they_name() {
    let document = document();
    let mut bodies = 0;
    for (name, operation) in operations(&document) {
        let Some(body) = operation.get("requestBody") else { continue };
        let schema = resolve(&document, &body["content"]["application/json"]["schema"]);
        assert_eq!(schema["additionalProperties"], false, "{name}");
        bodies += 1;
    }
    assert!(bodies > 10);
    assert_eq!(document["components"]["schemas"]["SettingsChange"]["additionalProperties"], false);
}

/// The document closed the form as it closes JSON bodies, and the service takes what RFC 7662 may add one day.
#[test]
fn the_form_of_introspection_is_open_and_its_json_is_closed() {
    let document = document();
    let content = &document["paths"]["/v1/auth/introspect"]["post"]["requestBody"]["content"];
    let closed = |media: &str| resolve(&document, &content[media]["schema"])["additionalProperties"].clone();
    assert_eq!(closed("application/json"), false);
    assert_eq!(closed("application/x-www-form-urlencoded"), Value::Null);
}

/// Only one of four routes that honour the header said so.
#[test]
fn every_route_that_honours_an_idempotency_key_says_so() {
    let document = document();
    let all = operations(&document);
    let honouring = all.iter().filter(|(_, operation)| {
        let conflict = operation["responses"].get("409").map(ToString::to_string).unwrap_or_default();
        conflict.contains("idempotency_in_progress")
    });
    let mut routes = 0;
    for (name, operation) in honouring {
        routes += 1;
        let parameters = operation.get("parameters").and_then(Value::as_array).cloned().unwrap_or_default();
        let named = parameters.iter().any(|parameter| parameter["name"] == "Idempotency-Key");
        assert!(named, "{name}");
    }
    assert_eq!(routes, 4);
}
