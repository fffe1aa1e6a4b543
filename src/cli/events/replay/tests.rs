//! A replay is the aggregate's own fold, at every moment, from opened exports and from sealed ones.

use chrono::{DateTime, Duration, Utc};
use cqrs_es::Aggregate;
use devauth_aggregates::{
    ApplicationId, EndReason, Personal, RecordedEvent, Session, SessionEvent, SessionId, TokenId, User,
    UserEvent, UserId,
};
use devauth_projections::feed::{Opened, StoredEvent};
use devauth_projections::proof::line::{EventLine, Header};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::person::{Knowledge, Moment, Person};
use super::told::Told;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).expect("a time") + Duration::seconds(seconds)
}

fn ada() -> UserId {
    UserId::from_uuid(Uuid::from_u128(7))
}

fn application() -> ApplicationId {
    ApplicationId::from_uuid(Uuid::from_u128(1))
}

/// Everything that can happen to a user, a second apart.
fn history() -> Vec<UserEvent> {
    let token_id = TokenId::from_uuid(Uuid::from_u128(3));
    let kept_session = Some(SessionId::from_uuid(Uuid::from_u128(4)));
    let metadata = Map::from_iter([("nickname".to_owned(), json!("Countess"))]);
    vec![
        UserEvent::UserRegistered {
            app_id: application(),
            email: Personal::Clear("ada@example.org".to_owned()),
            metadata: Personal::Clear(metadata),
            at: at(0),
        },
        UserEvent::EmailVerificationRequested { token_id, expires_at: at(60), at: at(1) },
        UserEvent::EmailVerified { token_id, at: at(2) },
        UserEvent::PasswordResetRequested { token_id, expires_at: at(60), at: at(3) },
        UserEvent::PasswordReset { token_id, at: at(4) },
        UserEvent::PasswordChanged { kept_session, at: at(5) },
        UserEvent::LoginLocked { until: at(90), at: at(6) },
        UserEvent::MetadataChanged { metadata: Personal::Clear(Map::new()), at: at(7) },
        UserEvent::UserSuspended { at: at(8) },
        UserEvent::UserRestored { at: at(9) },
        UserEvent::SessionsRevoked { at: at(10) },
        UserEvent::UserErased { at: at(11) },
    ]
}

/// How an export has personal data.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    Sealed,
    Opened,
    /// Opened after the person was erased.
    Erased,
}

/// A line of an export.
fn line<E: RecordedEvent>(
    (aggregate_type, aggregate_id): (&str, String),
    sequence: i64,
    event: &E,
    form: Form,
) -> (EventLine, StoredEvent) {
    let marked = event.payload();
    let sealed = json!({"$sealed": {"content": "b3BhcXVl", "person": ada().to_string()}});
    let stored = StoredEvent {
        position: event.at().timestamp() - 1_790_000_000 + 1,
        application_id: application().uuid(),
        user_id: None,
        aggregate_type: aggregate_type.to_owned(),
        aggregate_id,
        sequence,
        event_type: event.name().to_owned(),
        event_version: event.version().to_owned(),
        payload: replaced(&marked, &sealed).to_string(),
        metadata: json!({"actor": {"type": "user", "id": ada().to_string()}}).to_string(),
        event_id: Uuid::from_u128(9),
        recorded_at: event.at(),
        event_hash: vec![0; 32],
    };
    let payload = match form {
        Form::Sealed => return (EventLine::sealed(&stored, 0), stored),
        Form::Opened => marked,
        Form::Erased => replaced(&marked, &json!({"$erased": true})),
    };
    let metadata = serde_json::from_str(&stored.metadata).expect("JSON");
    (EventLine::opened(&Opened { stored: stored.clone(), payload, metadata }, 0), stored)
}

/// Every personal value of a payload replaced.
fn replaced(payload: &Value, with: &Value) -> Value {
    let members = payload.as_object().expect("a payload is an object").iter();
    let member = |(name, value): (&String, &Value)| {
        let personal = value.get("$personal").is_some();
        (name.clone(), if personal { with.clone() } else { value.clone() })
    };
    members.map(member).collect()
}

/// A session that begins three seconds after the user.
fn session(of: UserId) -> [SessionEvent; 2] {
    [
        SessionEvent::SessionStarted {
            app_id: application(),
            user_id: of,
            generation: 0,
            client_address: Personal::Clear(None),
            user_agent: Personal::Clear(None),
            expires_at: at(99),
            at: at(3),
        },
        SessionEvent::SessionEnded { reason: EndReason::Logout, at: at(4) },
    ]
}

/// Ada's part of an export that has others too.
fn person(form: Form) -> Person {
    let mut person = Person::new(ada());
    let mut take = |(line, event)| person.take(line, event);
    let stream = |id: UserId| (User::TYPE, id.to_string());
    let eve = UserId::from_uuid(Uuid::from_u128(8));
    take(line(stream(eve), 1, &history()[0], form));
    for (index, event) in history().iter().enumerate() {
        take(line(stream(ada()), i64::try_from(index).expect("few") + 1, event, form));
    }
    for (number, user) in [(20u128, ada()), (21, eve)] {
        let id = SessionId::from_uuid(Uuid::from_u128(number)).to_string();
        for (index, event) in session(user).iter().enumerate() {
            let sequence = i64::try_from(index).expect("few") + 1;
            take(line((Session::TYPE, id.clone()), sequence, event, form));
        }
    }
    person
}

