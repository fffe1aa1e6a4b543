//! JSON read without mercy: one object, no repeated member at any depth, nothing after it.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Reads one JSON object; `None` for anything else.
///
/// serde_json refuses invalid UTF-8, lone surrogates, trailing text and nesting deeper than 128 by itself, but
/// lets the last of repeated members win, and then two readers of one body can see two different things.
pub fn object(bytes: &[u8]) -> Option<Map<String, Value>> {
    match serde_json::from_slice(bytes) {
        Ok(Strict(Value::Object(members))) => Some(members),
        Ok(Strict(_)) | Err(_) => None,
    }
}

struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Strict)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON without repeated members")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Strict(value)) = seq.next_element()? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some((name, Strict(value))) = map.next_entry::<String, Strict>()? {
            if members.insert(name, value).is_some() {
                return Err(de::Error::custom("repeated member"));
            }
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ordinary_object_is_read_whole() {
        let text = r#"{"a": [1, -2, 3.5, true, null, "\u00e9"], "b": {"c": {}}}"#;
        assert_eq!(object(text.as_bytes()).map(Value::Object), serde_json::from_str(text).unwrap());
    }

    #[test]
    fn what_is_not_one_clean_object_is_refused() {
        let deep = format!("{{\"a\": {}{}}}", "[".repeat(200), "]".repeat(200));
        for text in [
            "",
            " ",
            "null",
            "[]",
            "\"text\"",
            "1",
            "{",
            "{} {}",
            "{}x",
            "{'a': 1}",
            "{\"a\": 1,}",
            "\u{feff}{}",
            r#"{"a": 1, "a": 1}"#,
            r#"{"a": 1, "\u0061": 2}"#,
            r#"{"x": {"a": 1, "a": 2}}"#,
            r#"{"x": [{"a": 1, "a": 2}]}"#,
            r#"{"a": "\ud800"}"#,
            r#"{"a": NaN}"#,
            r#"{"a": 1e999}"#,
            &deep,
        ] {
            assert_eq!(object(text.as_bytes()), None, "{text}");
        }
        assert_eq!(object(b"{\"a\": \"\xff\"}"), None);
    }
}
