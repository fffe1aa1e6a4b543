//! Whatever stands in `Authorization`.

use axum::http::HeaderValue;
use proptest::prelude::*;

use super::*;

fn authorization(value: &[u8]) -> HeaderMap {
    HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_bytes(value).unwrap())])
}

/// Values that a header can have, and such that begin as they should.
fn value() -> impl Strategy<Value = Vec<u8>> {
    let any_value = prop::collection::vec(prop_oneof![0x20u8..0x7f, 0x80u8..], 0..80);
    prop_oneof![any_value, "[bB][eE]arer {0,3}[ -~]{0,40}".prop_map(String::into_bytes)]
}

proptest! {
    #[test]
    fn a_bearer_token_is_what_follows_the_scheme(value in value()) {
        let headers = authorization(&value);
        if let Some(token) = bearer(&headers) {
            let text = std::str::from_utf8(&value).unwrap();
            prop_assert!(text.len() > 7 && text[..7].eq_ignore_ascii_case("bearer "));
            prop_assert_eq!(text[7..].trim(), token);
            prop_assert!(!token.is_empty());
        }
    }

    #[test]
    fn a_token_is_read_as_it_was_sent(token in "[0-9A-Za-z._~+/-]{1,60}={0,2}") {
        let headers = authorization(format!("Bearer {token}").as_bytes());
        prop_assert_eq!(bearer(&headers), Some(token.as_str()));
    }
}
