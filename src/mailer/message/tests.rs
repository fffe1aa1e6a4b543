use chrono::TimeZone;

use super::*;

pub(crate) fn facts(kind: MailKind, application_name: &str) -> MailFacts {
    let requested_at = Utc.with_ymd_and_hms(2026, 11, 23, 10, 15, 0).unwrap();
    let link = kind
        .page()
        .map(|page| format!("https://acme.example/{page}?token=Zm9v_bar-baz0123456789ABCDEFGHIJKLMNOPQR"));
    let expires_at = kind.page().map(|_| requested_at + TimeDelta::hours(24));
    let to = "lin@acme.example".to_owned();
    MailFacts { kind, application_name: application_name.to_owned(), to, link, expires_at, requested_at }
}

/// Names that developers may choose and that must not get out of their place.
pub(crate) fn hostile_names() -> Vec<String> {
    let mut names: Vec<String> = [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "' onmouseover='x",
        "{{ link }}{% raw %}",
        "Acme\r\nBcc: everybody@example.org\r\n\r\nHello",
        "\u{202e}emca\u{202c}",
        "=?utf-8?q?=0D=0ABcc:_x@example.org?=",
        "\"Acme\" <ceo@bank.example>, x@example.org",
        "\\\"\\",
        "a:b;c,d@e(f)",
    ]
    .map(str::to_owned)
    .into();
    names.push("🎉".repeat(100));
    names.push("x".repeat(100));
    names
}

#[test]
fn stored_names_are_these_for_ever() {
    let names = MailKind::ALL.map(MailKind::name);
    assert_eq!(names, ["verify_email", "reset_password", "password_changed", "signup_attempted"]);
    assert!(MailKind::ALL.into_iter().all(|kind| MailKind::parse(kind.name()) == Some(kind)));
    assert_eq!(MailKind::parse("newsletter"), None);
}

#[test]
fn the_application_is_named_in_subject_and_bodies() {
    for kind in MailKind::ALL {
        let mail = render(&facts(kind, "Acme"));
        assert!(mail.subject.contains("Acme"), "{}", mail.subject);
        assert!(mail.text.contains("Acme") && mail.html.contains("Acme"), "{kind:?}");
    }
    assert_eq!(render(&facts(MailKind::VerifyEmail, "Acme")).subject, "Verify your e-mail for Acme");
}

#[test]
fn the_link_stands_in_both_bodies_and_its_limits_are_told() {
    for kind in [MailKind::VerifyEmail, MailKind::ResetPassword] {
        let facts = facts(kind, "Acme");
        let link = facts.link.clone().unwrap();
        let mail = render(&facts);
        assert!(mail.text.lines().any(|line| line == link), "{}", mail.text);
        let html = mail.html.replace("&#x2f;", "/");
        assert_eq!(html.matches(&format!("href=\"{link}\"")).count(), 2);
        assert!(html.contains(&format!(">{link}<")));
        for body in [mail.text, html] {
            assert!(body.contains("for 24 hours (until 24 November 2026, 10:15 UTC)"), "{body}");
        }
    }
}

#[test]
fn notices_carry_no_link() {
    for kind in [MailKind::PasswordChanged, MailKind::SignupAttempted] {
        let mail = render(&facts(kind, "Acme"));
        assert!(!mail.text.contains("http") && !mail.html.contains("href"), "{kind:?}");
    }
}

#[test]
fn every_mail_says_what_to_do_if_it_was_someone_else() {
    for kind in MailKind::ALL {
        let mail = render(&facts(kind, "Acme"));
        assert!(mail.text.contains("Wasn't it you?") && mail.html.contains("Wasn’t it you?"), "{kind:?}");
    }
}

#[test]
fn nothing_is_fetched_from_elsewhere() {
    for kind in MailKind::ALL {
        let html = render(&facts(kind, "Acme")).html;
        for fetched in ["<img", "<script", "<link", "@import", "url(", "src="] {
            assert!(!html.contains(fetched), "{kind:?}: {fetched}");
        }
    }
}

#[test]
fn a_hostile_name_stays_text() {
    for name in hostile_names() {
        for kind in MailKind::ALL {
            let mail = render(&facts(kind, &name));
            assert!(!mail.subject.chars().any(char::is_control), "{name:?}");
            assert!(!mail.html.contains('\u{202e}') && !mail.text.contains('\u{202e}'));
            let plain = render(&facts(kind, "x")).html;
            assert_eq!(tags(&mail.html), tags(&plain), "{name:?} added or broke an element");
        }
    }
}

#[test]
fn text_lines_are_those_of_the_template() {
    let plain = render(&facts(MailKind::VerifyEmail, "x")).text.lines().count();
    for name in hostile_names() {
        assert_eq!(render(&facts(MailKind::VerifyEmail, &name)).text.lines().count(), plain, "{name:?}");
    }
}

#[test]
fn debug_output_holds_no_personal_data() {
    let facts = facts(MailKind::VerifyEmail, "Acme");
    let shown = format!("{facts:?} {:?}", render(&facts));
    assert_eq!(shown, "MailFacts { kind: VerifyEmail, .. } RenderedMail { .. }");
}

#[test]
fn spans_in_words() {
    let spoken =
        [0, 1, 15, 60, 90, 119, 120, 1440, 2880].map(|minutes| in_words(TimeDelta::minutes(minutes)));
    let expected = [
        "1 minute",
        "1 minute",
        "15 minutes",
        "1 hour",
        "90 minutes",
        "119 minutes",
        "2 hours",
        "24 hours",
        "2 days",
    ];
    assert_eq!(spoken, expected);
}

/// Element names in order, with their attributes' names: what a browser would build.
fn tags(html: &str) -> Vec<String> {
    html.split('<').skip(1).map(|rest| rest.split('>').next().unwrap_or(rest)).map(shape).collect()
}

fn shape(tag: &str) -> String {
    tag.split('"').step_by(2).collect::<String>()
}
