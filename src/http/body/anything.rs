//! What an object may contain of which the application alone knows what it means.

use serde_json::Value;

/// How deep an object of anything may be, itself included. It comes back inside of others, answers and exports, and readers of
/// JSON have limits: that of serde_json, which reads the exports again, is 128.
const MOST_LEVELS: usize = 64;

/// What is wrong with it, as a code and a message: a character that Postgres can't keep, a number that was `rounded` when the body
/// was read, more than `max_bytes` of compact JSON, or more than [`MOST_LEVELS`].
pub(super) fn problem(value: &Value, rounded: bool, max_bytes: usize) -> Option<(&'static str, String)> {
    if contains_nul(value) {
        return Some(("invalid_character", "must not contain the character U+0000".to_owned()));
    }
    // The value alone doesn't tell 1e20 from a whole number that was rounded to it, so both are meant where one was rounded.
    if rounded && contains_large(value) {
        let message =
            "must have no whole number that neither 64 bits nor a double can hold: write it as a string";
        return Some(("out_of_range", message.to_owned()));
    }
    if value.to_string().len() > max_bytes {
        return Some(("too_long", format!("must be at most {max_bytes} bytes of JSON")));
    }
    if levels(value) > MOST_LEVELS {
        return Some(("too_deep", format!("must be nested at most {MOST_LEVELS} levels deep")));
    }
    None
}

/// How deep objects and lists are nested.
fn levels(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(levels).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(levels).max().unwrap_or(0),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

/// Whether a number is in it that as a whole number would need more than 64 bits.
fn contains_large(value: &Value) -> bool {
    match value {
        Value::Number(number) => {
            number.is_f64() && number.as_f64().is_some_and(|number| number.abs() >= 2_f64.powi(63))
        }
        Value::Array(items) => items.iter().any(contains_large),
        Value::Object(members) => members.values().any(contains_large),
        Value::Null | Value::Bool(_) | Value::String(_) => false,
    }
}

fn contains_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(contains_nul),
        Value::Object(members) => {
            members.iter().any(|(name, value)| name.contains('\0') || contains_nul(value))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
