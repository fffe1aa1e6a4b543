//! Whatever stands after `Basic` (RFC 7617).

use axum::http::HeaderValue;
use proptest::prelude::*;

use super::*;

fn authorization(value: &[u8]) -> HeaderMap {
    HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_bytes(value).unwrap())])
}

/// Values that a header can have, and such that begin as they should.
fn value() -> impl Strategy<Value = Vec<u8>> {
    let any_value = prop::collection::vec(prop_oneof![0x20u8..0x7f, 0x80u8..], 0..80);
    prop_oneof![any_value, "[bB]asic[ -~]{0,40}".prop_map(String::into_bytes)]
}

proptest! {
    #[test]
    fn no_header_makes_it_panic(value in value()) {
        let headers = authorization(&value);
        if is_basic(&headers) {
            let _ = credentials(&headers);
        }
    }

    #[test]
    fn name_and_secret_are_read_as_they_were_sent(name in "[^:]{0,30}", secret in any::<String>()) {
        let value = format!("Basic {}", BASE64_STANDARD.encode(format!("{name}:{secret}")));
        let headers = authorization(value.as_bytes());
        prop_assert!(is_basic(&headers));
        prop_assert_eq!(credentials(&headers), Some((name, secret)));
    }
}
