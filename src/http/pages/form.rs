//! What the pages' forms send; a link's query has the same form.

use secrecy::SecretString;
use url::form_urlencoded;

/// The fields of a form; missing ones are empty, others are passed over.
#[derive(Default)]
pub(super) struct Form {
    pub(super) token: String,
    pub(super) password: SecretString,
    pub(super) confirmation: SecretString,
}

impl Form {
    /// Reads `application/x-www-form-urlencoded`, which can't be malformed. Bytes that are no UTF-8 become replacement
    /// characters; nobody can type them.
    pub(super) fn parse(bytes: &[u8]) -> Self {
        let mut form = Self::default();
        for (name, value) in form_urlencoded::parse(bytes) {
            match name.as_ref() {
                "token" => form.token = value.into_owned(),
                "password" => form.password = value.into_owned().into(),
                "confirmation" => form.confirmation = value.into_owned().into(),
                _ => {}
            }
        }
        form
    }
}
