//! What bodies are accepted, and what each refusal says.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body as AxumBody;
use axum::http::Request as HttpRequest;
use hyper::body::Frame;
use serde_json::{Map, Value, json};

use super::*;
use crate::http::error::FieldError;

#[derive(Debug, PartialEq)]
struct Sample {
    email: String,
    size: Option<i64>,
    flag: Option<bool>,
    metadata: Option<Map<String, Value>>,
    origins: Option<Vec<String>>,
    url: Change<String>,
    inner: Option<String>,
    secret: Option<String>,
}

impl Body for Sample {
    fn read(fields: &mut Fields) -> Option<Self> {
        let email = fields.parse("email", |text| match text.contains('@') {
            true => Ok(text.to_owned()),
            false => Err(FieldProblem::new("invalid", "must be an email address")),
        });
        let size = fields.optional_integer("size", 1..=10);
        let flag = fields.optional_boolean("flag");
        let metadata = fields.optional_object("metadata", 40);
        let origins = fields.optional_list("origins", 3, |text| match text.is_empty() {
            true => Err(FieldProblem::new("too_short", "must not be empty")),
            false => Ok(text.to_owned()),
        });
        let url = fields.parse_change("url", |text| Ok(text.to_owned()));
        let inner = fields.optional_nested("settings", |fields| fields.string("inner"));
        let secret = fields.optional_opaque("secret");
        Some(Self { email: email?, size, flag, metadata, origins, url, inner, secret })
    }
}

/// A body without end, or one that never begins.
struct Source(Option<&'static str>);

impl hyper::body::Body for Source {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.0 {
            Some(chunk) => Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(chunk.as_bytes()))))),
            None => Poll::Pending,
        }
    }
}

fn request(content_type: &str, body: impl Into<AxumBody>) -> Request {
    HttpRequest::post("/").header(CONTENT_TYPE, content_type).body(body.into()).unwrap()
}

async fn read_sample(body: impl Into<AxumBody>) -> Result<Sample, ApiError> {
    Json::from_request(request("application/json", body), &()).await.map(|Json(sample)| sample)
}

async fn complaints(body: Value) -> Vec<(String, &'static str)> {
    let error = read_sample(body.to_string()).await.expect_err("this body is refused");
    assert_eq!(error.code(), ErrorCode::ValidationFailed);
    error.field_errors().iter().map(|field| (field.pointer.clone(), field.code)).collect()
}

#[tokio::test]
async fn a_full_body_is_read() {
    let body = json!({"email": "a@b", "size": 10, "flag": false, "metadata": {"a": [1, "é"]}, "origins": ["x"],
        "url": null, "settings": {"inner": "i"}, "secret": "a\u{0}b"});
    let sample = read_sample(body.to_string()).await.unwrap();
    assert_eq!((sample.email.as_str(), sample.size, sample.flag), ("a@b", Some(10), Some(false)));
    assert_eq!(sample.metadata.map(Value::Object), Some(json!({"a": [1, "é"]})));
    assert_eq!(
        (sample.origins, sample.url, sample.inner),
        (Some(vec!["x".to_owned()]), Change::Clear, Some("i".to_owned()))
    );
    assert_eq!(sample.secret.as_deref(), Some("a\u{0}b"), "nobody keeps it as text");
}

#[tokio::test]
async fn all_complaints_come_at_once() {
    let body = json!({"email": "none", "size": 11, "flag": "yes", "metadata": [], "origins": ["x", "", 3], "url": 5,
        "settings": {"other": 1}, "secret member": 1});
    let expected = [
        ("/email", "invalid"),
        ("/size", "out_of_range"),
        ("/flag", "wrong_type"),
        ("/metadata", "wrong_type"),
        ("/origins/1", "too_short"),
        ("/origins/2", "wrong_type"),
        ("/url", "wrong_type"),
        ("/settings/inner", "required"),
        ("/settings", "unknown_member"),
        ("", "unknown_member"),
    ];
    let found = complaints(body).await;
    let found: Vec<(&str, &str)> = found.iter().map(|(pointer, code)| (pointer.as_str(), *code)).collect();
    assert_eq!(found, expected);
}

