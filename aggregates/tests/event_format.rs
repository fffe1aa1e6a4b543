//! The stored format of events is for ever. `golden/<event>/<version>[-<case>].json` holds payloads as some release wrote
//! them: files are added, never edited or removed.
//!
//! To change an event: give it a new version beside its name (`recorded_events!`) and add the golden of the new version;
//! the old goldens stay, and are red until the old version is read too. To add an event: add its golden. A case named
//! `erased` is the twin of the plain file after the person was erased.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use cqrs_es::{Aggregate, persist::SemanticVersion};
use devauth_aggregates::{
    Application, ApplicationEvent, DomainEvent, EventFormat, RecordedEvent, Session, SessionEvent,
    UnknownEvent, User, UserEvent,
};
use serde_json::{Value, json};

/// One file of the corpus.
#[derive(Clone, Debug)]
struct Golden {
    event: String,
    version: String,
    case: String,
    payload: Value,
}

impl Golden {
    /// Reads a file by its place; a name that carries no version is refused.
    fn read(event: &str, stem: &str, text: &str) -> Result<Self, String> {
        let (version, case) = stem.split_once('-').unwrap_or((stem, ""));
        let parts: Vec<&str> = version.split('.').collect();
        if parts.len() != 2 || version.parse::<SemanticVersion>().is_err() {
            return Err(format!("{event}/{stem}: {version:?} is no version of the form major.minor"));
        }
        let payload = serde_json::from_str(text).map_err(|error| format!("{event}/{stem}: {error}"))?;
        Ok(Self { event: event.to_owned(), version: version.to_owned(), case: case.to_owned(), payload })
    }

    fn is_plain(&self) -> bool {
        self.case.is_empty()
    }

    fn is_current(&self) -> bool {
        current_versions().get(self.event.as_str()) == Some(&self.version.as_str())
    }
}

fn corpus() -> Vec<Golden> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut goldens = Vec::new();
    for directory in fs::read_dir(root).unwrap() {
        let directory = directory.unwrap().path();
        let event = directory.file_name().unwrap().to_str().unwrap();
        for file in fs::read_dir(&directory).unwrap() {
            let file = file.unwrap().path();
            assert_eq!(file.extension().and_then(|it| it.to_str()), Some("json"), "{}", file.display());
            let stem = file.file_stem().unwrap().to_str().unwrap();
            goldens.push(Golden::read(event, stem, &fs::read_to_string(&file).unwrap()).unwrap());
        }
    }
    goldens
}

/// Every variant of every event enum; the compiler keeps `FORMATS` complete.
fn formats() -> Vec<(&'static str, &'static EventFormat)> {
    let user = UserEvent::FORMATS.iter().map(|format| (User::TYPE, format));
    let session = SessionEvent::FORMATS.iter().map(|format| (Session::TYPE, format));
    let application = ApplicationEvent::FORMATS.iter().map(|format| (Application::TYPE, format));
    user.chain(session).chain(application).collect()
}

fn current_versions() -> BTreeMap<&'static str, &'static str> {
    formats().into_iter().map(|(_, format)| (format.name, format.version)).collect()
}

fn aggregate_type(event: &str) -> &'static str {
    formats().into_iter().find(|(_, format)| format.name == event).expect("an event we have").0
}

fn parse(golden: &Golden) -> Result<DomainEvent, UnknownEvent> {
    let Golden { event, version, payload, .. } = golden;
    DomainEvent::parse(aggregate_type(event), event, version, payload.clone())
}

fn payload(event: &DomainEvent) -> Value {
    match event {
        DomainEvent::User(event) => event.payload(),
        DomainEvent::Session(event) => event.payload(),
        DomainEvent::Application(event) => event.payload(),
    }
}

/// The payload as the log gives it once the person's key is gone.
fn erased(payload: &Value) -> Value {
    match payload {
        Value::Object(fields) if fields.contains_key("$personal") => json!({"$erased": true}),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.clone(), erased(value))).collect::<Value>()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            payload.clone()
        }
    }
}

#[test]
fn every_event_has_a_golden_at_its_current_version() {
    let have: BTreeSet<(String, String)> =
        corpus().into_iter().filter(Golden::is_plain).map(|golden| (golden.event, golden.version)).collect();

    let missing: Vec<&EventFormat> = formats()
        .into_iter()
        .map(|(_, format)| format)
        .filter(|format| !have.contains(&(format.name.to_owned(), format.version.to_owned())))
        .collect();

    assert!(missing.is_empty(), "no tests/golden/<event>/<version>.json for {missing:?}");
}

#[test]
fn no_two_events_share_a_name() {
    assert_eq!(current_versions().len(), formats().len());
}

#[test]
fn every_golden_is_of_an_event_we_have() {
    for golden in corpus() {
        assert!(current_versions().contains_key(golden.event.as_str()), "{golden:?}");
    }
}

