//! Sealing and opening the personal data inside an event.
//!
//! An aggregate marks such a value `{"$personal": value}`; stored it is `{"$sealed": {"person", "content"}}`; read after the
//! person was erased it is `{"$erased": true}`.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use cqrs_es::persist::SerializedEvent;
use devauth_aggregates::UserId;
use serde_json::{Value, json};

use super::DataKeys;
use crate::Error;
use crate::sealing::{Key256, SealingError};

const PERSONAL: &str = "$personal";
const SEALED: &str = "$sealed";
const ERASED: &str = "$erased";

/// The event that a value stands in; a sealed value opens nowhere else.
pub(crate) struct Place<'a> {
    pub aggregate_type: &'a str,
    pub aggregate_id: &'a str,
    pub sequence: usize,
}

/// Seals every marked value in `document` for `person`; `field` names the document ("payload", "metadata"). Without a key the
/// value is left out: the person was erased a moment ago, and what can't be read later needn't be stored.
///
/// # Errors
/// A marked value can't be written as JSON.
pub(super) fn seal(
    document: Value,
    field: &str,
    place: &Place<'_>,
    person: Option<(UserId, Option<&Key256>)>,
) -> Result<Value, Error> {
    if !holds(&document, PERSONAL) {
        return Ok(document);
    }
    walk(document, field, PERSONAL, &mut |pointer, value| {
        let Some((person, Some(key))) = person else {
            return Ok(json!({ERASED: true}));
        };
        let owner = person.to_string();
        let plain = serde_json::to_vec(&value).map_err(|error| Error::Corrupt(error.to_string()))?;
        let content = key.seal(&plain, &bound_to(pointer, place, &owner).each_ref().map(String::as_str));
        Ok(json!({SEALED: {"person": owner, "content": BASE64_STANDARD.encode(content)}}))
    })
}

/// Opens every sealed value in `document` whose person has a key; the others read as erased.
///
/// # Errors
/// A value was changed or moved.
pub(crate) fn open(document: Value, field: &str, place: &Place<'_>, keys: &DataKeys) -> Result<Value, Error> {
    if !holds(&document, SEALED) {
        return Ok(document);
    }
    walk(document, field, SEALED, &mut |pointer, value| {
        let owner = value["person"].as_str().unwrap_or_default();
        let person: UserId = owner.parse().map_err(|_not_an_id| SealingError::Tampered)?;
        let Some(key) = keys.get(&person) else {
            return Ok(json!({ERASED: true}));
        };
        let content = BASE64_STANDARD
            .decode(value["content"].as_str().unwrap_or_default())
            .map_err(|_not_base64| SealingError::Tampered)?;
        let plain = key.open(&content, &bound_to(pointer, place, owner).each_ref().map(String::as_str))?;
        let value: Value = serde_json::from_slice(&plain).map_err(|_not_json| SealingError::Tampered)?;
        Ok(json!({PERSONAL: value}))
    })
}

/// `document`, which was opened, without the marks: personal values as they are, erased ones as null.
pub(crate) fn unmarked(document: &Value) -> Value {
    match document {
        Value::Object(members) => match members.iter().next() {
            // Nothing below: what stands there came from outside, and may look like a mark.
            Some((mark, value)) if members.len() == 1 && mark == PERSONAL => value.clone(),
            Some((mark, Value::Bool(true))) if members.len() == 1 && mark == ERASED => Value::Null,
            _ => members.iter().map(|(name, value)| (name.clone(), unmarked(value))).collect(),
        },
        Value::Array(values) => values.iter().map(unmarked).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => document.clone(),
    }
}

/// Everyone whose sealed data is in the payloads of `rows`.
pub(super) fn people(rows: &[SerializedEvent]) -> Vec<UserId> {
    let mut people: Vec<UserId> = rows.iter().flat_map(|row| people_in(&row.payload)).collect();
    people.sort_unstable();
    people.dedup();
    people
}

