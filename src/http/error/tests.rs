//! How errors look to a client, and that `docs/errors.md` says the same.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::json;

use super::*;

fn header(error: ApiError, name: &str) -> Option<String> {
    let response = error.into_response();
    response.headers().get(name).map(|value| value.to_str().unwrap().to_owned())
}

#[test]
fn the_body_is_the_contracts() {
    let field = FieldError { pointer: "/password".into(), code: "too_short", message: "is too short".into() };
    let problem = ApiError::validation(vec![field]).problem("https://a.example/", "id-12345");
    assert_eq!(
        serde_json::to_value(problem).unwrap(),
        json!({"type": "https://a.example/problems/validation_failed", "title": "Validation failed", "status": 422,
            "code": "validation_failed", "detail": "Some values are not acceptable; errors lists them.", "request_id": "id-12345",
            "errors": [{"pointer": "/password", "code": "too_short", "message": "is too short"}]})
    );
    let other = ApiError::new(ErrorCode::NotFound).fields(vec![]).problem("https://a.example", "id");
    assert!(serde_json::to_value(other).unwrap().get("errors").is_none());
}

#[test]
fn a_401_says_how_to_authenticate() {
    for (error, challenge) in [
        (ApiError::new(ErrorCode::InvalidToken), r#"Bearer realm="devauth", error="invalid_token""#),
        (ApiError::new(ErrorCode::InvalidToken).challenge(Challenge::Bearer), r#"Bearer realm="devauth""#),
        (ApiError::new(ErrorCode::InvalidApiKey), r#"ApiKey realm="devauth""#),
        (
            ApiError::new(ErrorCode::InvalidApiKey).challenge(Challenge::Basic),
            r#"Basic realm="devauth", charset="UTF-8""#,
        ),
    ] {
        assert_eq!(header(error, "www-authenticate").as_deref(), Some(challenge));
    }
    for code in ErrorCode::ALL {
        let has = header(code.into(), "www-authenticate").is_some();
        assert_eq!(has, code.status() == StatusCode::UNAUTHORIZED, "{code:?}");
    }
}

#[test]
fn a_429_and_a_503_say_when_to_come_back_in_whole_seconds() {
    for code in ErrorCode::ALL {
        let after = header(code.into(), "retry-after");
        assert_eq!(after.is_some(), matches!(code.status().as_u16(), 429 | 503), "{code:?}");
    }
    for (wait, seconds) in [(0, "1"), (1, "1"), (1000, "1"), (1001, "2"), (59_999, "60")] {
        let error = ApiError::new(ErrorCode::RateLimited).retry_after(Duration::from_millis(wait));
        assert_eq!(header(error, "retry-after").as_deref(), Some(seconds), "{wait} ms");
    }
}

#[test]
fn a_405_lists_the_methods() {
    let error = ApiError::new(ErrorCode::MethodNotAllowed).allow("GET, POST");
    assert_eq!(header(error, "allow").as_deref(), Some("GET, POST"));
}

#[test]
fn an_internal_cause_stays_inside() {
    let problem = ApiError::internal("relation users does not exist").problem("https://a.example", "id");
    assert!(!serde_json::to_string(&problem).unwrap().contains("relation"));
}

#[test]
fn docs_errors_md_is_the_table() {
    let page = include_str!("../../../docs/errors.md");
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| `")).collect();
    let expected: Vec<String> = ErrorCode::ALL
        .into_iter()
        .map(|code| {
            let info = code.info();
            format!("| `{}` | {} | {} | {} |", info.name, info.status.as_u16(), info.title, info.detail)
        })
        .collect();
    for (row, expected) in rows.iter().zip(&expected) {
        assert!(
            row.starts_with(expected.as_str()),
            "docs/errors.md has\n{row}\nbut the table says\n{expected}"
        );
    }
    assert_eq!(rows.len(), expected.len(), "docs/errors.md has one row per code, in the order of the table");
}
