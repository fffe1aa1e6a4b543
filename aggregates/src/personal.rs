//! Personal data inside an event: there, or erased together with the person's key.
//!
//! The JSON form marks the place, so that the event log finds what to seal without knowing the event:
//! `{"$personal": value}` in clear, `{"$erased": true}` once the key is gone.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A personal datum of one user. `Debug` never prints it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Personal<T> {
    /// The datum, readable.
    Clear(T),
    /// The person was erased, and the datum with them. Not the same as "was never given".
    Erased,
}

impl<T> Personal<T> {
    /// The datum, unless it was erased.
    pub fn as_ref(&self) -> Option<&T> {
        match self {
            Self::Clear(datum) => Some(datum),
            Self::Erased => None,
        }
    }
}

impl<T> From<T> for Personal<T> {
    fn from(datum: T) -> Self {
        Self::Clear(datum)
    }
}

impl<T> fmt::Debug for Personal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Clear(_) => f.write_str("Clear(..)"),
            Self::Erased => f.write_str("Erased"),
        }
    }
}

/// The JSON form. An externally tagged enum and not an untagged one: `Personal<Option<_>>` must tell null from erased.
#[derive(Serialize, Deserialize)]
enum Marked<T> {
    #[serde(rename = "$personal")]
    Personal(T),
    #[serde(rename = "$erased")]
    Erased(bool),
}

impl<T: Serialize> Serialize for Personal<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Clear(datum) => Marked::Personal(datum).serialize(serializer),
            Self::Erased => Marked::<&T>::Erased(true).serialize(serializer),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Personal<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Marked::deserialize(deserializer)? {
            Marked::Personal(datum) => Ok(Self::Clear(datum)),
            Marked::Erased(true) => Ok(Self::Erased),
            Marked::Erased(false) => Err(de::Error::custom("$erased is true or absent")),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, from_value, json, to_value};

    use super::*;

    #[test]
    fn the_json_form_marks_the_place() {
        assert_eq!(to_value(Personal::Clear("a@b.example")).unwrap(), json!({"$personal": "a@b.example"}));
        assert_eq!(to_value(Personal::<String>::Erased).unwrap(), json!({"$erased": true}));
    }

    #[test]
    fn a_missing_datum_is_not_an_erased_one() {
        type Optional = Personal<Option<String>>;

        assert_eq!(from_value::<Optional>(json!({"$personal": null})).unwrap(), Personal::Clear(None));
        assert_eq!(from_value::<Optional>(json!({"$erased": true})).unwrap(), Personal::Erased);
    }

    #[test]
    fn anything_else_is_refused() {
        let others: [Value; 6] = [
            json!("a@b.example"),
            json!(null),
            json!({}),
            json!({"$erased": false}),
            json!({"$personal": "a", "$erased": true}),
            json!({"$sealed": "a"}),
        ];

        for other in others {
            assert!(from_value::<Personal<Option<String>>>(other).is_err());
        }
    }

    #[test]
    fn debug_does_not_show_the_datum() {
        assert_eq!(format!("{:?}", Personal::Clear("a@b.example")), "Clear(..)");
    }
}
