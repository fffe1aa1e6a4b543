//! Every command in every state it can meet.

use cqrs_es::test::TestFramework;

use super::*;
use crate::given::{at, fold, id};
use crate::settings::{AppUrlError, SettingsChange};
use crate::{Label, SettingsError};

fn name(text: &str) -> ApplicationName {
    ApplicationName::parse(text).unwrap()
}

fn create() -> ApplicationCommand {
    let environment = Environment::Production;
    ApplicationCommand::CreateApplication { owner: id(1), name: name("Bakery"), environment, now: at(0) }
}

fn created() -> ApplicationEvent {
    let environment = Environment::Production;
    ApplicationEvent::ApplicationCreated { owner: id(1), name: "Bakery".to_owned(), environment, at: at(0) }
}

fn update(name: Option<ApplicationName>, settings: Option<ApplicationSettings>) -> ApplicationCommand {
    ApplicationCommand::UpdateApplication { name, settings: settings.map(SettingsChange::from), now: at(5) }
}

fn updated(name: &str, settings: ApplicationSettings) -> ApplicationEvent {
    ApplicationEvent::ApplicationUpdated { name: name.to_owned(), settings, at: at(5) }
}

fn with_app_url(url: &str) -> ApplicationSettings {
    ApplicationSettings { app_url: Some(url.to_owned()), ..ApplicationSettings::default() }
}

fn issue(number: u128, rate_limit_per_minute: Option<u32>) -> ApplicationCommand {
    ApplicationCommand::IssueApiKey {
        key_id: id(number),
        label: Label::parse("web server").unwrap(),
        key_type: KeyType::Secret,
        prefix: "dvk_sk_abcd".to_owned(),
        rate_limit_per_minute,
        now: at(6),
    }
}

fn issued(number: u128, rate_limit_per_minute: Option<u32>) -> ApplicationEvent {
    ApplicationEvent::ApiKeyIssued {
        key_id: id(number),
        label: "web server".to_owned(),
        key_type: KeyType::Secret,
        prefix: "dvk_sk_abcd".to_owned(),
        rate_limit_per_minute,
        at: at(6),
    }
}

fn revoke(number: u128) -> ApplicationCommand {
    ApplicationCommand::RevokeApiKey { key_id: id(number), now: at(7) }
}

fn revoked(number: u128) -> ApplicationEvent {
    ApplicationEvent::ApiKeyRevoked { key_id: id(number), at: at(7) }
}

fn deleted() -> ApplicationEvent {
    ApplicationEvent::ApplicationDeleted { at: at(9) }
}

fn every_command_but_create() -> Vec<ApplicationCommand> {
    vec![
        update(Some(name("Brewery")), None),
        ApplicationCommand::RotateAppSecret { now: at(5) },
        issue(2, None),
        revoke(2),
        ApplicationCommand::DeleteApplication { now: at(9) },
    ]
}

#[track_caller]
fn expect(given: Vec<ApplicationEvent>, when: ApplicationCommand, then: Vec<ApplicationEvent>) {
    TestFramework::<Application>::with(()).given(given).when(when).then_expect_events(then);
}

#[track_caller]
fn refuse(given: Vec<ApplicationEvent>, when: ApplicationCommand, then: ApplicationError) {
    TestFramework::<Application>::with(()).given(given).when(when).then_expect_error(then);
}

#[test]
fn an_application_is_created_with_default_settings() {
    expect(vec![], create(), vec![created()]);

    let application: Application = fold([created()]);
    assert_eq!(application.settings, ApplicationSettings::default());
    assert_eq!((application.created_at, application.updated_at), (at(0), at(0)));
}

#[test]
fn an_application_is_created_once() {
    refuse(vec![created()], create(), ApplicationError::AlreadyCreated);
}

#[test]
fn nothing_can_be_asked_of_an_application_that_was_not_created() {
    for command in every_command_but_create() {
        refuse(vec![], command, ApplicationError::NotFound);
    }
}

#[test]
fn nothing_can_be_asked_of_a_deleted_application() {
    let given = || vec![created(), issued(2, None), deleted()];

    refuse(given(), create(), ApplicationError::NotFound);
    for command in every_command_but_create() {
        refuse(given(), command, ApplicationError::NotFound);
    }
}

