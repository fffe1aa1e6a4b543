use std::time::Duration;

use super::*;
use crate::mailer::message::MailKind;
use crate::mailer::outgoing::tests::{hostile, outgoing};
use crate::mailer::smtp::Limits;
use devauth_test_support::smtp::{SmtpSink, Trouble};

fn mail() -> OutgoingMail {
    outgoing(MailKind::VerifyEmail, "Acme")
}

fn relay(sink: &SmtpSink) -> Transport {
    Transport::smtp(&sink.url()).unwrap()
}

#[tokio::test]
async fn a_mail_arrives_as_it_was_written() {
    let sink = SmtpSink::start().await;
    relay(&sink).send(&mail()).await.unwrap();
    let [received] = &sink.mails()[..] else { panic!("one mail") };
    assert_eq!(received.from, "no-reply@acme.example");
    assert_eq!(received.to, ["lin@acme.example"]);
    assert_eq!(received.header("Subject").as_deref(), Some("Verify your e-mail for Acme"));
    let id = "<00000000-0000-0000-0000-000000000007@acme.example>";
    assert_eq!(received.header("Message-ID").as_deref(), Some(id));
    assert!(received.message.contains("token=3DZm9v_bar") || received.message.contains("token=Zm9v_bar"));
}

#[tokio::test]
async fn one_connection_serves_mail_after_mail() {
    let sink = SmtpSink::start().await;
    let relay = relay(&sink);
    for _ in 0..3 {
        relay.send(&mail()).await.unwrap();
    }
    assert_eq!((sink.mails().len(), sink.connections()), (3, 1));
}

#[tokio::test]
async fn hostile_names_reach_the_relay_as_one_mail_each() {
    let sink = SmtpSink::start().await;
    let relay = relay(&sink);
    let mails = hostile();
    for mail in &mails {
        relay.send(mail).await.unwrap();
    }
    assert_eq!(sink.mails().len(), mails.len());
    for received in sink.mails() {
        assert_eq!(received.to, ["lin@acme.example"]);
        assert_eq!(received.header("Bcc"), None);
        assert_eq!(received.header("To").as_deref(), Some("lin@acme.example"));
    }
}

#[tokio::test]
async fn what_the_relay_has_against_the_mail_is_for_good() {
    let sink = SmtpSink::start().await;
    let relay = relay(&sink);
    for trouble in [Trouble::Recipient("550 5.1.1 No such user"), Trouble::Content("554 5.7.1 Spam")] {
        sink.trouble(trouble);
        assert_eq!(relay.send(&mail()).await, Err(SendError::REJECTED));
    }
    relay.send(&mail()).await.unwrap();
}

#[tokio::test]
async fn what_it_has_against_us_or_for_now_is_not() {
    let sink = SmtpSink::start().await;
    let relay = relay(&sink);
    let troubles = [
        Trouble::Greet("554 5.3.2 Not today"),
        Trouble::Greet("421 4.3.2 Busy"),
        Trouble::Recipient("450 4.2.1 Grey"),
        Trouble::Content("451 4.3.0 Disk"),
    ];
    for trouble in troubles {
        sink.trouble(trouble.clone());
        assert_eq!(relay.send(&mail()).await, Err(SendError::DEFERRED), "{trouble:?}");
    }
    relay.send(&mail()).await.unwrap();
}

#[tokio::test]
async fn a_relay_that_hangs_up_may_be_tried_again() {
    let sink = SmtpSink::start().await;
    let relay = relay(&sink);
    for trouble in [Trouble::HangUp, Trouble::HangUpAfterwards] {
        sink.trouble(trouble.clone());
        assert_eq!(relay.send(&mail()).await, Err(SendError::DROPPED), "{trouble:?}");
    }
    relay.send(&mail()).await.unwrap();
    let ids: Vec<_> = sink.mails().iter().map(|mail| mail.header("Message-ID")).collect();
    assert_eq!(ids.len(), 2, "the one whose answer was lost, and the one after it");
    assert_eq!(ids[0], ids[1], "copies can be told by their Message-ID");
}

#[tokio::test]
async fn a_slow_relay_is_given_up_and_its_connection_not_used_again() {
    let sink = SmtpSink::start().await;
    let limits = Limits { to_connect: Duration::from_secs(10), to_send: Duration::from_millis(100) };
    let relay = Transport::Smtp(SmtpRelay::with_limits(sink.url().parse().unwrap(), limits));
    sink.close_gate();
    assert_eq!(relay.send(&mail()).await, Err(SendError::TIMEOUT));
    sink.open_gate();
    relay.send(&mail()).await.unwrap();
    assert_eq!(sink.connections(), 2);
}

#[tokio::test]
async fn a_silent_relay_is_given_up() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", silent.local_addr().unwrap());
    let limits = Limits { to_connect: Duration::from_millis(100), to_send: Duration::from_secs(10) };
    let relay = Transport::Smtp(SmtpRelay::with_limits(url.parse().unwrap(), limits));
    assert_eq!(relay.send(&mail()).await, Err(SendError::TIMEOUT));
}

#[tokio::test]
async fn a_relay_that_is_away_may_come_back() {
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let relay = Transport::smtp(&format!("smtp://{}", free.local_addr().unwrap())).unwrap();
    drop(free);
    assert_eq!(relay.send(&mail()).await, Err(SendError::REFUSED));
}

#[tokio::test]
async fn a_login_is_made_when_asked_for() {
    let sink = SmtpSink::start_with_login("lin", "s3cret/").await;
    let port = sink.port();
    let relay = |login: &str| Transport::smtp(&format!("smtp://{login}@127.0.0.1:{port}")).unwrap();
    relay("lin:s3cret%2F").send(&mail()).await.unwrap();
    assert_eq!(relay("lin:wrong").send(&mail()).await, Err(SendError::LOGIN_REFUSED));
    assert_eq!(sink.mails().len(), 1);
}

#[tokio::test]
async fn required_encryption_is_never_given_up() {
    let sink = SmtpSink::start().await;
    let port = sink.port();
    let required = Transport::smtp(&format!("smtp://lin:s3cret@127.0.0.1:{port}?tls=required")).unwrap();
    assert_eq!(required.send(&mail()).await, Err(SendError::TLS));
    let from_start = Transport::smtp(&format!("smtps://127.0.0.1:{port}")).unwrap();
    from_start.send(&mail()).await.unwrap_err();
    assert_eq!(sink.mails(), []);
}

#[tokio::test]
async fn an_impossible_address_never_reaches_the_relay() {
    let sink = SmtpSink::start().await;
    let mut mail = mail();
    mail.to = "nobody".to_owned();
    assert_eq!(relay(&sink).send(&mail).await, Err(SendError::ADDRESS_INVALID));
    assert_eq!(sink.connections(), 0);
}
