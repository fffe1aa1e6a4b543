//! Log lines as they come out.

use std::io;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tracing::field::Empty;

use super::*;
use crate::http::context::{record_app, record_user};

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl io::Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn lines(work: impl FnOnce()) -> Vec<Value> {
    text(work).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn text(work: impl FnOnce()) -> String {
    let captured = Captured::default();
    let writer = captured.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(move || writer.clone())
        .fmt_fields(json::Members)
        .event_format(json::Lines)
        .finish();
    tracing::subscriber::with_default(subscriber, work);
    let bytes = captured.0.lock().unwrap();
    String::from_utf8(bytes.clone()).unwrap()
}

#[test]
fn a_terminal_gets_json_lines_from_who_asks_for_them() {
    assert!(LogForm::asked(false).is_for_people(true));
    assert!(!LogForm::asked(false).is_for_people(false));
    assert!(!LogForm::asked(true).is_for_people(true));
}

#[test]
fn a_security_event_carries_the_ids_of_its_request() {
    let lines = lines(|| {
        let _entered =
            tracing::error_span!("request", request_id = "r-1", app_id = Empty, user_id = Empty).entered();
        record_app("app_1");
        record_user("usr_1");
        SecurityEvent::new("login").session(&"ses_1").log();
        SecurityEvent::new("login_failed").user(&"usr_2").reason("wrong_password").log();
    });
    let [login, failed] = lines.as_slice() else { panic!("{lines:?}") };
    for (member, value) in [
        ("target", "devauth::events"),
        ("level", "INFO"),
        ("event", "login"),
        ("request_id", "r-1"),
        ("app_id", "app_1"),
        ("user_id", "usr_1"),
        ("session_id", "ses_1"),
    ] {
        assert_eq!(login[member], value, "{member}");
    }
    assert!(login.get("key_id").is_none() && login.get("reason").is_none(), "{login}");
    assert_eq!(failed["user_id"], "usr_2", "what the event says wins over the span");
    assert_eq!(failed["reason"], "wrong_password");
}

#[test]
fn a_line_is_one_flat_object_with_a_time_in_utc() {
    let lines = lines(|| tracing::warn!(count = 3, ratio = 0.5, ok = true, "two\nlines \"quoted\""));
    let [line] = lines.as_slice() else { panic!("{lines:?}") };
    assert_eq!((&line["count"], &line["ratio"], &line["ok"]), (&3.into(), &0.5.into(), &true.into()));
    assert_eq!(line["message"], "two\nlines \"quoted\"");
    assert!(line["timestamp"].as_str().unwrap().ends_with('Z'));
}

#[test]
fn a_filter_that_makes_no_sense_is_refused() {
    assert!(matches!(
        init("devauth=loud", Destination::Stderr, LogForm::Json, None),
        Err(TelemetryError::Filter(_))
    ));
}

#[test]
fn whatever_a_field_says_the_line_stays_json_and_a_member_comes_once() {
    let nasty = "\" \\ \u{0} \u{1f} \u{7f} \r\n\t ü 💥 {\"user_id\":1}";
    let lines = lines(|| {
        let span = tracing::error_span!("request", user_id = nasty, app_id = Empty, ratio = f64::NAN);
        let _outer = span.entered();
        let _inner = tracing::error_span!("inner", user_id = "usr_inner").entered();
        record_app("app_1");
        tracing::info!(shown = %nasty, told = ?nasty, nasty, largest = u64::MAX, least = i64::MIN, none = f64::INFINITY, "{nasty}");
    });
    let [line] = lines.as_slice() else { panic!("{lines:?}") };
    assert_eq!(line["user_id"], "usr_inner");
    assert_eq!(
        (&line["message"], &line["shown"], &line["nasty"]),
        (&nasty.into(), &nasty.into(), &nasty.into())
    );
    assert_eq!(line["told"], format!("{nasty:?}"));
    assert_eq!((&line["largest"], &line["least"]), (&u64::MAX.into(), &i64::MIN.into()));
    assert_eq!((&line["none"], &line["ratio"]), (&Value::Null, &Value::Null));
}

#[test]
fn what_a_span_learns_later_wins() {
    let captured = text(|| {
        let _entered = tracing::error_span!("request", app_id = "app_1").entered();
        record_app("app_2");
        record_app("app_3");
        tracing::info!("told");
    });
    assert_eq!(captured.matches("app_id").count(), 1, "{captured}");
    assert!(captured.contains(r#""app_id":"app_3""#), "{captured}");
}
