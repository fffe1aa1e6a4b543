//! The members of a JSON object, read one by one, with every complaint collected before anything is refused.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use super::change::Change;
use super::{anything, numbers, strict};
use crate::http::error::{ApiError, FieldError};

/// Why a value type refuses a text: a stable code and words that don't repeat the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldProblem {
    /// For programs, for example `too_short`.
    pub code: &'static str,
    /// For people; never contains what was sent.
    pub message: Cow<'static, str>,
}

impl FieldProblem {
    /// A problem with this code and these words.
    pub fn new(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into() }
    }
}

/// The members of one object. Each reader returns `None` both for a member that is absent and for one that was
/// refused; [`Fields::finish`] tells the two apart, so a body may be put together with `?` or `Some(..)` freely.
#[derive(Debug)]
pub struct Fields {
    members: Map<String, Value>,
    pointer: String,
    asked: Vec<&'static str>,
    errors: Vec<FieldError>,
    /// Somewhere in the body is a whole number that was rounded when it was read.
    rounded: bool,
}

impl Fields {
    /// The members of a whole body, if it is one strict JSON object.
    pub fn of_body(json: &[u8]) -> Option<Self> {
        let members = strict::object(json)?;
        Some(Self { rounded: numbers::has_rounded_integer(json), ..Self::at(String::new(), members) })
    }

    fn at(pointer: String, members: Map<String, Value>) -> Self {
        Self { members, pointer, asked: Vec::new(), errors: Vec::new(), rounded: false }
    }

    /// Complains about a member, or with an empty name about the object itself.
    pub fn problem(&mut self, name: &str, problem: FieldProblem) {
        let pointer = if name.is_empty() { self.pointer.clone() } else { format!("{}/{name}", self.pointer) };
        self.errors.push(FieldError { pointer, code: problem.code, message: problem.message.into_owned() });
    }

    fn complain(&mut self, name: &str, code: &'static str, message: impl Into<Cow<'static, str>>) {
        self.problem(name, FieldProblem::new(code, message));
    }

    fn take(&mut self, name: &'static str) -> Option<Value> {
        self.asked.push(name);
        self.members.remove(name)
    }

