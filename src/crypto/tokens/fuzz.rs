//! Whatever text is presented as a token: it is read as one only if it is spelled as we spell it.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use proptest::prelude::*;
use secrecy::ExposeSecret as _;
use uuid::Uuid;

use super::*;

const APPLICATION: Uuid = Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0001);

/// Texts that nobody made, and texts that are nearly tokens.
fn presented() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "dv[krts]_(sk_|pk_)?[0-9A-Za-z_=+/-]{0,80}",
        "dvk_(sk|pk)_[0-9A-Za-z]{42}[0-9A-Za-zä\u{0}_-]{1,2}",
        "dvt_[0-9A-Za-z_-]{42,44}=?",
        "dvr_[0-9A-Za-z_-]{69,71}=?",
    ]
}

proptest! {
    #[test]
    fn what_is_read_as_an_api_key_is_one_prefix_and_43_characters(text in presented()) {
        if let Some((hash, kind)) = hash_api_key(&text) {
            let prefix = match kind { ApiKeyKind::Secret => "dvk_sk_", ApiKeyKind::Publishable => "dvk_pk_" };
            let random = text.strip_prefix(prefix).unwrap();
            prop_assert!(random.len() == 43 && random.bytes().all(|byte| byte.is_ascii_alphanumeric()));
            prop_assert_eq!(hash, sha256_of(&text));
        }
    }

    #[test]
    fn what_is_read_as_a_mailed_token_has_one_spelling(text in presented()) {
        if let Some(hash) = hash_one_time_token(&text) {
            let bytes = BASE64_URL_SAFE_NO_PAD.decode(&text[4..]).unwrap();
            prop_assert_eq!(format!("dvt_{}", BASE64_URL_SAFE_NO_PAD.encode(bytes)), text.clone());
            prop_assert_eq!(hash, sha256_of(&text));
        }
    }

    #[test]
    fn a_mailed_token_that_we_made_is_read(id in any::<u128>(), key in any::<[u8; 32]>()) {
        let token = OneTimeTokens::new(&key).derive(Purpose::ResetPassword, Uuid::from_u128(id));
        prop_assert_eq!(hash_one_time_token(token.expose_secret()), Some(sha256_of(token.expose_secret())));
    }

    #[test]
    fn nobody_without_the_key_makes_a_refresh_token(text in presented()) {
        prop_assert_eq!(RefreshTokens::new(&[1; 32]).parse(APPLICATION, &text), None);
    }

    #[test]
    fn a_refresh_token_gives_back_what_is_in_it_and_no_changed_one_does(
        session in any::<u128>(),
        counter in any::<u32>(),
        place in any::<prop::sample::Index>(),
        other in "[0-9A-Za-z_=-]",
    ) {
        let tokens = RefreshTokens::new(&[1; 32]);
        let issued = tokens.issue(APPLICATION, Uuid::from_u128(session), counter);
        prop_assert_eq!(tokens.parse(APPLICATION, issued.expose()), Some((Uuid::from_u128(session), counter)));
        let place = place.index(issued.expose().len());
        let mut changed = issued.expose().to_owned();
        changed.replace_range(place..=place, &other);
        if changed != issued.expose() {
            prop_assert_eq!(tokens.parse(APPLICATION, &changed), None);
        }
    }
}
