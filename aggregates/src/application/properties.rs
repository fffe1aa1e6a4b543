//! What holds after any sequence of commands.

use proptest::prelude::*;

use super::*;
use crate::given::{assert_round_trip, assert_state_round_trip, at, fold, handle, id};
use crate::{Label, SettingsChange};

fn command() -> impl Strategy<Value = ApplicationCommand> {
    let now = at(0);
    let environment = prop::sample::select(vec![Environment::Development, Environment::Production]);
    let key_type = prop::sample::select(vec![KeyType::Secret, KeyType::Publishable]);
    prop_oneof![
        2 => environment.prop_map(move |environment| ApplicationCommand::CreateApplication {
            owner: id(1), name: ApplicationName::parse("Bakery").unwrap(), environment, now,
        }),
        4 => (prop::option::of("[ab]"), prop::option::of(settings())).prop_map(move |(name, settings)| {
            let name = name.map(|name| ApplicationName::parse(&name).unwrap());
            ApplicationCommand::UpdateApplication { name, settings: settings.map(SettingsChange::from), now }
        }),
        1 => Just(ApplicationCommand::RotateAppSecret { now }),
        4 => (0..6_u128, key_type, prop::option::of(0..3_u32)).prop_map(
            move |(number, key_type, rate_limit_per_minute)| ApplicationCommand::IssueApiKey {
                key_id: id(number),
                label: Label::parse("a key").unwrap(),
                key_type,
                prefix: "dvk_sk_abcd".to_owned(),
                rate_limit_per_minute,
                now,
            },
        ),
        4 => (0..6_u128).prop_map(move |number| ApplicationCommand::RevokeApiKey { key_id: id(number), now }),
        1 => Just(ApplicationCommand::DeleteApplication { now }),
    ]
}

fn settings() -> impl Strategy<Value = ApplicationSettings> {
    let url =
        prop::sample::select(vec!["http://a.example/", "https://a.example/", "https://a.example?", "x"]);
    let origin =
        prop::sample::select(vec!["https://a.example", "http://localhost:3000", "https://a.example/"]);
    let origins = prop::collection::vec(origin.prop_map(str::to_owned), 0..4);
    (prop::option::of(url), origins, 7..66_u32).prop_map(|(url, allowed_origins, password_min_length)| {
        let app_url = url.map(str::to_owned);
        ApplicationSettings {
            app_url,
            allowed_origins,
            password_min_length,
            ..ApplicationSettings::default()
        }
    })
}

fn check(before: &Application, after: &Application, new: &[ApplicationEvent]) {
    assert!(
        new.is_empty() || before.lifecycle != ApplicationLifecycle::Deleted,
        "nothing after the deletion"
    );
    assert_eq!(after.settings.clone().checked(after.environment), Ok(after.settings.clone()));
    for (key_id, key) in &before.api_keys {
        let now = &after.api_keys[key_id];
        assert!(key.revoked_at.is_none() || now == key, "a revoked key stays as it is");
    }
    assert!(after.api_keys.values().all(|key| key.rate_limit_per_minute != Some(0)));
}

proptest! {
    #[test]
    fn any_sequence_of_commands_keeps_the_rules(commands in prop::collection::vec(command(), 1..60)) {
        let mut application = Application::default();
        let mut events = Vec::new();
        for command in commands {
            let before = application.clone();
            let decided = before.decide(command.clone());

            let handled = handle(&mut application, command.clone());

            prop_assert_eq!(&decided, &handled, "handling is deciding");
            let new = handled.unwrap_or_default();
            if new.is_empty() {
                prop_assert_eq!(&before, &application, "without an event nothing changes");
            }
            new.iter().for_each(assert_round_trip);
            check(&before, &application, &new);
            events.extend(new);
            prop_assert_eq!(&application, &fold::<Application>(events.clone()));
            assert_state_round_trip(&application);

            let again = application.decide(command.clone()).unwrap_or_default();
            let may_repeat = matches!(command, ApplicationCommand::RotateAppSecret { .. });
            prop_assert!(again.is_empty() || may_repeat, "twice is once");
        }
    }
}
