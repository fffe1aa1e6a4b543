//! Reads variables one by one and collects what is wrong with them, so that everything can be told at once.

use std::time::Duration;

use super::problem::{ConfigErrors, Problem};
use super::variable::Variable;
use super::{Env, duration};

/// Why a text cannot be used, for the operator; holds no part of the text.
pub(super) type Reason = String;

pub(super) struct Reader<'a> {
    env: Env<'a>,
    problems: Vec<Problem>,
}

/// What was found under a variable's name.
enum Found {
    Text(String),
    Nothing,
    /// Already reported.
    Unusable,
}

impl<'a> Reader<'a> {
    pub(super) fn new(env: Env<'a>) -> Self {
        Self { env, problems: Vec::new() }
    }

    /// The variable's value or, if it is not set, its default. `None` is: not set and no default, or unacceptable;
    /// whatever of this is a problem has been noted.
    pub(super) fn parse<T>(
        &mut self,
        variable: &Variable,
        parse: impl FnOnce(&str) -> Result<T, Reason>,
    ) -> Option<T> {
        match (self.find(variable), variable.default) {
            (Found::Text(text), _) => self.check(variable, parse(&text)),
            (Found::Nothing, Some(default)) => self.check(variable, parse(default)),
            (Found::Nothing, None) => {
                if variable.required {
                    self.report(variable, format!("is not set; it {}", must_be(variable)));
                }
                None
            }
            (Found::Unusable, _) => None,
        }
    }

    /// As [`Reader::parse`], with a default for this one reading.
    pub(super) fn parse_or<T>(
        &mut self,
        variable: &Variable,
        default: &str,
        parse: impl FnOnce(&str) -> Result<T, Reason>,
    ) -> Option<T> {
        match self.find(variable) {
            Found::Text(text) => self.check(variable, parse(&text)),
            Found::Nothing => self.check(variable, parse(default)),
            Found::Unusable => None,
        }
    }

    /// As [`Reader::parse`], for who can do without the variable.
    pub(super) fn parse_if_set<T>(
        &mut self,
        variable: &Variable,
        parse: impl FnOnce(&str) -> Result<T, Reason>,
    ) -> Option<T> {
        match self.find(variable) {
            Found::Text(text) => self.check(variable, parse(&text)),
            Found::Nothing | Found::Unusable => None,
        }
    }

    /// A length of time within the bounds the variable states.
    pub(super) fn duration(&mut self, variable: &Variable) -> Option<Duration> {
        self.parse(variable, |text| {
            let value = duration::parse(text)?;
            variable.accepts.duration(value).then_some(value).ok_or_else(|| must_be(variable))
        })
    }

    /// A whole number within the bounds the variable states.
    pub(super) fn count(&mut self, variable: &Variable) -> Option<u32> {
        self.parse(variable, |text| {
            let value = text.parse().ok().filter(|value| variable.accepts.count(*value));
            value.ok_or_else(|| must_be(variable))
        })
    }

    /// What stands beside the word that was given.
    pub(super) fn choice<T: Copy>(&mut self, variable: &Variable, options: &[(&str, T)]) -> Option<T> {
        self.parse(variable, |text| {
            let chosen = options.iter().find(|(word, _)| *word == text);
            chosen.map(|(_, value)| *value).ok_or_else(|| must_be(variable))
        })
    }

    pub(super) fn report(&mut self, variable: &Variable, reason: impl Into<Reason>) {
        self.problems.push(Problem { variable: variable.name.to_owned(), reason: reason.into() });
    }

    /// The value, unless there were problems. `build` may answer `None` only for what has been reported.
    pub(super) fn finish<T>(self, build: impl FnOnce() -> Option<T>) -> Result<T, ConfigErrors> {
        if !self.problems.is_empty() {
            return Err(ConfigErrors::new(self.problems));
        }
        Ok(build().expect("a value that could not be read has been reported, and nothing was reported"))
    }

    fn check<T>(&mut self, variable: &Variable, result: Result<T, Reason>) -> Option<T> {
        result.map_err(|reason| self.report(variable, reason)).ok()
    }

    /// An empty variable counts as not set: compose files and shells pass empty values for absent ones.
    fn find(&mut self, variable: &Variable) -> Found {
        let direct = self.text(variable.name);
        let file = if variable.from_file { self.text(&variable.file_name()) } else { None };
        match (direct, file) {
            (Some(_), Some(_)) => {
                self.report(variable, format!("is set together with {}; keep one", variable.file_name()));
                Found::Unusable
            }
            (Some(text), None) => Found::Text(text),
            (None, Some(path)) => self.read_file(variable, &path),
            (None, None) => Found::Nothing,
        }
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        (self.env)(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    fn read_file(&mut self, variable: &Variable, path: &str) -> Found {
        let reason = match std::fs::read_to_string(path) {
            Ok(text) if text.trim().is_empty() => "the file it names is empty".to_owned(),
            Ok(text) => return Found::Text(text.trim().to_owned()),
            Err(cause) => format!("the file it names cannot be read: {}", cause.kind()),
        };
        self.problems.push(Problem { variable: variable.file_name(), reason });
        Found::Unusable
    }
}

/// What the variable accepts, as an answer to something else.
pub(super) fn must_be(variable: &Variable) -> Reason {
    format!("must be {}", variable.accepts)
}
