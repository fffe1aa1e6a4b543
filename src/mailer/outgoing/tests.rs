use lettre::message::header::Subject;

use super::*;
use crate::mailer::message::MailKind;
use crate::mailer::message::tests::{facts, hostile_names};

pub(crate) fn outgoing(kind: MailKind, application_name: &str) -> OutgoingMail {
    let facts = facts(kind, application_name);
    let sender = "no-reply@acme.example".parse().unwrap();
    OutgoingMail::new(Uuid::from_u128(7), &sender, &facts, facts.requested_at)
}

pub(crate) fn hostile() -> Vec<OutgoingMail> {
    hostile_names().iter().map(|name| outgoing(MailKind::VerifyEmail, name)).collect()
}

fn text(mail: &OutgoingMail) -> String {
    String::from_utf8(mail.message().unwrap().formatted()).unwrap()
}

/// The headers of a message, unfolded.
fn headers(message: &str) -> Vec<String> {
    let (head, _) = message.split_once("\r\n\r\n").unwrap();
    head.replace("\r\n ", " ").replace("\r\n\t", " ").split("\r\n").map(str::to_owned).collect()
}

#[test]
fn the_headers_are_these() {
    let mut headers = headers(&text(&outgoing(MailKind::VerifyEmail, "Acme")));
    assert!(headers.pop().unwrap().starts_with("Content-Type: multipart/alternative; boundary="));
    assert_eq!(
        headers,
        [
            "From: Acme <no-reply@acme.example>",
            "To: lin@acme.example",
            "Subject: Verify your e-mail for Acme",
            "Date: Mon, 23 Nov 2026 10:15:00 +0000",
            "Message-ID: <00000000-0000-0000-0000-000000000007@acme.example>",
            "Auto-Submitted: auto-generated",
            "MIME-Version: 1.0",
        ]
    );
}

#[test]
fn both_bodies_are_there_text_first() {
    let message = text(&outgoing(MailKind::PasswordChanged, "Acme"));
    let (plain, html) = (message.find("text/plain"), message.find("text/html"));
    assert!(plain.is_some() && plain < html, "{message}");
}

#[test]
fn no_name_adds_a_header_or_leaves_ascii() {
    let names = |message: &str| -> Vec<String> {
        headers(message).iter().map(|header| header.split(':').next().unwrap().to_owned()).collect()
    };
    let plain = names(&text(&outgoing(MailKind::VerifyEmail, "x")));
    for name in hostile_names() {
        let message = text(&outgoing(MailKind::VerifyEmail, &name));
        assert!(message.is_ascii(), "{name:?}");
        assert!(message.lines().all(|line| line.len() <= 998), "{name:?}");
        assert_eq!(names(&message), plain, "{name:?}");
    }
}

#[test]
fn a_name_that_looks_like_an_encoded_word_is_not_decoded() {
    let mail = outgoing(MailKind::VerifyEmail, "=?utf-8?q?=0D=0ABcc:_x?=");
    let subject = mail.message().unwrap().headers().get::<Subject>().unwrap();
    assert!(!subject.as_ref().contains("=?"));
}

#[test]
fn the_sender_is_always_the_configured_address() {
    for name in hostile_names() {
        let message = outgoing(MailKind::VerifyEmail, &name).message().unwrap();
        assert_eq!(message.envelope().from().unwrap().to_string(), "no-reply@acme.example");
        assert_eq!(message.envelope().to().len(), 1, "{name:?}");
        let head = headers(&text(&outgoing(MailKind::VerifyEmail, &name)));
        assert!(head[0].ends_with(" <no-reply@acme.example>"), "{}", head[0]);
    }
}

#[test]
fn an_address_that_is_no_ascii_mailbox_is_refused_for_good() {
    for to in
        ["", "lin", "lin@münchen.example", "a@b.example, c@d.example", "a@b.example\r\nBcc: c@d.example"]
    {
        let mut mail = outgoing(MailKind::VerifyEmail, "Acme");
        mail.to = to.to_owned();
        assert_eq!(mail.message().err(), Some(SendError::ADDRESS_INVALID), "{to:?}");
    }
}