#[tokio::test]
async fn nothing_is_coerced_and_null_is_no_value() {
    for (body, pointer, code) in [
        (json!({}), "/email", "required"),
        (json!({"email": null}), "/email", "wrong_type"),
        (json!({"email": ["a@b"]}), "/email", "wrong_type"),
        (json!({"email": "a@b\u{0}"}), "/email", "invalid_character"),
        (json!({"email": "a@b", "size": null}), "/size", "wrong_type"),
        (json!({"email": "a@b", "size": "3"}), "/size", "wrong_type"),
        (json!({"email": "a@b", "size": 3.0}), "/size", "wrong_type"),
        (json!({"email": "a@b", "size": u64::MAX}), "/size", "out_of_range"),
        (json!({"email": "a@b", "flag": 0}), "/flag", "wrong_type"),
        (json!({"email": "a@b", "secret": 0}), "/secret", "wrong_type"),
        (json!({"email": "a@b", "metadata": {"a": {"b": ["\u{0}"]}}}), "/metadata", "invalid_character"),
        (json!({"email": "a@b", "metadata": {"a\u{0}": 1}}), "/metadata", "invalid_character"),
        (
            json!({"email": "a@b", "metadata": {"a": "0123456789012345678901234567890123456789"}}),
            "/metadata",
            "too_long",
        ),
        (json!({"email": "a@b", "origins": ["a", "b", "c", "d"]}), "/origins", "too_long"),
        (json!({"email": "a@b", "settings": null}), "/settings", "wrong_type"),
    ] {
        assert_eq!(complaints(body.clone()).await, [(pointer.to_owned(), code)], "{body}");
    }
}

