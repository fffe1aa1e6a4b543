use chrono::TimeDelta;
use devauth::crypto::tokens::Purpose;
use devauth_aggregates::ApplicationSettings;
use secrecy::ExposeSecret as _;

use super::node::Node;
use devauth_test_support::smtp::{Received, SmtpSink, Trouble};

fn to(mails: &[Received]) -> Vec<&str> {
    let mut to: Vec<_> = mails.iter().flat_map(|mail| mail.to.iter().map(String::as_str)).collect();
    to.sort_unstable();
    to
}

/// The text with its soft line breaks and escapes undone, for looking into.
fn readable(mail: &Received) -> String {
    mail.message.replace("=\r\n", "").replace("=3D", "=")
}

#[tokio::test]
async fn a_signup_is_mailed_a_link_that_its_token_opens() {
    let settings =
        ApplicationSettings { app_url: Some("https://acme.example/app".into()), ..Default::default() };
    let node = Node::start(settings).await;
    let sink = SmtpSink::start().await;
    let working = node.work(&sink);
    let (_, job) = node.sign_up("Lin@bücher.example").await;
    node.until(job, "done", None).await;

    let [mail] = &sink.mails()[..] else { panic!("one mail") };
    assert_eq!(mail.to, ["Lin@xn--bcher-kva.example"]);
    assert_eq!(mail.header("From").as_deref(), Some("Acme <no-reply@devauth.example>"));
    assert_eq!(mail.header("Subject").as_deref(), Some("Verify your e-mail for Acme"));
    assert_eq!(mail.header("Message-ID"), Some(format!("<{job}@devauth.example>")));
    assert!(
        readable(mail).contains("https://acme.example/app/verify-email?token=dvt_"),
        "{}",
        readable(mail)
    );
    working.end().await;
}

#[tokio::test]
async fn without_an_app_url_the_link_leads_to_our_own_pages() {
    let node = Node::start(ApplicationSettings::default()).await;
    let sink = SmtpSink::start().await;
    let working = node.work(&sink);
    let (user, first) = node.sign_up("lin@acme.example").await;
    node.until(first, "done", None).await;

    let state =
        node.app.commands.log().load::<devauth_aggregates::User>(&user.to_string()).await.unwrap().state;
    let token_id = state.pending_verification.unwrap().token_id;
    let token = node.app.keys.one_time.derive(Purpose::VerifyEmail, token_id.uuid());
    let link = format!("http://localhost:8080/verify-email?token={}", token.expose_secret());
    assert!(readable(&sink.mails()[0]).contains(&link), "{}", readable(&sink.mails()[0]));
    working.end().await;
}

#[tokio::test]
async fn a_relay_in_trouble_gets_the_same_mail_again() {
    let node = Node::start(ApplicationSettings::default()).await;
    let sink = SmtpSink::start().await;
    sink.trouble(Trouble::HangUpAfterwards);
    let working = node.work(&sink);
    let (_, job) = node.sign_up("lin@acme.example").await;
    node.until(job, "ready", Some("smtp_dropped")).await;
    assert_eq!(sink.mails().len(), 1);

    node.app.clock.advance(TimeDelta::seconds(3));
    node.app.job_written.notify_one();
    node.until(job, "done", Some("smtp_dropped")).await;
    let mails = sink.mails();
    assert_eq!(mails.len(), 2);
    assert_eq!(mails[0].header("Message-ID"), mails[1].header("Message-ID"));
    let link = |mail| readable(mail).split("token=").nth(1).map(|rest| rest[..47].to_owned());
    assert_eq!(link(&mails[0]), link(&mails[1]), "a copy carries the same link");
    working.end().await;
}

#[tokio::test]
async fn a_recipient_refused_for_good_stops_nobody_else() {
    let node = Node::start(ApplicationSettings::default()).await;
    let sink = SmtpSink::start().await;
    sink.trouble(Trouble::Recipient("550 5.1.1 No such user"));
    let working = node.work(&sink);
    let (_, refused) = node.sign_up("nobody@acme.example").await;
    node.until(refused, "dead", Some("smtp_rejected")).await;
    let (_, fine) = node.sign_up("lin@acme.example").await;
    node.until(fine, "done", None).await;
    assert_eq!(to(&sink.mails()), ["lin@acme.example"]);
    working.end().await;
}

#[tokio::test]
async fn one_slow_recipient_does_not_hold_up_the_others() {
    let node = Node::start(ApplicationSettings::default()).await;
    let sink = SmtpSink::start().await;
    sink.trouble(Trouble::Wait);
    let working = node.work(&sink);
    let (_, slow) = node.sign_up("slow@acme.example").await;
    sink.wait_for_waiting(1).await;
    for number in 0..6 {
        node.sign_up(&format!("user{number}@acme.example")).await;
    }
    assert_eq!(sink.wait_for(6).await.len(), 6);
    sink.open_gate();
    node.until(slow, "done", None).await;
    assert_eq!(sink.mails().len(), 7);
    working.end().await;
}

#[tokio::test]
async fn what_was_overtaken_is_not_mailed() {
    let node = Node::start(ApplicationSettings::default()).await;
    let sink = SmtpSink::start().await;
    let (user, old) = node.sign_up("lin@acme.example").await;
    let new = node.ask_again(user).await;
    let (gone, never) = node.sign_up("gone@acme.example").await;
    let notice = node.notify("password_changed", gone).await;
    node.erase(gone).await;
    for job in [never, notice] {
        node.until(job, "cancelled", None).await;
    }
    // Written by somebody who had looked them up before.
    let late = node.notify("signup_attempted", gone).await;

    let working = node.work(&sink);
    node.until(new, "done", None).await;
    for job in [old, never, notice, late] {
        node.until(job, "cancelled", None).await;
    }
    assert_eq!(to(&sink.mails()), ["lin@acme.example"]);
    assert_eq!(sink.mails()[0].header("Message-ID"), Some(format!("<{new}@devauth.example>")));
    working.end().await;
}

