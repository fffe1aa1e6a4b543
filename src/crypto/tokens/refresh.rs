//! Refresh tokens: a session, how often it has been refreshed, and a MAC that nobody else can make.
//!
//! As a token follows from its session and counter, a step that is repeated gets the same successor although no
//! secret is stored; and as the counter tells which step a token belongs to, reuse is told from repetition exactly.

use std::fmt;

use aws_lc_rs::hmac;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::sha256_of;

const PREFIX: &str = "dvr_";
const SESSION_LENGTH: usize = 16;
const MAC_AT: usize = SESSION_LENGTH + 4;
const LENGTH: usize = MAC_AT + 32;

/// Makes and recognises refresh tokens.
pub struct RefreshTokens(hmac::Key);

/// A refresh token to hand out.
pub struct RefreshToken(Zeroizing<String>);

impl RefreshToken {
    /// The text for the client.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is stored of it.
    pub fn sha256(&self) -> [u8; 32] {
        sha256_of(&self.0)
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("RefreshToken(redacted)")
    }
}

impl RefreshTokens {
    /// `key` is derived from the root key with `Label::REFRESH_TOKENS`.
    pub fn new(key: &[u8; 32]) -> RefreshTokens {
        RefreshTokens(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// The token of a session of `application` after `counter` refreshes; the same each time.
    pub fn issue(&self, application: Uuid, session: Uuid, counter: u32) -> RefreshToken {
        let mut bytes = Zeroizing::new([0; LENGTH]);
        bytes[..SESSION_LENGTH].copy_from_slice(session.as_bytes());
        bytes[SESSION_LENGTH..MAC_AT].copy_from_slice(&counter.to_be_bytes());
        let tag = hmac::sign(&self.0, &message(application, &bytes[..MAC_AT]));
        bytes[MAC_AT..].copy_from_slice(tag.as_ref());
        let mut text = String::with_capacity(PREFIX.len() + LENGTH.div_ceil(3) * 4);
        text.push_str(PREFIX);
        BASE64_URL_SAFE_NO_PAD.encode_string(bytes.as_slice(), &mut text);
        RefreshToken(Zeroizing::new(text))
    }

    /// The session and counter of a token that was issued for `application`; `None` for every other text.
    ///
    /// Each token has one spelling, and the MAC is compared in constant time. Whether the session lives and the
    /// counter is current, the database knows.
    pub fn parse(&self, application: Uuid, text: &str) -> Option<(Uuid, u32)> {
        let mut bytes = Zeroizing::new([0; LENGTH]);
        let encoded = text.strip_prefix(PREFIX)?;
        if encoded.len() != (LENGTH * 4).div_ceil(3) {
            return None;
        }
        BASE64_URL_SAFE_NO_PAD.decode_slice(encoded, bytes.as_mut()).ok()?;
        let (signed, mac) = bytes.split_at(MAC_AT);
        hmac::verify(&self.0, &message(application, signed), mac).ok()?;
        let (session, counter) = signed.split_at(SESSION_LENGTH);
        Some((Uuid::from_slice(session).ok()?, u32::from_be_bytes(counter.try_into().ok()?)))
    }
}

impl fmt::Debug for RefreshTokens {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("RefreshTokens(redacted)")
    }
}

/// What the MAC is over; unambiguous, as every part has a fixed length.
fn message(application: Uuid, session_and_counter: &[u8]) -> Vec<u8> {
    [b"refresh", application.as_bytes().as_slice(), session_and_counter].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    const APPLICATION: Uuid = Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0001);
    const SESSION: Uuid = Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0002);

    fn tokens() -> RefreshTokens {
        RefreshTokens::new(&[1; 32])
    }

    #[test]
    fn a_token_gives_back_its_session_and_counter() {
        for counter in [0, 1, 255, 256, u32::MAX] {
            let token = tokens().issue(APPLICATION, SESSION, counter);
            assert_eq!(tokens().parse(APPLICATION, token.expose()), Some((SESSION, counter)));
            assert_eq!(token.expose().len(), 4 + 70);
        }
    }

    #[test]
    fn a_step_always_has_the_same_token_and_every_step_its_own() {
        let token = |session, counter| tokens().issue(APPLICATION, session, counter).0;
        assert_eq!(token(SESSION, 1), token(SESSION, 1));
        assert_ne!(token(SESSION, 1), token(SESSION, 2));
        assert_ne!(token(SESSION, 1), token(Uuid::from_u128(3), 1));
    }

    #[test]
    fn another_application_or_key_knows_nothing_of_it() {
        let token = tokens().issue(APPLICATION, SESSION, 1);
        assert_eq!(tokens().parse(Uuid::from_u128(3), token.expose()), None);
        assert_eq!(RefreshTokens::new(&[2; 32]).parse(APPLICATION, token.expose()), None);
    }

    #[test]
    fn changing_any_character_to_any_other_spoils_it() {
        let token = tokens().issue(APPLICATION, SESSION, 1);
        for place in 0..token.expose().len() {
            for other in b"Aaz09-_.=+/ ".iter().chain(&token.expose().as_bytes()[..8]) {
                let mut bytes = token.expose().as_bytes().to_vec();
                if std::mem::replace(&mut bytes[place], *other) != *other {
                    let text = String::from_utf8(bytes).unwrap();
                    assert_eq!(tokens().parse(APPLICATION, &text), None, "place {place}");
                }
            }
        }
    }

    #[test]
    fn the_last_character_has_no_second_spelling() {
        let token = tokens().issue(APPLICATION, SESSION, 1);
        let (rest, _) = token.expose().split_at(73);
        let alphabet = ('A'..='Z').chain('a'..='z').chain('0'..='9').chain(['-', '_']);
        let accepted =
            alphabet.filter(|last| tokens().parse(APPLICATION, &format!("{rest}{last}")).is_some());
        assert_eq!(accepted.count(), 1);
    }

    #[test]
    fn other_shapes_are_refused() {
        let token = tokens().issue(APPLICATION, SESSION, 1);
        let text = token.expose();
        for wrong in [
            "",
            "dvr_",
            &text[4..],
            &text[..73],
            &format!("{text}="),
            &format!("{text}A"),
            &format!(" {text}"),
        ] {
            assert_eq!(tokens().parse(APPLICATION, wrong), None, "{wrong}");
        }
        assert_eq!(tokens().parse(APPLICATION, &"dvr_".repeat(100_000)), None);
        assert_eq!(tokens().parse(APPLICATION, &text.replace("dvr_", "dvt_")), None);
    }

    #[test]
    fn it_does_not_show() {
        assert_eq!(format!("{:?}", tokens().issue(APPLICATION, SESSION, 1)), "RefreshToken(redacted)");
        assert_eq!(format!("{:?}", tokens()), "RefreshTokens(redacted)");
    }
}
