//! What query strings are accepted.

use super::*;
use crate::http::error::ErrorCode;

#[derive(Debug, PartialEq)]
struct Page {
    page: Option<i64>,
    limit: i64,
    search: Option<String>,
}

impl QueryParameters for Page {
    fn read(fields: &mut QueryFields) -> Option<Self> {
        Some(Page { page: fields.page(), limit: fields.limit(), search: fields.optional_string("search") })
    }
}

async fn page(query: &str) -> Result<Page, ApiError> {
    let request = axum::http::Request::get(format!("/?{query}")).body(()).unwrap();
    Query::from_request_parts(&mut request.into_parts().0, &()).await.map(|Query(page)| page)
}

#[tokio::test]
async fn parameters_have_defaults_and_are_decoded() {
    assert_eq!(page("").await.unwrap(), Page { page: None, limit: 50, search: None });
    let read = page("limit=100&page=7&search=a%2Bb+%25").await.unwrap();
    assert_eq!(read, Page { page: Some(7), limit: 100, search: Some("a+b %".to_owned()) });
}

#[tokio::test]
async fn anything_else_is_a_422_that_names_the_parameter() {
    for (query, pointer, code) in [
        ("limit=0", "/limit", "out_of_range"),
        ("limit=101", "/limit", "out_of_range"),
        ("limit=", "/limit", "out_of_range"),
        ("limit=%2B5", "/limit", "out_of_range"),
        ("limit=1e1", "/limit", "out_of_range"),
        ("page=0", "/page", "out_of_range"),
        ("page=99999999999999999999", "/page", "out_of_range"),
        ("limit=1&limit=2", "/limit", "repeated"),
        ("search=%00", "/search", "invalid_character"),
        ("zebra=1", "", "unknown_parameter"),
    ] {
        let error = page(query).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::ValidationFailed, "{query}");
        let [field] = error.field_errors() else { panic!("{query}: {error:?}") };
        assert_eq!((field.pointer.as_str(), field.code), (pointer, code), "{query}");
        assert!(!field.message.contains("zebra"));
    }
    assert_eq!(page("limit=0&page=0&x=1").await.unwrap_err().field_errors().len(), 3);
}

#[test]
fn a_required_parameter_is_missed_once() {
    let mut form = QueryFields::new(b"token=a&token=b");
    assert_eq!(form.string("token"), None);
    assert_eq!(form.string("other"), None);
    let error = form.finish::<()>(None).unwrap_err();
    let found: Vec<&str> = error.field_errors().iter().map(|field| field.code).collect();
    assert_eq!(found, ["repeated", "required"]);
}

mod fuzz {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_query_makes_reading_fail_other_than_as_a_refusal(bytes in prop::collection::vec(any::<u8>(), 0..120)) {
            let mut fields = QueryFields::new(&bytes);
            let read = Page::read(&mut fields);
            if let Err(error) = fields.finish(read) {
                prop_assert_eq!(error.code(), ErrorCode::ValidationFailed);
                prop_assert!(!error.field_errors().is_empty());
            }
        }

        #[test]
        fn what_was_encoded_is_read(search in "[^\\x00]{1,40}", page in 1i64..=1_000_000_000, limit in 1i64..=100) {
            let mut query = url::form_urlencoded::Serializer::new(String::new());
            query.append_pair("search", &search).append_pair("page", &page.to_string());
            query.append_pair("limit", &limit.to_string());
            let mut fields = QueryFields::new(query.finish().as_bytes());
            let read = Page::read(&mut fields);
            prop_assert_eq!(fields.finish(read).unwrap(), Page { page: Some(page), limit, search: Some(search) });
        }
    }
}