#[tokio::test]
async fn a_deleted_application_mails_nobody() {
    let node = Node::start(ApplicationSettings::default()).await;
    let sink = SmtpSink::start().await;
    let (_, job) = node.sign_up("lin@acme.example").await;
    node.delete_application().await;
    let working = node.work(&sink);
    node.until(job, "cancelled", None).await;
    assert_eq!(sink.mails(), []);
    working.end().await;
}

#[tokio::test]
async fn notices_are_mailed() {
    let node = Node::start(ApplicationSettings::default()).await;
    let sink = SmtpSink::start().await;
    let working = node.work(&sink);
    let (user, _) = node.sign_up("lin@acme.example").await;
    let changed = node.notify("password_changed", user).await;
    let attempted = node.notify("signup_attempted", user).await;
    node.until(changed, "done", None).await;
    node.until(attempted, "done", None).await;
    let mails = sink.wait_for(3).await;
    let mut subjects: Vec<_> = mails.iter().filter_map(|mail| mail.header("Subject")).collect();
    subjects.sort_unstable();
    let expected = [
        "Verify your e-mail for Acme",
        "You already have an account at Acme",
        "Your password for Acme was changed",
    ];
    assert_eq!(subjects, expected);
    working.end().await;
}

#[tokio::test]
async fn a_job_taken_after_its_time_is_given_up() {
    let node = Node::start(ApplicationSettings::default()).await;
    let sink = SmtpSink::start().await;
    let (_, job) = node.sign_up("lin@acme.example").await;
    node.app.clock.advance(TimeDelta::hours(24));
    let working = node.work(&sink);
    node.until(job, "dead", Some("expired")).await;
    assert_eq!(sink.mails(), []);
    working.end().await;
}

#[tokio::test]
async fn a_kind_of_a_newer_version_is_left_for_its_nodes() {
    let node = Node::start(ApplicationSettings::default()).await;
    let sink = SmtpSink::start().await;
    let (user, _) = node.sign_up("lin@acme.example").await;
    let job = node.notify("carrier_pigeon", user).await;
    let working = node.work(&sink);
    node.until(job, "ready", Some("unknown_kind")).await;
    working.end().await;
}

#[tokio::test]
async fn two_workers_mail_each_job_once() {
    let node = Node::start(ApplicationSettings::default()).await;
    let sink = SmtpSink::start().await;
    let mut expected = Vec::new();
    let mut last = None;
    for number in 10..40 {
        let address = format!("user{number}@acme.example");
        last = Some(node.sign_up(&address).await.1);
        expected.push(address);
    }
    let (one, two) = (node.work(&sink), node.work(&sink));
    sink.wait_for(expected.len()).await;
    node.until(last.unwrap(), "done", None).await;
    one.end().await;
    two.end().await;
    assert_eq!(to(&sink.mails()), expected);
}

#[tokio::test]
async fn a_shutdown_waits_for_what_is_on_its_way_and_takes_nothing_new() {
    let node = Node::start(ApplicationSettings::default()).await;
    let sink = SmtpSink::start().await;
    sink.close_gate();
    let working = node.work(&sink);
    let (_, on_its_way) = node.sign_up("lin@acme.example").await;
    sink.wait_for_waiting(1).await;
    working.stop.cancel();
    let (_, late) = node.sign_up("late@acme.example").await;
    assert!(!working.task.is_finished());

    sink.open_gate();
    working.end().await;
    node.until(on_its_way, "done", None).await;
    node.until(late, "ready", None).await;
    assert_eq!(to(&sink.mails()), ["lin@acme.example"]);
}

#[tokio::test]
async fn what_became_of_a_mail_is_stored_as_soon_as_postgres_can_be_asked_again() {
    let node = Node::start(ApplicationSettings::default()).await;
    let sink = SmtpSink::start().await;
    sink.trouble(Trouble::Wait);
    let working = node.work(&sink);
    let (_, job) = node.sign_up("lin@acme.example").await;
    sink.wait_for_waiting(1).await;

    // Stands for an outage just after the relay took the mail. A sequence isn't rolled back, so the second try passes.
    let mut owner = node.database.connect().await;
    sqlx::raw_sql(
        "CREATE SEQUENCE tries;
         CREATE FUNCTION refuse_first() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN
             IF NEW.state = 'done' AND nextval('tries') = 1 THEN RAISE EXCEPTION 'away' USING ERRCODE = '57P03'; END IF;
             RETURN NEW;
         END $$;
         CREATE TRIGGER refuse_first BEFORE UPDATE ON jobs FOR EACH ROW EXECUTE FUNCTION refuse_first()",
    )
    .execute(&mut owner)
    .await
    .unwrap();
    sink.open_gate();

    // Long before the lease of 90 seconds ends, and without a second mail.
    node.until(job, "done", None).await;
    let tries: i64 = sqlx::query_scalar("SELECT last_value FROM tries").fetch_one(&mut owner).await.unwrap();
    assert_eq!((tries, sink.mails().len()), (2, 1));
    working.end().await;
}