    fn required<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Self, Value) -> Option<T>,
    ) -> Option<T> {
        match self.take(name) {
            Some(value) => read(self, value),
            None => {
                self.complain(name, "required", "is required");
                None
            }
        }
    }

    fn optional<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Self, Value) -> Option<T>,
    ) -> Option<T> {
        let value = self.take(name)?;
        read(self, value)
    }

    /// Reads a member whose `null` means "none", by a reader for the other values.
    fn change<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Self, Value) -> Option<T>,
    ) -> Change<T> {
        match self.take(name) {
            None => Change::Keep,
            Some(Value::Null) => Change::Clear,
            Some(value) => read(self, value).map_or(Change::Keep, Change::Set),
        }
    }

    /// A string that must be there.
    pub fn string(&mut self, name: &'static str) -> Option<String> {
        self.required(name, |fields, value| fields.text(name, value))
    }

    /// A string that may be absent.
    pub fn optional_string(&mut self, name: &'static str) -> Option<String> {
        self.optional(name, |fields, value| fields.text(name, value))
    }

    /// A string of any characters that must be there: for passwords and tokens, which are only ever hashed and compared.
    /// [`Fields::string`] is for what Postgres keeps as text, where U+0000 has no place.
    pub fn opaque(&mut self, name: &'static str) -> Option<String> {
        self.required(name, |fields, value| fields.any_text(name, value))
    }

    /// Like [`Fields::opaque`], for a string that may be absent.
    pub fn optional_opaque(&mut self, name: &'static str) -> Option<String> {
        self.optional(name, |fields, value| fields.any_text(name, value))
    }

    /// A string that must be there and that a value type accepts.
    pub fn parse<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, FieldProblem>,
    ) -> Option<T> {
        let text = self.string(name)?;
        self.accept(name, parse(&text))
    }

    /// Like [`Fields::parse`], for a string that may be absent.
    pub fn parse_optional<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, FieldProblem>,
    ) -> Option<T> {
        let text = self.optional_string(name)?;
        self.accept(name, parse(&text))
    }

    /// Like [`Fields::parse_optional`], where `null` takes the value away.
    pub fn parse_change<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, FieldProblem>,
    ) -> Change<T> {
        self.change(name, |fields, value| {
            let text = fields.text(name, value)?;
            fields.accept(name, parse(&text))
        })
    }

    /// The outcome of a check by the caller, as a value or as a complaint about this member.
    pub fn accept<T>(&mut self, name: &'static str, outcome: Result<T, FieldProblem>) -> Option<T> {
        outcome.map_err(|problem| self.problem(name, problem)).ok()
    }

    /// A whole number within a range, which may be absent.
    pub fn optional_integer(&mut self, name: &'static str, range: RangeInclusive<i64>) -> Option<i64> {
        self.optional(name, |fields, value| fields.whole(name, value, range))
    }

    /// A whole number within a range, where `null` takes the value away.
    pub fn integer_change(&mut self, name: &'static str, range: RangeInclusive<i64>) -> Change<i64> {
        self.change(name, |fields, value| fields.whole(name, value, range))
    }

    /// `true` or `false`, which may be absent.
    pub fn optional_boolean(&mut self, name: &'static str) -> Option<bool> {
        self.optional(name, |fields, value| match value {
            Value::Bool(value) => Some(value),
            _ => fields.wrong_type(name, "must be true or false"),
        })
    }

    /// An object of anything that can be kept as it is, which may be absent; at most `max_bytes` long as compact JSON, and as
    /// deep as [`anything`] allows.
    pub fn optional_object(&mut self, name: &'static str, max_bytes: usize) -> Option<Map<String, Value>> {
        self.optional(name, |fields, value| {
            let Value::Object(members) = value else { return fields.wrong_type(name, "must be an object") };
            let value = Value::Object(members);
            if let Some((code, message)) = anything::problem(&value, fields.rounded, max_bytes) {
                fields.complain(name, code, message);
                return None;
            }
            match value {
                Value::Object(members) => Some(members),
                _ => None,
            }
        })
    }

    /// A list of strings, which may be absent; at most `max_items` of them. Each goes through `parse`, and its
    /// complaint points at the item.
    pub fn optional_list<T>(
        &mut self,
        name: &'static str,
        max_items: usize,
        parse: impl Fn(&str) -> Result<T, FieldProblem>,
    ) -> Option<Vec<T>> {
        self.optional(name, |fields, value| {
            let Value::Array(items) = value else {
                return fields.wrong_type(name, "must be a list of strings");
            };
            if items.len() > max_items {
                fields.complain(name, "too_long", format!("must have at most {max_items} items"));
                return None;
            }
            let before = fields.errors.len();
            let mut parsed = Vec::with_capacity(items.len());
            for (index, item) in items.into_iter().enumerate() {
                let place = format!("{name}/{index}");
                let Some(text) = fields.text(&place, item) else { continue };
                match parse(&text) {
                    Ok(item) => parsed.push(item),
                    Err(problem) => fields.problem(&place, problem),
                }
            }
            (fields.errors.len() == before).then_some(parsed)
        })
    }

    /// An object with members of its own, which may be absent; read by `read`, its unknown members refused.
    pub fn optional_nested<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Fields) -> Option<T>,
    ) -> Option<T> {
        self.optional(name, |fields, value| {
            let Value::Object(members) = value else { return fields.wrong_type(name, "must be an object") };
            let mut inner = Fields::at(format!("{}/{name}", fields.pointer), members);
            let read = read(&mut inner);
            inner.reject_unknown();
            let clean = inner.errors.is_empty();
            fields.errors.append(&mut inner.errors);
            read.filter(|_| clean)
        })
    }

    fn text(&mut self, name: &str, value: Value) -> Option<String> {
        let text = self.any_text(name, value)?;
        if text.contains('\0') {
            self.complain(name, "invalid_character", "must not contain the character U+0000");
            return None;
        }
        Some(text)
    }

    fn any_text(&mut self, name: &str, value: Value) -> Option<String> {
        match value {
            Value::String(text) => Some(text),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                self.wrong_type(name, "must be a string")
            }
        }
    }

    fn whole(&mut self, name: &str, value: Value, range: RangeInclusive<i64>) -> Option<i64> {
        let Value::Number(number) = value else { return self.wrong_type(name, "must be a whole number") };
        if number.is_f64() {
            return self.wrong_type(name, "must be a whole number");
        }
        // A number past i64 is out of every range we have.
        let within = number.as_i64().filter(|number| range.contains(number));
        if within.is_none() {
            let message = format!("must be from {} to {}", range.start(), range.end());
            self.complain(name, "out_of_range", message);
        }
        within
    }

    fn wrong_type<T>(&mut self, name: &str, message: &'static str) -> Option<T> {
        self.complain(name, "wrong_type", message);
        None
    }

    /// Complains once about members that no reader asked for, naming those that exist and not those sent.
    fn reject_unknown(&mut self) {
        if self.members.is_empty() {
            return;
        }
        let message = match self.asked.as_slice() {
            [] => Cow::Borrowed("must have no members"),
            known => Cow::Owned(format!("has members other than {}", known.join(", "))),
        };
        self.complain("", "unknown_member", message);
    }

    /// The value that was read, or all complaints at once as a 422.
    pub fn finish<T>(mut self, read: Option<T>) -> Result<T, ApiError> {
        self.reject_unknown();
        if !self.errors.is_empty() {
            return Err(ApiError::validation(self.errors));
        }
        read.ok_or_else(|| ApiError::internal("a body was refused without a complaint"))
    }
}
