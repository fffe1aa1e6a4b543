use super::PolicyViolation::{ContainsAddress, TooCommon, TooLong, TooShort, TooWeak};
use super::*;

const ACCOUNT: Account<'_> = Account { email: "Ada.Lovelace@Example.com", application: "Quorlam & Zwiefach" };
const LAX: PasswordPolicy = PasswordPolicy { min_length: 8, min_strength: 0 };

fn refused(raw: &str, policy: PasswordPolicy) -> Vec<PolicyViolation> {
    Password::parse(raw, policy, ACCOUNT).err().unwrap_or_default()
}

#[test]
fn a_good_password_passes_and_is_the_one_that_logs_in() {
    let parsed = Password::parse("mu\u{308}cken stechen leise", PasswordPolicy::default(), ACCOUNT).unwrap();
    assert_eq!(parsed.text(), Password::presented("mücken stechen leise").text());
}

#[test]
fn length_counts_code_points_after_normalization() {
    let decomposed = "a\u{308}b\u{308}xqzw\u{308}v";
    assert_eq!(refused(decomposed, PasswordPolicy { min_length: 8, ..LAX }), []);
    assert_eq!(refused("o\u{308}xqzk\u{301}v", LAX), [TooShort { min: 8 }]);
    assert_eq!(refused("xqzkvwj", LAX), [TooShort { min: 8 }]);
    assert_eq!(refused("", LAX), [TooShort { min: 8 }]);
    assert_eq!(refused("xqzkvwjpbn", PasswordPolicy { min_length: 11, ..LAX }), [TooShort { min: 11 }]);
    let longest: String = "水火木金土日月星".chars().cycle().take(256).collect();
    assert_eq!(refused(&longest, LAX), []);
    assert_eq!(refused(&format!("{longest}x"), LAX), [TooLong { max: 256 }]);
    assert_eq!(refused(&longest.repeat(1000), LAX), [TooLong { max: 256 }]);
}

#[test]
fn no_application_goes_below_eight() {
    assert_eq!(refused("xqzkvwj", PasswordPolicy { min_length: 1, min_strength: 0 }), [TooShort { min: 8 }]);
}

#[test]
fn common_passwords_are_refused_in_any_capitalization_even_where_strength_is_not_asked() {
    // A sample of what stands on every such list, other writings of it, and what is no harder.
    for common in [
        "password",
        "12345678",
        "123456789",
        "qwertyuiop",
        "iloveyou",
        "sunshine",
        "princess",
        "football",
        "baseball",
        "superman",
        "trustno1",
        "starwars",
        "computer",
        "corvette",
        "mercedes",
        "1qaz2wsx",
        "password1",
        "11111111",
        "87654321",
        "abcdefgh",
        "asdfghjkl",
        "letmein123",
        "PASSWORD",
        "pAsSwOrD",
        "Password1",
        "P@ssw0rd",
        "drowssap",
        "passpass",
        "aaaaaaaaaaaaaaaa",
        "01011990",
        "midnight",
        "whatever",
        "michelle",
        "elizabeth",
    ] {
        assert_eq!(refused(common, LAX), [TooCommon], "{common}");
    }
}

#[test]
fn strength_is_as_the_application_asks() {
    let middling = "green7river";
    let score = strength::estimate(middling, ACCOUNT).score;
    assert!((1..3).contains(&score), "{score}");
    assert_eq!(refused(middling, PasswordPolicy { min_strength: score, ..LAX }), []);
    assert_eq!(refused(middling, PasswordPolicy { min_strength: score + 1, ..LAX }), [TooWeak]);
    assert_eq!(refused(middling, PasswordPolicy::default()), [TooWeak]);
    assert_eq!(refused("correct horse battery staple", PasswordPolicy { min_strength: 4, ..LAX }), []);
}

#[test]
fn the_address_is_refused_in_any_capitalization() {
    for address in ["ada.lovelace@example.com", "ADA.LOVELACE@EXAMPLE.COM", "ada.lovelace", "Ada.Lovelace"] {
        assert_eq!(refused(address, LAX), [ContainsAddress], "{address}");
    }
    assert_eq!(refused("my ada.lovelace@example.com pass", LAX), [ContainsAddress]);
}

#[test]
fn passwords_made_of_the_address_are_weak() {
    for weak in ["lovelaceada1", "exampleada", "Lovelace.1"] {
        assert_eq!(refused(weak, PasswordPolicy::default()), [TooWeak], "{weak}");
    }
}

#[test]
fn passwords_made_of_the_name_of_the_application_are_weak() {
    let elsewhere = Account { application: "Acme", ..ACCOUNT };
    for weak in ["Zwiefach1", "quorlamzwiefach", "Quorlam & Zwiefach"] {
        assert_eq!(refused(weak, PasswordPolicy::default()), [TooWeak], "{weak}");
    }
    assert!(Password::parse("quorlamzwiefach", PasswordPolicy::default(), elsewhere).is_ok());
}

#[test]
fn control_characters_are_characters() {
    assert_eq!(refused("\0\u{1}zq \u{7f}vk\nxw\t8", LAX), []);
}

#[test]
fn codes_are_stable_and_messages_say_nothing_of_the_password() {
    let all = [TooShort { min: 8 }, TooLong { max: 256 }, TooCommon, ContainsAddress, TooWeak];
    let codes: Vec<_> = all.iter().map(|violation| violation.code()).collect();
    assert_eq!(codes, ["too_short", "too_long", "too_common", "contains_address", "too_weak"]);
    assert_eq!(all[0].message(), "Use at least 8 characters.");
    assert!(all.iter().all(|violation| violation.message().ends_with('.')));
}
