//! How soon a password would be guessed, by zxcvbn, within a bounded time.
//!
//! zxcvbn tries every reading of "l33t" characters over every part of the text. A text full of such characters has
//! hundreds of readings: a hundred of them took 1.3 s here, five times a password hash. So the text is judged by as
//! long a beginning as a fixed budget of work allows. That is all of any password people type, and a beginning too
//! intricate to afford more of is a strong password already.

use zxcvbn::zxcvbn;

use super::Account;

/// The verdict on a password.
pub(super) struct Strength {
    /// zxcvbn's score, 0 to 4.
    pub score: u8,
    /// Whether it is among the passwords tried first, in any capitalization.
    pub common: bool,
}

/// zxcvbn's dictionaries have 30,000 entries each, most common first, and its estimate for an entry is its rank
/// plus one. So what it guesses within this many tries is on its password list, or just as quick to guess.
const COMMON_WITHIN: u64 = 30_001;

/// Capitals multiply the estimate for an entry (20 letters at most) by less than 2^20: beyond this, it is on no list.
const NEVER_COMMON: u64 = COMMON_WITHIN << 20;

/// The most code points judged.
const MAX_JUDGED: usize = 64;

/// The most work: readings times the square of the length.
const BUDGET: usize = 4 * MAX_JUDGED * MAX_JUDGED;

/// Longer words taken from the account tell nothing more, and zxcvbn's arithmetic is not made for them.
const MAX_INPUT: usize = 32;

/// Judges a normalized password of an account.
pub(super) fn estimate(text: &str, account: Account<'_>) -> Strength {
    let judged = affordable(text);
    let inputs = words(account);
    let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
    let verdict = zxcvbn(judged, &inputs);
    let common = verdict.guesses() <= NEVER_COMMON && {
        let folded = zeroize::Zeroizing::new(judged.to_lowercase());
        zxcvbn(&folded, &[]).guesses() <= COMMON_WITHIN
    };
    Strength { score: verdict.score().into(), common }
}

/// The address and the application's name, whole, without what is between their words, and the words, lest a password made of them
/// looks strong.
fn words(account: Account<'_>) -> Vec<String> {
    let words = |text: &str| {
        let parts = text.split('@').chain(text.split(|character: char| !character.is_alphanumeric()));
        let joined = text.chars().filter(|character| character.is_alphanumeric()).collect();
        parts.map(str::to_owned).chain([text.to_owned(), joined]).collect::<Vec<String>>()
    };
    [account.email, account.application]
        .into_iter()
        .flat_map(words)
        .filter(|part| part.chars().nth(2).is_some())
        .map(|part| part.chars().take(MAX_INPUT).collect())
        .collect()
}

/// The longest beginning of `text` that zxcvbn judges within the budget.
fn affordable(text: &str) -> &str {
    let mut seen = String::new();
    for (length, (end, character)) in text.char_indices().enumerate() {
        if LEET.iter().any(|signs| signs.contains(character)) && !seen.contains(character) {
            seen.push(character);
        }
        let length = length + 1;
        if length > MAX_JUDGED || readings(&seen) * length * length > BUDGET {
            return &text[..end];
        }
    }
    text
}

/// What zxcvbn reads as another letter: the signs for a, b, c, e, g, i, l, o, s, t, x and z.
const LEET: [&str; 12] = ["4@", "8", "({[<", "3", "69", "1!|", "1|7", "0", "$5", "+7", "%", "2"];

/// In how many ways the signs in `seen` can be read: one sign for each letter.
fn readings(seen: &str) -> usize {
    LEET.iter().map(|signs| signs.chars().filter(|sign| seen.contains(*sign)).count().max(1)).product()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LEET_SOUP: &str = "4@8({[<369!1|70$5+%2";

    #[test]
    fn ordinary_long_passwords_are_judged_by_64_code_points() {
        assert_eq!(affordable(&"Trust no 1, ever & 4 good! ".repeat(9)).chars().count(), 64);
        assert_eq!(affordable("ünïcödé pässwörd"), "ünïcödé pässwörd");
    }

    #[test]
    fn a_soup_of_signs_is_judged_by_less_and_is_strong_all_the_same() {
        for soup in [LEET_SOUP.repeat(12), format!("password{}", LEET_SOUP.repeat(12))] {
            let judged = affordable(&soup);
            assert!(judged.chars().count() < 32, "{judged}");
            assert!(estimate(&soup, Account { email: "", application: "" }).score >= 3);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        /// Every password gets an answer: neither zxcvbn nor we panic.
        #[test]
        fn any_text_is_judged(
            text in prop_oneof!["\\PC{0,40}", "[4@8({\\[<369!1|70$5+%2a-zA-Z]{0,120}", "(qaz|WSX|zse4|[a-cA-C]|1990|İ){0,90}"],
            email in "[a-zA-Z0-9.]{1,64}@[a-z]{1,60}\\.com",
            application in "\\PC{0,100}",
        ) {
            let account = Account { email: &email, application: &application };
            prop_assert!(estimate(&text, account).score <= 4);
        }
    }
}
