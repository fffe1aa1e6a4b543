use super::*;

#[track_caller]
fn refused(text: &str, error: EmailError) {
    assert_eq!(EmailAddress::parse(text), Err(error), "{text:?}");
}

#[test]
fn an_address_is_shown_as_typed_compared_in_lower_case_and_mailed_in_ascii() {
    let address = EmailAddress::parse("Rosa.Maier+Shop@Bücher.Example").unwrap();

    assert_eq!(address.as_str(), "Rosa.Maier+Shop@Bücher.Example");
    assert_eq!(address.canonical(), "rosa.maier+shop@xn--bcher-kva.example");
    assert_eq!(address.mailbox(), "Rosa.Maier+Shop@xn--bcher-kva.example");
}

#[test]
fn spellings_of_one_domain_are_one_address() {
    let spellings = [
        "a@bücher.example",
        "A@BÜCHER.EXAMPLE",
        "a@xn--bcher-kva.example",
        "a@XN--BCHER-KVA.example",
        "a@bu\u{308}cher.example",
        "a@bücher\u{3002}example",
        "a@ｂücher.example",
    ];
    for spelling in spellings {
        let canonical = EmailAddress::parse(spelling).map(|address| address.canonical().to_owned());
        assert_eq!(canonical.as_deref(), Ok("a@xn--bcher-kva.example"), "{spelling:?}");
    }
}

#[test]
fn dots_and_plus_signs_make_another_address() {
    let canonical = |text| EmailAddress::parse(text).unwrap().canonical().to_owned();

    assert_ne!(canonical("a.b@example.com"), canonical("ab@example.com"));
    assert_ne!(canonical("a+b@example.com"), canonical("a@example.com"));
}

#[test]
fn every_character_of_a_dot_atom_is_accepted() {
    assert!(EmailAddress::parse("aZ09!#$%&'*+-/=?^_`{|}~.x@a-b.example").is_ok());
}

#[test]
fn there_is_one_at_sign() {
    for text in ["", "rosa", "rosa.example.com", "a@b@example.com", "\"a@b\"@example.com", "a@example.com@"] {
        refused(text, EmailError::NoSingleAt);
    }
}

#[test]
fn quotes_comments_spaces_and_controls_are_refused() {
    let locals = [
        "",
        ".a",
        "a.",
        "a..b",
        "a b",
        " a",
        "a\t",
        "a\r\nBcc: b",
        "a\0",
        "\"a\"",
        "(c)a",
        "a(c)",
        "<a",
        "a,b",
        "a;b",
        "a:b",
        "a\\b",
        "[a]",
        "ü",
        "a\u{200b}",
        "\u{feff}a",
        "a\u{7f}",
    ];
    for local in locals {
        refused(&format!("{local}@example.com"), EmailError::LocalPart);
    }
}

#[test]
fn what_is_no_domain_name_is_refused() {
    let domains = [
        "",
        "localhost",
        ".example.com",
        "example.com.",
        "example..com",
        "-a.example",
        "a-.example",
        "a_b.example",
        "exa mple.com",
        "example.com ",
        "example.com\n",
        "example.com\0",
        "example.com\u{a0}",
        "example.com\u{3000}",
        "(c)example.com",
        "example.com>",
        "example.com:25",
        "example.com/",
        "exa%6dple.com",
        "xn--a.example",
        "xn--.example",
        "\u{301}a.example",
    ];
    for domain in domains {
        refused(&format!("a@{domain}"), EmailError::Domain);
    }
}

#[test]
fn addresses_of_machines_are_refused() {
    for domain in ["127.0.0.1", "[127.0.0.1]", "[IPv6:::1]", "1.2", "0x7f.0x1", "a.0x", "a.123", "1.2.3.４"]
    {
        refused(&format!("a@{domain}"), EmailError::Domain);
    }
}

#[test]
fn characters_that_nobody_sees_are_refused() {
    for invisible in
        ['\u{ad}', '\u{200b}', '\u{2060}', '\u{feff}', '\u{fe0f}', '\u{34f}', '\u{202e}', '\u{200e}']
    {
        refused(&format!("a@exam{invisible}ple.com"), EmailError::Domain);
        refused(&format!("a@example.com{invisible}"), EmailError::Domain);
    }
}

#[test]
fn a_local_part_has_64_octets() {
    assert!(EmailAddress::parse(&format!("{}@example.com", "a".repeat(64))).is_ok());
    refused(&format!("{}@example.com", "a".repeat(65)), EmailError::LocalPart);
}

#[test]
fn an_address_has_254_octets() {
    let label = "d".repeat(62);
    let longest = format!("{}@{label}.{label}.{label}.com", "a".repeat(61));
    assert_eq!(longest.len(), 254);

    assert!(EmailAddress::parse(&longest).is_ok());
    refused(&format!("a{longest}"), EmailError::TooLong);
}

#[test]
fn the_length_is_that_of_the_canonical_form() {
    // 62 characters to type, more than 63 octets as an A-label; and a domain that only grows too long with its labels.
    refused(&format!("a@{}.example", "ü".repeat(62)), EmailError::Domain);
    let label = "ü".repeat(40);
    refused(&format!("{}@{label}.{label}.{label}.{label}.example", "a".repeat(64)), EmailError::TooLong);
}

#[test]
fn debug_does_not_show_the_address() {
    assert_eq!(format!("{:?}", EmailAddress::parse("rosa@example.com").unwrap()), "EmailAddress(..)");
}

mod fuzz {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC*@\\PC*") {
            let _ = EmailAddress::parse(&text);
        }

        #[test]
        fn the_canonical_form_is_its_own_canonical_form(
            text in "[a-zA-Z0-9.+]{1,12}@[a-zA-Z0-9äßÄжΣς日\u{200d}.-]{1,20}\\.[a-zA-Zé]{2,5}",
        ) {
            if let Ok(address) = EmailAddress::parse(&text) {
                let canonical = EmailAddress::parse(address.canonical()).unwrap();
                prop_assert_eq!(canonical.canonical(), address.canonical());
                prop_assert_eq!(canonical.as_str(), address.canonical());
                prop_assert!(address.canonical().is_ascii() && address.mailbox().is_ascii());
                let mailbox = EmailAddress::parse(address.mailbox()).unwrap();
                prop_assert_eq!(mailbox.canonical(), address.canonical());
            }
        }
    }
}
