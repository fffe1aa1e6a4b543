//! The part of JSON Schema that the document uses. A keyword that isn't known here fails, rather than check nothing.

use serde_json::{Map, Value, json};

/// Keywords that only describe.
const ANNOTATIONS: [&str; 5] = ["description", "example", "examples", "default", "title"];

/// Everything in which `value` differs from `schema`, empty if it fits. An object has no members but those that its
/// schema names, unless the schema names none.
pub fn differences(document: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    check(document, schema, value, "", &mut found);
    found
}

/// One object in place of several that are to hold together, since an object is closed by all of them and not by each.
fn merged(document: &Value, schemas: &[Value]) -> Value {
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for schema in schemas {
        let pointer = schema["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
        let schema = pointer.map_or(schema, |pointer| document.pointer(pointer).expect("it resolves"));
        properties.extend(schema["properties"].as_object().expect("an object").clone());
        required.extend(schema["required"].as_array().expect("what is required").clone());
    }
    json!({"type": "object", "properties": properties, "required": required})
}

fn check(document: &Value, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    for (keyword, expected) in schema.as_object().expect("a schema is an object") {
        let fits = match keyword.as_str() {
            "$ref" => {
                let pointer = expected.as_str().unwrap().strip_prefix('#').unwrap();
                check(document, document.pointer(pointer).expect("it resolves"), value, at, found);
                true
            }
            "allOf" => {
                check(document, &merged(document, expected.as_array().unwrap()), value, at, found);
                true
            }
            "oneOf" => {
                let fitting = |one: &&Value| differences(document, one, value).is_empty();
                expected.as_array().unwrap().iter().filter(fitting).count() == 1
            }
            "type" => of_type(expected, value),
            "enum" => expected.as_array().unwrap().contains(value),
            "pattern" => value.as_str().is_none_or(|text| is_alternative(expected.as_str().unwrap(), text)),
            "format" => has_format(expected.as_str().unwrap(), value),
            "minimum" => value.as_f64().is_none_or(|number| number >= expected.as_f64().unwrap()),
            "maximum" => value.as_f64().is_none_or(|number| number <= expected.as_f64().unwrap()),
            "minLength" => length(value).is_none_or(|length| length >= expected.as_u64().unwrap()),
            "maxLength" => length(value).is_none_or(|length| length <= expected.as_u64().unwrap()),
            "maxItems" => {
                value.as_array().is_none_or(|items| items.len() as u64 <= expected.as_u64().unwrap())
            }
            "required" => value.as_object().is_none_or(|members| has_all(members, expected)),
            "properties" => value.as_object().is_none_or(|members| {
                each_member(document, expected, members, at, found);
                true
            }),
            "items" => value.as_array().is_none_or(|items| {
                for (index, item) in items.iter().enumerate() {
                    check(document, expected, item, &format!("{at}/{index}"), found);
                }
                true
            }),
            // Objects are closed here anyway.
            "additionalProperties" => *expected == Value::Bool(false),
            annotation if ANNOTATIONS.contains(&annotation) => true,
            unknown => panic!("{unknown} at {at}: teach it to this checker"),
        };
        if !fits {
            found.push(format!("{at}: {value} is not {keyword} {expected}"));
        }
    }
}

fn each_member(
    document: &Value,
    schemas: &Value,
    members: &Map<String, Value>,
    at: &str,
    found: &mut Vec<String>,
) {
    for (name, member) in members {
        match schemas.get(name) {
            Some(schema) => check(document, schema, member, &format!("{at}/{name}"), found),
            None => found.push(format!("{at}: {name} is not in the schema")),
        }
    }
}

fn has_all(members: &Map<String, Value>, names: &Value) -> bool {
    names.as_array().unwrap().iter().all(|name| members.contains_key(name.as_str().unwrap()))
}

fn of_type(expected: &Value, value: &Value) -> bool {
    let is = |name: &str| match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        unknown => panic!("{unknown} is no type"),
    };
    match expected {
        Value::Array(names) => names.iter().any(|name| is(name.as_str().unwrap())),
        name => is(name.as_str().unwrap()),
    }
}

/// All patterns of the document have the form `^(one|two)$`.
fn is_alternative(pattern: &str, text: &str) -> bool {
    let inner = pattern.strip_prefix("^(").and_then(|rest| rest.strip_suffix(")$"));
    inner.expect("teach other patterns to this checker").split('|').any(|word| word == text)
}

fn has_format(format: &str, value: &Value) -> bool {
    let Some(text) = value.as_str() else { return true };
    match format {
        "date-time" => chrono::DateTime::parse_from_rfc3339(text).is_ok() && text.ends_with('Z'),
        "date" => text.parse::<chrono::NaiveDate>().is_ok(),
        "email" => text.contains('@'),
        "uri" => url::Url::parse(text).is_ok(),
        "password" => true,
        unknown => panic!("{unknown}: teach it to this checker"),
    }
}

fn length(value: &Value) -> Option<u64> {
    value.as_str().map(|text| text.chars().count() as u64)
}

#[test]
fn the_checker_sees_what_does_not_fit() {
    let document = json!({"components": {"schemas": {"Word": {"type": "string", "pattern": "^(yes|no)$"}}}});
    let schema = json!({
        "type": "object",
        "required": ["word", "at"],
        "properties": {
            "word": {"$ref": "#/components/schemas/Word"},
            "at": {"type": ["string", "null"], "format": "date-time"},
            "many": {"type": "array", "items": {"type": "integer", "minimum": 1}},
            "any": {"type": "object"},
        },
    });
    let fits = |value: Value| differences(&document, &schema, &value).is_empty();
    assert!(fits(json!({"word": "yes", "at": null, "many": [1, 2], "any": {"x": 1}})));
    for wrong in [
        json!({"word": "yes"}),
        json!({"word": "maybe", "at": null}),
        json!({"word": "no", "at": "yesterday"}),
        json!({"word": "no", "at": "2026-01-01T00:00:00+01:00"}),
        json!({"word": "no", "at": null, "other": 1}),
        json!({"word": "no", "at": null, "many": [0]}),
        json!({"word": "no", "at": null, "many": {}}),
        json!([]),
    ] {
        assert!(!fits(wrong.clone()), "{wrong}");
    }
    let one = json!({"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}});
    let both = json!({"allOf": [one, {"type": "object", "required": ["b"], "properties": {"b": {"type": "integer"}}}]});
    let fits = |value: Value| differences(&document, &both, &value).is_empty();
    assert!(fits(json!({"a": "x", "b": 1})));
    assert!(!fits(json!({"a": "x"})) && !fits(json!({"b": 1})) && !fits(json!({"a": "x", "b": 1, "c": 1})));
}
