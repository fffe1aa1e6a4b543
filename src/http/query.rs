//! Query strings (and form bodies, which are written the same way), read as strictly as JSON bodies.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use chrono::{DateTime, Datelike as _, Utc};

use super::body::FieldProblem;
use super::error::{ApiError, FieldError};

/// What a handler reads from the parameters of a query string.
pub trait QueryParameters: Sized {
    /// Asks for each parameter; `None` if one of them was refused.
    fn read(fields: &mut QueryFields) -> Option<Self>;
}

/// A strict query string as an argument: unknown, repeated or unacceptable parameters answer 422.
#[derive(Clone, Copy, Debug)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: QueryParameters> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let mut fields = QueryFields::new(parts.uri.query().unwrap_or_default().as_bytes());
        let parameters = T::read(&mut fields);
        fields.finish(parameters).map(Query)
    }
}

/// The parameters of one query string or form, with every complaint collected before anything is refused.
#[derive(Debug)]
pub struct QueryFields {
    pairs: Vec<(String, String)>,
    asked: Vec<&'static str>,
    errors: Vec<FieldError>,
}

impl QueryFields {
    /// Splits and decodes `application/x-www-form-urlencoded` text.
    pub fn new(encoded: &[u8]) -> Self {
        let pairs = url::form_urlencoded::parse(encoded).into_owned().collect();
        Self { pairs, asked: Vec::new(), errors: Vec::new() }
    }

    /// Complains about a parameter.
    pub fn problem(&mut self, name: &str, problem: FieldProblem) {
        let pointer = if name.is_empty() { String::new() } else { format!("/{name}") };
        self.errors.push(FieldError { pointer, code: problem.code, message: problem.message.into_owned() });
    }

    /// A text that may be absent.
    pub fn optional_string(&mut self, name: &'static str) -> Option<String> {
        self.asked.push(name);
        let position = self.pairs.iter().position(|(key, _)| key == name)?;
        let (_, value) = self.pairs.swap_remove(position);
        if self.pairs.iter().any(|(key, _)| key == name) {
            self.pairs.retain(|(key, _)| key != name);
            self.problem(name, FieldProblem::new("repeated", "must be given once"));
            return None;
        }
        if value.contains('\0') {
            self.problem(
                name,
                FieldProblem::new("invalid_character", "must not contain the character U+0000"),
            );
            return None;
        }
        Some(value)
    }

    /// A text that must be there.
    pub fn string(&mut self, name: &'static str) -> Option<String> {
        let complaints = self.errors.len();
        let value = self.optional_string(name);
        if value.is_none() && self.errors.len() == complaints {
            self.problem(name, FieldProblem::new("required", "is required"));
        }
        value
    }

    /// A text that may be absent and that a value type accepts.
    pub fn parse_optional<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, FieldProblem>,
    ) -> Option<T> {
        let text = self.optional_string(name)?;
        parse(&text).map_err(|problem| self.problem(name, problem)).ok()
    }

    /// A moment in the form of RFC 3339 that may be absent.
    pub fn optional_time(&mut self, name: &'static str) -> Option<DateTime<Utc>> {
        self.parse_optional(name, time)
    }

    /// A whole number in plain digits within a range that may be absent.
    pub fn optional_integer(&mut self, name: &'static str, range: RangeInclusive<i64>) -> Option<i64> {
        self.parse_optional(name, |text| whole(text, range))
    }

    /// A whole number in plain digits within a range, or the default if absent.
    pub fn integer_or(&mut self, name: &'static str, default: i64, range: RangeInclusive<i64>) -> i64 {
        self.optional_integer(name, range).unwrap_or(default)
    }

    /// `limit` as every list has it: 1 to 100, 50 if absent.
    pub fn limit(&mut self) -> i64 {
        self.integer_or("limit", 50, 1..=100)
    }

    /// `page`, from 1, if it is there.
    pub fn page(&mut self) -> Option<i64> {
        // Far past any list, and small enough that page × limit stays a number.
        self.optional_integer("page", 1..=1_000_000_000)
    }

    /// The value that was read, or all complaints at once as a 422.
    pub fn finish<T>(mut self, read: Option<T>) -> Result<T, ApiError> {
        if !self.pairs.is_empty() {
            let message = match self.asked.as_slice() {
                [] => Cow::Borrowed("must have no parameters"),
                known => Cow::Owned(format!("has parameters other than {}", known.join(", "))),
            };
            self.problem("", FieldProblem::new("unknown_parameter", message));
        }
        if !self.errors.is_empty() {
            return Err(ApiError::validation(self.errors));
        }
        read.ok_or_else(|| ApiError::internal("a query was refused without a complaint"))
    }
}

fn time(text: &str) -> Result<DateTime<Utc>, FieldProblem> {
    let parsed = DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc());
    parsed.filter(|time| is_ordinary(*time)).ok_or_else(|| {
        FieldProblem::new("invalid_time", "must be a time like 2026-01-31T12:00:00Z (RFC 3339)")
    })
}

/// Whether RFC 3339 has a spelling for a moment: not for one outside the years 0 to 9999, to which an offset can lead, too.
pub fn is_ordinary(time: DateTime<Utc>) -> bool {
    (0..=9999).contains(&time.year())
}

fn whole(text: &str, range: RangeInclusive<i64>) -> Result<i64, FieldProblem> {
    // `parse` alone would also take a sign.
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = digits.then(|| text.parse().ok()).flatten().filter(|number| range.contains(number));
    number.ok_or_else(|| {
        FieldProblem::new(
            "out_of_range",
            format!("must be a whole number from {} to {}", range.start(), range.end()),
        )
    })
}

#[cfg(test)]
mod tests;