#[test]
fn every_golden_parses_and_is_written_as_it_was() {
    for golden in corpus() {
        let event = parse(&golden).unwrap_or_else(|error| panic!("{golden:?}: {error}"));

        if golden.is_current() {
            assert_eq!(payload(&event), golden.payload, "{}/{}", golden.event, golden.case);
        }
        assert_eq!(event.name(), golden.event);
        assert_eq!(json!(event.at()), golden.payload["at"]);
    }
}

#[test]
fn every_golden_with_personal_data_has_an_erased_twin() {
    let corpus = corpus();
    for golden in corpus.iter().filter(|golden| golden.is_plain()) {
        let twin = corpus.iter().find(|other| {
            other.event == golden.event && other.version == golden.version && other.case == "erased"
        });
        let expected = erased(&golden.payload);
        let personal = expected != golden.payload;

        assert_eq!(twin.map(|twin| &twin.payload), personal.then_some(&expected), "{}", golden.event);
    }
}

#[test]
fn every_golden_folds() {
    for golden in corpus() {
        match parse(&golden).unwrap() {
            DomainEvent::User(event) => assert_folds::<User>("UserRegistered", event),
            DomainEvent::Session(event) => assert_folds::<Session>("SessionStarted", event),
            DomainEvent::Application(event) => assert_folds::<Application>("ApplicationCreated", event),
        }
    }
}

/// Folds an event after its aggregate's first one, both with the personal data there and erased.
fn assert_folds<A>(first: &str, event: A::Event)
where
    A: Aggregate + PartialEq + std::fmt::Debug,
    A::Event: RecordedEvent,
{
    for first in corpus().into_iter().filter(|golden| golden.event == first) {
        let mut state = A::default();
        state.apply(A::Event::parse(&first.event, &first.version, first.payload).unwrap());
        state.apply(event.clone());

        assert_ne!(state, A::default());
        let stored = serde_json::to_value(&state).unwrap();
        assert_eq!(serde_json::from_value::<A>(stored).unwrap(), state);
    }
}

#[test]
fn a_golden_whose_version_does_not_parse_is_refused() {
    for stem in ["", "one", "1", "1.x", "v1.0", "1.0.0", "1.", "-erased"] {
        assert!(Golden::read("UserErased", stem, "{}").is_err(), "{stem:?}");
    }
    assert!(Golden::read("UserErased", "1.0-erased", "{}").is_ok());
}

#[test]
fn every_version_we_write_parses() {
    for (_, format) in formats() {
        assert!(Golden::read(format.name, format.version, "{}").is_ok(), "{format:?}");
    }
}

#[test]
fn a_name_or_version_or_aggregate_type_we_do_not_know_is_an_error() {
    let parse = |aggregate_type, name, version| {
        DomainEvent::parse(aggregate_type, name, version, json!({"at": "2026-08-01T12:00:00Z"}))
    };

    assert!(parse("User", "UserErased", "1.0").is_ok());
    assert_eq!(parse("User", "UserCloned", "1.0"), Err(UnknownEvent::Name("UserCloned".to_owned())));
    assert_eq!(parse("Session", "UserErased", "1.0"), Err(UnknownEvent::Name("UserErased".to_owned())));
    assert_eq!(parse("Robot", "UserErased", "1.0"), Err(UnknownEvent::AggregateType("Robot".to_owned())));
    for version in ["", "0.9", "1", "1.0.0", "1.1", "2.0"] {
        let expected = UnknownEvent::Version { name: "UserErased", version: version.to_owned() };
        assert_eq!(parse("User", "UserErased", version), Err(expected));
    }
}

#[test]
fn a_payload_with_a_field_dropped_added_or_sealed_is_an_error_that_does_not_quote_it() {
    for golden in corpus().into_iter().filter(Golden::is_current) {
        let fields = golden.payload.as_object().unwrap();
        let mut damaged = vec![Value::Null, json!([]), json!("Rosa@Example.com")];
        damaged.push(fields.iter().map(|(name, value)| (name.clone(), value.clone())).collect());
        damaged[3]["rosa"] = json!("Rosa@Example.com");
        for name in fields.keys() {
            let mut broken = golden.payload.clone();
            broken[name] = json!({"$sealed": "Rosa@Example.com"});
            damaged.push(broken);
        }
        for payload in damaged {
            let error = parse(&Golden { payload, ..golden.clone() }).unwrap_err();
            assert!(matches!(error, UnknownEvent::Payload { .. }));
            assert!(!format!("{error} {error:?}").to_lowercase().contains("rosa@"));
        }
    }
}

#[test]
fn a_payload_without_a_field_that_must_be_there_is_an_error() {
    for golden in corpus().into_iter().filter(Golden::is_current) {
        for (name, value) in golden.payload.as_object().unwrap() {
            let mut payload = golden.payload.clone();
            payload.as_object_mut().unwrap().remove(name);

            // A field that may be null may also be missing.
            let optional = ["kept_session", "rate_limit_per_minute"].contains(&name.as_str());
            let parsed = parse(&Golden { payload, ..golden.clone() });
            assert_eq!(parsed.is_ok(), optional, "{} without {name}: {value}", golden.event);
        }
    }
}
