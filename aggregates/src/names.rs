//! Names that people give to things, shown in the portal and in mails.

use std::fmt;

/// The most code points a name or label has.
pub const MAX_NAME_LENGTH: usize = 100;

/// Why a text is no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing but white space.
    #[error("is empty")]
    Empty,
    /// More than [`MAX_NAME_LENGTH`] code points.
    #[error("has more than {MAX_NAME_LENGTH} characters")]
    TooLong,
    /// A control character, a line break or a change of writing direction, which would forge the text around it.
    #[error("has a control character")]
    ControlCharacter,
}

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            /// Trims and checks a text: 1 to [`MAX_NAME_LENGTH`] code points, no control characters.
            ///
            /// # Errors
            /// [`NameError`] says which of these does not hold.
            pub fn parse(text: &str) -> Result<Self, NameError> {
                trimmed(text).map(Self)
            }

            /// The trimmed text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

names! {
    /// The name of an application.
    ApplicationName;
    /// What a developer calls an API key, to know it again.
    Label;
}

fn trimmed(text: &str) -> Result<String, NameError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(NameError::Empty);
    }
    if text.chars().count() > MAX_NAME_LENGTH {
        return Err(NameError::TooLong);
    }
    if text.chars().any(disturbs_its_surroundings) {
        return Err(NameError::ControlCharacter);
    }
    Ok(text.to_owned())
}

fn disturbs_its_surroundings(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_trimmed_and_kept_as_typed() {
        assert_eq!(ApplicationName::parse("  Rosa's Bücher 📚 ").unwrap().as_str(), "Rosa's Bücher 📚");
    }

    #[test]
    fn length_counts_code_points() {
        assert!(Label::parse(&"ü".repeat(100)).is_ok());
        assert_eq!(Label::parse(&"ü".repeat(101)), Err(NameError::TooLong));
    }

    #[test]
    fn an_empty_name_is_refused() {
        assert_eq!(ApplicationName::parse(" \t\n "), Err(NameError::Empty));
    }

    #[test]
    fn what_would_forge_a_mail_header_or_turn_the_line_is_refused() {
        for text in ["a\r\nBcc: b", "a\0b", "a\u{7f}b", "a\u{85}b", "a\u{2028}b", "a\u{202e}b", "a\u{2066}b"]
        {
            assert_eq!(ApplicationName::parse(text), Err(NameError::ControlCharacter));
        }
    }
}

#[cfg(test)]
mod fuzz {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_name_is_its_own_canonical_form_and_forges_nothing(text in any::<String>()) {
            if let Ok(name) = ApplicationName::parse(&text) {
                prop_assert_eq!(ApplicationName::parse(name.as_str()), Ok(name.clone()));
                prop_assert!(!name.as_str().chars().any(char::is_control));
            }
        }
    }
}
