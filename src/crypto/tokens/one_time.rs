//! Tokens in mailed links. They derive from the id of the request, so that a mail that is sent again carries the same
//! link, and neither the database nor the log holds anything a link could be made of.

use std::fmt;

use aws_lc_rs::hmac;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use secrecy::SecretString;
use uuid::Uuid;

use super::sha256_of;

const PREFIX: &str = "dvt_";

/// What a one-time token is good for, and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Proving that a person reads the mail of an address.
    VerifyEmail,
    /// Choosing a new password.
    ResetPassword,
}

impl Purpose {
    fn label(self) -> &'static [u8] {
        match self {
            Purpose::VerifyEmail => b"verify email",
            Purpose::ResetPassword => b"reset password",
        }
    }
}

/// Makes one-time tokens.
pub struct OneTimeTokens(hmac::Key);

impl OneTimeTokens {
    /// `key` is derived from the root key with `Label::ONE_TIME_TOKENS`.
    pub fn new(key: &[u8; 32]) -> OneTimeTokens {
        OneTimeTokens(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// The token of the request `token_id`; the same each time. Store its [`sha256_of`] and find it by that.
    pub fn derive(&self, purpose: Purpose, token_id: Uuid) -> SecretString {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(purpose.label());
        // No label ends like the beginning of another plus an id: the labels differ in their first letter.
        context.update(token_id.as_bytes());
        format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(context.sign())).into()
    }
}

impl fmt::Debug for OneTimeTokens {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("OneTimeTokens(redacted)")
    }
}

/// The hash by which a presented token is found; `None` for a text that can't be one, without hashing it.
pub fn hash_one_time_token(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    let encoded = text.strip_prefix(PREFIX).filter(|encoded| encoded.len() == 43)?;
    BASE64_URL_SAFE_NO_PAD.decode_slice(encoded, &mut bytes).ok()?;
    Some(sha256_of(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    const ID: Uuid = Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0001);

    fn derive(key: u8, purpose: Purpose, id: Uuid) -> String {
        OneTimeTokens::new(&[key; 32]).derive(purpose, id).expose_secret().to_owned()
    }

    #[test]
    fn a_repeated_mail_carries_the_same_token() {
        assert_eq!(derive(1, Purpose::VerifyEmail, ID), derive(1, Purpose::VerifyEmail, ID));
    }

    #[test]
    fn purpose_request_and_key_each_make_another_token() {
        let token = derive(1, Purpose::VerifyEmail, ID);
        assert_ne!(token, derive(1, Purpose::ResetPassword, ID));
        assert_ne!(token, derive(1, Purpose::VerifyEmail, Uuid::from_u128(2)));
        assert_ne!(token, derive(2, Purpose::VerifyEmail, ID));
    }

    #[test]
    fn a_presented_token_is_hashed_as_it_was_stored() {
        let token = derive(1, Purpose::ResetPassword, ID);
        assert_eq!(token.len(), 47);
        assert_eq!(hash_one_time_token(&token), Some(sha256_of(&token)));
    }

    #[test]
    fn other_shapes_are_refused_unhashed() {
        let token = derive(1, Purpose::ResetPassword, ID);
        let long = "dvt_".repeat(100_000);
        for wrong in
            ["", "dvt_", &token[4..], &token[..46], &format!("{token}A"), &format!("{token}="), &long]
        {
            assert_eq!(hash_one_time_token(wrong), None);
        }
        assert_eq!(hash_one_time_token(&token.replace("dvt_", "dvr_")), None);
        assert_eq!(hash_one_time_token(&format!("{} ", &token[..46])), None);
    }
}
