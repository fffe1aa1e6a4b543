//! Whatever an operator writes: it is refused with a reason, or it means the same when it is written back.

use proptest::prelude::*;

use super::encryption_key::EncryptionKey;
use super::{Environment, duration, networks, urls};
use crate::mailer::smtp::url::RelayUrl;

/// URLs, nearly.
fn url() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "(https?|postgres|smtps?|rediss?|redis\\+unix)://([a-z]{0,3}:?[a-z@]{0,4})?[a-zA-Z0-9.:\\[\\]-]{0,20}(:[0-9]{0,6})?(/[a-z./]{0,9})?(\\?[a-z_=&,0-9]{0,20})?(#[a-z]{0,3})?",
    ]
}

proptest! {
    #[test]
    fn a_length_of_time_is_written_back(text in prop_oneof![any::<String>(), "[0-9]{0,21}(ms|s|m|h|d|w| )?"]) {
        if let Ok(length) = duration::parse(&text) {
            prop_assert_eq!(duration::parse(&duration::render(length)), Ok(length));
        }
    }

    #[test]
    fn a_list_of_proxies_is_its_own_canonical_form(
        text in prop_oneof![any::<String>(), "[0-9a-f.:/, ]{0,40}", "([0-9]{1,3}\\.){3}[0-9]{1,3}(/[0-9]{1,3})?"],
    ) {
        if let Ok(list) = networks::parse_list(&text) {
            let written: Vec<String> = list.iter().map(ToString::to_string).collect();
            prop_assert_eq!(networks::parse_list(&written.join(",")), Ok(list.clone()));
            let everybody = list.iter().any(|network| network.prefix_len() == 0);
            prop_assert_eq!(networks::trust_everybody(&list), everybody, "nobody trusts everybody unnoticed");
        }
    }

    #[test]
    fn the_public_url_is_its_own_canonical_form(text in url()) {
        for environment in [Environment::Production, Environment::Development] {
            if let Ok(canonical) = urls::public(&text, environment) {
                prop_assert!(canonical.starts_with("https://") || environment != Environment::Production);
                prop_assert_eq!(urls::public(&canonical, environment), Ok(canonical.clone()));
            }
        }
    }

    #[test]
    fn no_address_of_a_service_makes_it_panic_or_is_repeated_in_the_reason(text in url()) {
        let reasons = [urls::database(&text).err(), urls::smtp(&text).err(), urls::redis(&text).err()];
        let _ = text.parse::<RelayUrl>();
        for reason in reasons.into_iter().flatten() {
            prop_assert!(text.len() < 12 || !reason.contains(&text), "{reason}");
        }
    }

    #[test]
    fn an_encryption_key_is_32_bytes_in_base64(text in prop_oneof![any::<String>(), "[0-9A-Za-z+/]{42,44}={0,2}"]) {
        if EncryptionKey::parse(&text).is_ok() {
            prop_assert!(text.len() == 43 || text.len() == 44 && text.ends_with('='));
        }
    }
}