fn moment(form: Form, time: Option<DateTime<Utc>>) -> Moment {
    person(form).at(time).expect("it can be rebuilt")
}

fn fold(events: &[UserEvent]) -> User {
    let mut user = User::default();
    events.iter().for_each(|event| user.apply(event.clone()));
    user
}

#[test]
fn at_each_moment_it_is_the_fold_of_what_had_happened() {
    for (happened, seconds) in (0..=history().len()).zip(-1..) {
        for time in [at(seconds), at(seconds) + Duration::milliseconds(999)] {
            let expected = fold(&history()[..happened]);
            assert_eq!(moment(Form::Opened, Some(time)).state, expected, "{seconds} s");
            let unknown = User { email: Personal::Erased, metadata: Personal::Erased, ..expected.clone() };
            assert_eq!(moment(Form::Sealed, Some(time)).state, unknown, "{seconds} s, sealed");
        }
    }
    assert_eq!(moment(Form::Opened, None).state, fold(&history()));
}

#[test]
fn the_events_that_led_there_are_those_of_the_user_and_of_their_sessions() {
    let positions = |seconds| {
        let moment = moment(Form::Sealed, Some(at(seconds)));
        let told = serde_json::to_value(Told::new(
            ada(),
            &Header::new(application(), 0, false),
            Some(at(seconds)),
            moment,
        ))
        .expect("plain data");
        let events = told["data"].as_array().expect("a list").iter();
        events.map(|event| event["type"].as_str().expect("text").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(positions(-1), Vec::<String>::new());
    assert_eq!(positions(1), ["UserRegistered", "EmailVerificationRequested"]);
    let later = positions(4);
    assert_eq!(later.len(), 7, "five of the user, two of their session: {later:?}");
    assert!(later.contains(&"SessionEnded".to_owned()));
}

#[test]
fn the_last_login_is_that_of_the_moment() {
    assert_eq!(moment(Form::Sealed, Some(at(2))).last_login_at, None);
    assert_eq!(moment(Form::Sealed, Some(at(5))).last_login_at, Some(at(3)));
}

#[test]
fn what_is_personal_is_told_apart_from_what_is_sealed_and_what_is_gone() {
    let alive = Some(at(9));
    assert_eq!(moment(Form::Opened, alive).personal, Knowledge::Opened);
    assert_eq!(moment(Form::Sealed, alive).personal, Knowledge::Sealed);
    assert_eq!(moment(Form::Erased, alive).personal, Knowledge::Erased);
    for form in [Form::Opened, Form::Sealed, Form::Erased] {
        assert_eq!(moment(form, None).personal, Knowledge::Erased, "they were erased in the end");
    }
    let told = |form, time| {
        let moment = moment(form, time);
        let told = Told::new(ada(), &Header::new(application(), 0, false), time, moment);
        (told.to_string(), serde_json::to_value(&told).expect("plain data"))
    };
    let (text, json) = told(Form::Opened, alive);
    assert!(text.contains("ada@example.org") && json["state"]["email"] == "ada@example.org", "{text}");
    let (text, json) = told(Form::Sealed, alive);
    assert!(text.contains("(sealed)") && json["aggregate"]["email"] == json!({"$sealed": true}), "{text}");
    assert_eq!((&json["state"]["email"], &json["state"]["status"]), (&Value::Null, &json!("active")));
    let (text, json) = told(Form::Erased, alive);
    assert!(text.contains("(erased)") && json["aggregate"]["email"] == json!({"$erased": true}), "{text}");
    let (text, json) = told(Form::Opened, None);
    assert!(text.contains("erased") && json["state"] == Value::Null, "{text}");
    let (text, json) = told(Form::Opened, Some(at(-5)));
    assert!(text.contains("not registered yet") && json["state"] == Value::Null, "{text}");
}

#[test]
fn half_a_history_is_not_replayed() {
    let mut person = Person::new(ada());
    assert!(!person.is_known());
    let (line, event) = line((User::TYPE, ada().to_string()), 2, &history()[1], Form::Sealed);
    person.take(line, event);
    assert!(person.is_known() && person.at(None).is_err());
}

#[test]
fn an_event_of_a_newer_release_is_not_passed_over() {
    let mut person = Person::new(ada());
    let stream = || (User::TYPE, ada().to_string());
    let (line_1, event) = line(stream(), 1, &history()[0], Form::Sealed);
    person.take(line_1, event);
    let (line_2, event) = line(stream(), 2, &history()[1], Form::Sealed);
    person.take(line_2, StoredEvent { event_type: "UserPromoted".to_owned(), ..event });
    let error = person.at(None).expect_err("it is not known");
    assert!(error.to_string().contains("position 2"), "{error}");
}
