//! Lists by page: a cursor is the id of the last object of the page before.

use devauth_aggregates::NameError;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::http::body::FieldProblem;
use crate::http::error::{ApiError, ErrorCode, FieldError};
use crate::http::query::{QueryFields, QueryParameters};

/// Which part of a list is wanted.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// The most objects to answer, 1 to 100.
    #[param(minimum = 1, maximum = 100, default = 50, required = false)]
    pub limit: i64,
    /// `next_cursor` of the page before.
    #[param(nullable = false)]
    pub cursor: Option<String>,
}

impl QueryParameters for PageQuery {
    fn read(fields: &mut QueryFields) -> Option<Self> {
        let limit = fields.limit();
        let cursor = fields.optional_string("cursor");
        Some(PageQuery { limit, cursor })
    }
}

impl PageQuery {
    /// The id behind the cursor.
    ///
    /// # Errors
    /// `validation_failed` for something that was never a cursor of this list.
    pub fn after<T: std::str::FromStr>(&self) -> Result<Option<T>, ApiError> {
        self.cursor.as_deref().map(parse_cursor).transpose().map_err(|problem| {
            let FieldProblem { code, message } = problem;
            let pointer = "/cursor".to_owned();
            ApiError::validation(vec![FieldError { pointer, code, message: message.into_owned() }])
        })
    }
}

/// The id that a cursor is.
///
/// # Errors
/// For something that was never a cursor of such a list.
pub fn parse_cursor<T: std::str::FromStr>(text: &str) -> Result<T, FieldProblem> {
    let problem =
        |_not_an_id| FieldProblem::new("invalid_cursor", "must be the next_cursor of an earlier answer");
    text.parse().map_err(problem)
}

/// A page of a list.
#[derive(Serialize, ToSchema)]
pub struct Page<T> {
    /// The objects.
    pub data: Vec<T>,
    /// For the next page; null on the last.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// A page of at most `limit` objects out of rows that were asked for with one more.
    pub fn new<R>(
        mut rows: Vec<R>,
        limit: i64,
        cursor: impl Fn(&R) -> String,
        body: impl Fn(R) -> T,
    ) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = rows.last().filter(|_| more).map(cursor);
        Page { data: rows.into_iter().map(body).collect(), next_cursor }
    }
}

/// Why a text is no name or label.
pub fn name_problem(error: NameError) -> FieldProblem {
    match error {
        NameError::Empty => FieldProblem::new("required", "must not be empty"),
        NameError::TooLong => FieldProblem::new("too_long", "must be at most 100 characters long"),
        NameError::ControlCharacter => {
            FieldProblem::new("invalid_character", "must not contain control characters or line breaks")
        }
    }
}

/// One of a few words.
pub fn one_of<T>(name: &'static str, found: Option<T>) -> Result<T, FieldProblem> {
    found.ok_or_else(|| FieldProblem::new("invalid_value", format!("must be {name}")))
}

/// An object that isn't there or isn't yours.
pub fn parse_id<T: std::str::FromStr>(text: &str) -> Result<T, ApiError> {
    text.parse().map_err(|_not_an_id| ErrorCode::NotFound.into())
}