/// Everyone whose sealed data is in `document`.
pub(crate) fn people_in(document: &Value) -> Vec<UserId> {
    match document {
        Value::Object(members) => match members.get(SEALED) {
            Some(sealed) if members.len() == 1 => {
                sealed["person"].as_str().and_then(|person| person.parse().ok()).into_iter().collect()
            }
            _ => members.values().flat_map(people_in).collect(),
        },
        Value::Array(values) => values.iter().flat_map(people_in).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

fn bound_to(pointer: &str, place: &Place<'_>, owner: &str) -> [String; 6] {
    [
        "devauth-field-1".to_owned(),
        place.aggregate_type.to_owned(),
        place.aggregate_id.to_owned(),
        place.sequence.to_string(),
        pointer.to_owned(),
        owner.to_owned(),
    ]
}

/// Whether there is anything to rewrite: most events hold nothing personal, and looking is cheaper than building anew.
fn holds(document: &Value, mark: &str) -> bool {
    match document {
        Value::Object(members) => {
            members.contains_key(mark) || members.values().any(|value| holds(value, mark))
        }
        Value::Array(values) => values.iter().any(|value| holds(value, mark)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Rewrites each `{mark: value}` below `document` with what `rewrite(pointer, value)` answers.
fn walk(
    document: Value,
    pointer: &str,
    mark: &str,
    rewrite: &mut impl FnMut(&str, Value) -> Result<Value, Error>,
) -> Result<Value, Error> {
    match document {
        Value::Object(mut members) if members.len() == 1 && members.contains_key(mark) => {
            rewrite(pointer, members.remove(mark).unwrap_or_default())
        }
        Value::Object(members) => members
            .into_iter()
            .map(|(name, value)| {
                let value = walk(value, &format!("{pointer}/{name}"), mark, rewrite)?;
                Ok((name, value))
            })
            .collect::<Result<serde_json::Map<_, _>, Error>>()
            .map(Value::Object),
        Value::Array(values) => values
            .into_iter()
            .enumerate()
            .map(|(index, value)| walk(value, &format!("{pointer}/{index}"), mark, rewrite))
            .collect::<Result<Vec<_>, Error>>()
            .map(Value::Array),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(document),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Place<'_> = Place { aggregate_type: "User", aggregate_id: "usr_1", sequence: 1 };

    fn ada() -> UserId {
        UserId::from_uuid(uuid::Uuid::from_u128(7))
    }

    fn sealed_event(key: &Key256) -> Value {
        let document = json!({"email": {"$personal": "ada@example.org"}, "at": "2026-01-01T00:00:00Z"});
        seal(document, "payload", &HERE, Some((ada(), Some(key)))).unwrap()
    }

    #[test]
    fn a_sealed_event_shows_nothing_and_opens_unchanged() {
        let key = Key256::generate();
        let sealed = sealed_event(&key);
        assert!(!sealed.to_string().contains("ada@"));

        let opened = open(sealed, "payload", &HERE, &DataKeys::from([(ada(), key)])).unwrap();

        assert_eq!(opened["email"], json!({"$personal": "ada@example.org"}));
        assert_eq!(opened["at"], "2026-01-01T00:00:00Z");
    }

    #[test]
    fn without_its_key_it_reads_as_erased() {
        let opened = open(sealed_event(&Key256::generate()), "payload", &HERE, &DataKeys::new()).unwrap();
        assert_eq!(opened["email"], json!({"$erased": true}));
    }

    #[test]
    fn moved_to_another_event_field_or_person_it_is_tampering() {
        let key = Key256::generate();
        let keys = DataKeys::from([
            (ada(), key.clone()),
            (UserId::from_uuid(uuid::Uuid::from_u128(8)), key.clone()),
        ]);
        let sealed = sealed_event(&key);
        let refused = |document: Value, field: &str, place: &Place<'_>| {
            matches!(open(document, field, place, &keys), Err(Error::Sealing(SealingError::Tampered)))
        };

        assert!(refused(sealed.clone(), "metadata", &HERE));
        assert!(refused(sealed.clone(), "payload", &Place { sequence: 2, ..HERE }));
        assert!(refused(sealed.clone(), "payload", &Place { aggregate_id: "usr_2", ..HERE }));
        assert!(refused(json!({"other": sealed["email"]}), "payload", &HERE));
        let mut another = sealed.clone();
        another["email"][SEALED]["person"] = json!(UserId::from_uuid(uuid::Uuid::from_u128(8)).to_string());
        assert!(refused(another, "payload", &HERE));
    }

    #[test]
    fn without_marks_a_value_is_what_was_given_even_if_it_looks_like_a_mark() {
        let given = json!({"$erased": true, "deeper": [{"$personal": 1}]});
        let opened = json!({"email": {"$personal": "a"}, "gone": [{"$erased": true}], "metadata": {"$personal": given}});

        let shown = unmarked(&opened);

        assert_eq!(shown, json!({"email": "a", "gone": [null], "metadata": given}));
        let looks_like_a_mark = json!({"$personal": {"$erased": true}});
        assert_eq!(unmarked(&looks_like_a_mark), json!({"$erased": true}));
        assert_eq!(unmarked(&json!({"$erased": false})), json!({"$erased": false}));
    }
}