#[test]
fn an_update_changes_what_is_given_and_keeps_the_rest() {
    let settings = with_app_url("https://bakery.example");

    expect(
        vec![created()],
        update(Some(name("Brewery")), None),
        vec![updated("Brewery", ApplicationSettings::default())],
    );
    expect(vec![created()], update(None, Some(settings.clone())), vec![updated("Bakery", settings.clone())]);
    expect(
        vec![created(), updated("Bakery", settings.clone())],
        update(Some(name("Brewery")), None),
        vec![updated("Brewery", settings)],
    );
}

#[test]
fn an_update_stores_the_settings_in_their_normal_form() {
    expect(
        vec![created()],
        update(None, Some(with_app_url("https://Bakery.example/shop/"))),
        vec![updated("Bakery", with_app_url("https://bakery.example/shop"))],
    );
}

#[test]
fn an_update_that_changes_nothing_gives_no_event() {
    let settings = with_app_url("https://bakery.example");

    expect(vec![created()], update(None, None), vec![]);
    expect(vec![created()], update(Some(name(" Bakery ")), Some(ApplicationSettings::default())), vec![]);
    expect(
        vec![created(), updated("Bakery", settings)],
        update(None, Some(with_app_url("https://bakery.example/"))),
        vec![],
    );
}

#[test]
fn settings_that_the_environment_does_not_accept_are_refused() {
    let refusal = ApplicationError::InvalidSettings(vec![SettingsError::AppUrl(AppUrlError::NotHttps)]);

    refuse(vec![created()], update(None, Some(with_app_url("http://bakery.example"))), refusal);
}

#[test]
fn the_app_secret_can_be_rotated_any_number_of_times() {
    let rotated = ApplicationEvent::AppSecretRotated { at: at(5) };
    let rotate = || ApplicationCommand::RotateAppSecret { now: at(5) };

    expect(vec![created()], rotate(), vec![rotated.clone()]);
    expect(vec![created(), rotated.clone()], rotate(), vec![rotated]);
}

#[test]
fn a_key_is_issued_once() {
    expect(vec![created()], issue(2, Some(1)), vec![issued(2, Some(1))]);
    expect(vec![created(), issued(2, None)], issue(2, None), vec![]);
    expect(vec![created(), issued(2, None), revoked(2)], issue(2, None), vec![]);
}

#[test]
fn a_rate_limit_that_lets_nothing_through_is_refused() {
    refuse(vec![created()], issue(2, Some(0)), ApplicationError::RateLimitOutOfRange);
}

#[test]
fn a_hundred_unrevoked_keys_are_enough() {
    let full = || {
        let mut events = vec![created()];
        events.extend((100..200).map(|number| issued(number, None)));
        events
    };

    refuse(full(), issue(2, None), ApplicationError::TooManyKeys);

    let mut one_revoked = full();
    one_revoked.push(revoked(150));
    expect(one_revoked, issue(2, None), vec![issued(2, None)]);
}

#[test]
fn a_key_is_revoked_once() {
    expect(vec![created(), issued(2, None)], revoke(2), vec![revoked(2)]);
    expect(vec![created(), issued(2, None), revoked(2)], revoke(2), vec![]);
}

#[test]
fn an_unknown_key_is_not_found() {
    refuse(vec![created(), issued(2, None)], revoke(3), ApplicationError::KeyNotFound);
}

#[test]
fn an_application_is_deleted() {
    expect(vec![created()], ApplicationCommand::DeleteApplication { now: at(9) }, vec![deleted()]);
}

#[test]
fn the_state_says_what_the_events_said() {
    let settings = with_app_url("https://bakery.example");
    let application: Application = fold([
        created(),
        updated("Brewery", settings.clone()),
        issued(2, Some(30)),
        revoked(2),
        ApplicationEvent::AppSecretRotated { at: at(8) },
    ]);

    let key = ApiKey {
        label: "web server".to_owned(),
        key_type: KeyType::Secret,
        prefix: "dvk_sk_abcd".to_owned(),
        rate_limit_per_minute: Some(30),
        created_at: at(6),
        revoked_at: Some(at(7)),
    };
    let expected = Application {
        lifecycle: ApplicationLifecycle::Created,
        owner: id(1),
        name: "Brewery".to_owned(),
        environment: Environment::Production,
        settings,
        api_keys: BTreeMap::from([(id(2), key)]),
        created_at: at(0),
        updated_at: at(8),
    };
    assert_eq!(application, expected);
}
