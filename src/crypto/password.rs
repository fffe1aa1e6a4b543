//! A password in memory: normalized, wiped when dropped, and in no log.

use std::fmt;

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// The longest password, in code points after NFC.
pub const MAX_LENGTH: usize = 256;

/// NFC shrinks a text to a quarter of its code points at most, so a text longer than this is too long in any form.
const MAX_RAW_LENGTH: usize = 4 * MAX_LENGTH;

/// A password in Unicode normalization form C, so that the same keys pressed on another system mean the same.
///
/// A new password comes from `Password::parse`, which asks the policy; the one a login shows, from
/// [`Password::presented`].
pub struct Password(Zeroizing<String>);

impl Password {
    /// A password shown at login: any text is taken, and policy is not asked, since old passwords stay good when
    /// the policy changes.
    ///
    /// A text too long to be anybody's password is cut, so that its size costs nothing, but stays longer than any
    /// accepted password: it takes the same hash and never matches.
    pub fn presented(raw: &str) -> Password {
        let cut = raw.char_indices().nth(MAX_RAW_LENGTH + 1).map_or(raw.len(), |(end, _)| end);
        let mut text = Zeroizing::new(String::new());
        // Composition may lengthen a text (three times in bytes at most); growing would leave unwiped copies.
        text.reserve_exact(3 * cut);
        text.extend(raw[..cut].nfc());
        Password(text)
    }

    /// The normalized text.
    pub(super) fn text(&self) -> &str {
        &self.0
    }

    /// The length in code points.
    pub(super) fn length(&self) -> usize {
        self.0.chars().count()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Password(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn composed_and_decomposed_text_is_one_password() {
        assert_eq!(
            Password::presented("Åse Müller").text(),
            Password::presented("A\u{30a}se Mu\u{308}ller").text()
        );
        assert_eq!(Password::presented("각").text(), Password::presented("\u{1100}\u{1161}\u{11a8}").text());
    }

    #[test]
    fn compatible_but_different_characters_stay_different() {
        assert_ne!(Password::presented("ﬁnance").text(), Password::presented("finance").text());
    }

    #[test]
    fn nothing_is_trimmed_or_dropped() {
        assert_eq!(Password::presented(" a\0b\n ").text(), " a\0b\n ");
        assert_eq!(Password::presented("").text(), "");
    }

    #[test]
    fn it_does_not_show() {
        assert_eq!(format!("{:?}", Password::presented("open sesame")), "Password(redacted)");
    }

    #[test]
    fn a_huge_text_is_cut_but_stays_longer_than_any_password() {
        let huge = Password::presented(&"a".repeat(1_000_000));
        assert!(huge.length() > MAX_LENGTH && huge.length() <= MAX_RAW_LENGTH + 1);
        // The most that composition can shrink: four code points into one.
        let dense = Password::presented(&"\u{3b1}\u{313}\u{300}\u{345}".repeat(MAX_LENGTH + 1));
        assert!(dense.length() > MAX_LENGTH);
    }

    #[test]
    fn a_text_of_just_the_right_length_is_not_cut() {
        let raw = "\u{3b1}\u{313}\u{300}\u{345}".repeat(MAX_LENGTH);
        assert_eq!(Password::presented(&raw).length(), MAX_LENGTH);
    }

    mod fuzz {
        use super::*;

        proptest! {
            #[test]
            fn any_text_keeps_to_the_reserved_space(raw in "\\PC{0,300}") {
                let password = Password::presented(&raw);
                prop_assert!(password.0.len() <= 3 * raw.len());
            }
        }
    }
}