#[tokio::test]
async fn a_whole_number_that_would_be_rounded_is_refused() {
    let with = |number: &str| read_sample(format!(r#"{{"email": "a@b", "metadata": {{"a": [{number}]}}}}"#));
    for kept in ["18446744073709551615", "-9223372036854775808", "1e300", "100000000000000000000"] {
        assert!(with(kept).await.is_ok(), "{kept}");
    }
    for rounded in ["18446744073709551617", "-9223372036854775809", "123456789012345678901"] {
        let error = with(rounded).await.unwrap_err();
        let [field] = error.field_errors() else { panic!("{rounded}: one complaint") };
        assert_eq!((field.pointer.as_str(), field.code), ("/metadata", "out_of_range"), "{rounded}");
    }
    // A number that is refused anyway is no complaint about others.
    let size = r#"{"email": "a@b", "size": 18446744073709551617, "metadata": {"a": 1}}"#;
    assert_eq!(read_sample(size).await.unwrap_err().field_errors().len(), 1);
}

#[tokio::test]
async fn no_message_repeats_what_was_sent() {
    let body = json!({"email": "zebra", "size": 4711, "metadata": "zebra", "settings": {"zebra": "zebra"}, "zebra": 1});
    let error = read_sample(body.to_string()).await.unwrap_err();
    let problem = serde_json::to_string(&error.problem("https://a.example", "id")).unwrap();
    assert!(!problem.contains("zebra") && !problem.contains("4711"), "{problem}");
    let unknown = error.field_errors().iter().find(|field| field.pointer.is_empty()).unwrap();
    assert!(unknown.message.contains("email, size, flag"), "{}", unknown.message);
}

#[tokio::test]
async fn only_json_in_utf8_is_read() {
    for good in [
        "application/json",
        "Application/JSON",
        "application/json; charset=utf-8",
        "application/json;charset=\"UTF-8\"",
    ] {
        let read = Json::<Sample>::from_request(request(good, r#"{"email": "a@b"}"#), &()).await;
        assert!(read.is_ok(), "{good}");
    }
    for bad in [
        "text/plain",
        "application/jsonp",
        "application/json; charset=latin1",
        "application/x-www-form-urlencoded",
        "",
    ] {
        let read = Json::<Sample>::from_request(request(bad, r#"{"email": "a@b"}"#), &()).await;
        assert_eq!(read.unwrap_err().code(), ErrorCode::UnsupportedMediaType, "{bad}");
    }
    let bare = HttpRequest::post("/").body(AxumBody::from("{}")).unwrap();
    assert_eq!(
        Json::<Sample>::from_request(bare, &()).await.unwrap_err().code(),
        ErrorCode::UnsupportedMediaType
    );
    assert_eq!(read_sample("[]").await.unwrap_err().code(), ErrorCode::MalformedRequest);
    assert_eq!(read_sample("").await.unwrap_err().code(), ErrorCode::MalformedRequest);
}

#[tokio::test]
async fn a_body_is_bounded_whether_or_not_it_announces_its_size() {
    let with_padding = |size: usize| format!("{{\"email\": \"a@b\"{}}}", " ".repeat(size - 16));
    let limit = BodyLimits::default().size;
    assert!(read_sample(with_padding(limit)).await.is_ok());
    assert_eq!(read_sample(with_padding(limit + 1)).await.unwrap_err().code(), ErrorCode::TooLarge);

    let mut announced = request("application/json", AxumBody::new(Source(Some("{"))));
    announced.headers_mut().insert(CONTENT_LENGTH, "65537".parse().unwrap());
    assert_eq!(read(announced).await.unwrap_err().code(), ErrorCode::TooLarge);
    let streamed = request("application/json", AxumBody::new(Source(Some("{"))));
    assert_eq!(read(streamed).await.unwrap_err().code(), ErrorCode::TooLarge);
}

#[tokio::test]
async fn a_body_that_does_not_arrive_is_given_up_on() {
    let mut request = request("application/json", AxumBody::new(Source(None)));
    request.extensions_mut().insert(BodyLimits { size: 100, time: Duration::from_millis(20) });
    assert_eq!(read(request).await.unwrap_err().code(), ErrorCode::RequestTimeout);
}

#[tokio::test]
async fn routes_without_a_body_take_none_or_an_empty_object() {
    let outcome = async |body: &'static str| {
        NoBody::from_request(HttpRequest::post("/").body(body.into()).unwrap(), &())
            .await
            .map_err(|error| error.code())
    };
    assert!(outcome("").await.is_ok() && outcome(" {} ").await.is_ok());
    assert_eq!(outcome(r#"{"a": 1}"#).await.unwrap_err(), ErrorCode::ValidationFailed);
    assert_eq!(outcome("[]").await.unwrap_err(), ErrorCode::MalformedRequest);
    assert_eq!(outcome("hello").await.unwrap_err(), ErrorCode::MalformedRequest);
}

mod fuzz {
    use proptest::prelude::*;

    use super::*;

    /// As JSON writes numbers: up to 17 digits with a point anywhere and an exponent that a double has room for.
    fn number() -> impl Strategy<Value = String> {
        let whole = "-?(0|[1-9][0-9]{0,16})";
        let fraction = (1..=16_usize).prop_flat_map(|after| {
            let before = 16 - after;
            proptest::string::string_regex(&format!("-?(0|[1-9][0-9]{{0,{before}}})\\.[0-9]{{1,{after}}}"))
                .unwrap()
        });
        let exponent =
            prop_oneof![Just(String::new()), (-280..=280).prop_map(|exponent| format!("e{exponent}"))];
        prop_oneof![
            whole.boxed(),
            (fraction, exponent).prop_map(|(digits, exponent)| digits + &exponent).boxed()
        ]
    }

    proptest! {
        #[test]
        fn numbers_come_back_as_they_were_sent(number in number()) {
            let body = format!(r#"{{"metadata": {{"number": {number}}}}}"#);
            let mut fields = Fields::of_body(body.as_bytes()).unwrap();
            let metadata = fields.optional_object("metadata", 100).map(|metadata| metadata.into_iter().collect());
            let kept: Value = fields.finish(metadata).unwrap();
            // Written down, read again, and answered, to somebody who reads well.
            let again: Value = serde_json::from_str(&kept.to_string()).unwrap();
            let answered = again["number"].to_string();
            prop_assert_eq!(answered.parse::<f64>().unwrap(), number.parse::<f64>().unwrap(), "{}", &answered);
            if let Ok(whole) = number.parse::<i64>() {
                prop_assert_eq!(again["number"].as_f64().map(|number| number == 0.0), Some(whole == 0));
                prop_assert!(whole == 0 || again["number"].as_i64() == Some(whole));
            }
        }

        #[test]
        fn no_bytes_make_reading_fail_other_than_as_a_refusal(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Some(mut fields) = Fields::of_body(&bytes) {
                let sample = Sample::read(&mut fields);
                if let Err(error) = fields.finish(sample) {
                    prop_assert_eq!(error.code(), ErrorCode::ValidationFailed);
                    let fields: &[FieldError] = error.field_errors();
                    prop_assert!(!fields.is_empty());
                }
            }
        }
    }
}
