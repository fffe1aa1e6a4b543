use super::*;

const EVERYWHERE: [Environment; 3] =
    [Environment::Development, Environment::Staging, Environment::Production];

fn with_app_url(url: &str) -> ApplicationSettings {
    ApplicationSettings { app_url: Some(url.to_owned()), ..ApplicationSettings::default() }
}

fn with_origins(origins: &[&str]) -> ApplicationSettings {
    let allowed_origins = origins.iter().map(|&origin| origin.to_owned()).collect();
    ApplicationSettings { allowed_origins, ..ApplicationSettings::default() }
}

fn app_url(url: &str, environment: Environment) -> Result<Option<String>, Vec<SettingsError>> {
    with_app_url(url).checked(environment).map(|settings| settings.app_url)
}

#[track_caller]
fn refused_url(url: &str, error: AppUrlError) {
    let expected = Err(vec![SettingsError::AppUrl(error)]);
    assert_eq!(app_url(url, Environment::Development), expected, "{url:?}");
}

#[track_caller]
fn refused_origin(origin: &str, error: OriginError) {
    let expected = Err(vec![SettingsError::Origin { index: 0, error }]);
    assert_eq!(with_origins(&[origin]).checked(Environment::Development), expected, "{origin:?}");
}

#[test]
fn the_defaults_are_accepted_everywhere() {
    for environment in EVERYWHERE {
        let defaults = ApplicationSettings::default();
        assert_eq!(defaults.clone().checked(environment), Ok(defaults));
    }
}

#[test]
fn an_app_url_is_normalized() {
    let normalized = [
        ("https://bakery.example", "https://bakery.example"),
        ("https://bakery.example/", "https://bakery.example"),
        ("HTTPS://Bakery.Example:443/Shop//", "https://bakery.example/Shop"),
        ("https://bücher.example/a", "https://xn--bcher-kva.example/a"),
        ("https://bakery.example:8443/a/../b", "https://bakery.example:8443/b"),
    ];
    for (typed, stored) in normalized {
        assert_eq!(app_url(typed, Environment::Production), Ok(Some(stored.to_owned())));
    }
}

#[test]
fn an_app_url_that_links_cannot_start_with_is_refused() {
    for url in [
        "",
        "bakery.example",
        "/shop",
        "ftp://a.example",
        "javascript:alert(1)",
        "https://",
        "https:",
        "https://*.a.example",
    ] {
        refused_url(url, AppUrlError::NotAnHttpUrl);
    }
    for url in [" https://a.example", "https://a.example\n", "https://a.ex\tample", "https:\\\\a.example"] {
        refused_url(url, AppUrlError::NotAnHttpUrl);
    }
    for url in ["https://rosa@a.example", "https://rosa:secret@a.example", "https://:secret@a.example"] {
        refused_url(url, AppUrlError::UserInfo);
    }
    for url in
        ["https://a.example?", "https://a.example/?a=b", "https://a.example#", "https://a.example/#/app"]
    {
        refused_url(url, AppUrlError::QueryOrFragment);
    }
    refused_url(&format!("https://a.example/{}", "a".repeat(1024)), AppUrlError::TooLong);
}

#[test]
fn production_needs_https_but_on_this_machine() {
    let refusal = Err(vec![SettingsError::AppUrl(AppUrlError::NotHttps)]);
    for url in
        ["http://bakery.example", "http://localhost.bakery.example", "http://127.0.0.2", "http://[::2]"]
    {
        assert_eq!(app_url(url, Environment::Production), refusal, "{url:?}");
        assert!(app_url(url, Environment::Development).is_ok());
        assert!(app_url(url, Environment::Staging).is_ok());
    }
    for url in ["http://localhost:3000", "http://127.0.0.1:3000", "http://[::1]:3000"] {
        assert_eq!(app_url(url, Environment::Production), Ok(Some(url.to_owned())));
    }
}

#[test]
fn origins_are_accepted_as_browsers_send_them() {
    let origins = [
        "https://bakery.example",
        "https://bakery.example:8443",
        "http://localhost:3000",
        "http://127.0.0.1",
        "http://[::1]:5173",
        "https://xn--bcher-kva.example",
        "capacitor://localhost",
        "chrome-extension://abcdefghijklmnop",
    ];
    let settings = with_origins(&origins);

    assert_eq!(settings.clone().checked(Environment::Production), Ok(settings));
}

#[test]
fn an_origin_that_no_browser_sends_in_this_spelling_is_refused() {
    let spellings = [
        "https://bakery.example/",
        "https://Bakery.example",
        "HTTPS://bakery.example",
        "https://bakery.example:443",
        "http://bakery.example:80",
        "https://bücher.example",
        "https:bakery.example",
        " https://bakery.example",
        "https://bakery.example\n",
        "http://127.1",
    ];
    for origin in spellings {
        refused_origin(origin, OriginError::NotAsSent);
    }
}

#[test]
fn what_is_no_origin_is_refused() {
    let others = [
        "",
        "*",
        "null",
        "bakery.example",
        "https://*.bakery.example",
        "https://",
        "https://a.example/path",
        "https://a.example?q",
        "https://a.example#f",
        "https://rosa@a.example",
        "data:text/html,x",
        "file:///etc",
        "javascript://%0aalert(1)",
        "capacitor://LocalHost",
        "capacitor://localhost/",
    ];
    for origin in others {
        refused_origin(origin, OriginError::NotAnOrigin);
    }
    refused_origin(&format!("https://{}", "a".repeat(300)), OriginError::NotAnOrigin);
}

#[test]
fn an_origin_given_twice_is_kept_once() {
    let settings = with_origins(&["https://b.example", "https://a.example", "https://b.example"]);

    assert_eq!(
        settings.checked(Environment::Production),
        Ok(with_origins(&["https://b.example", "https://a.example"]))
    );
}

#[test]
fn fifty_origins_are_enough() {
    let origins: Vec<String> = (0..51).map(|number| format!("https://a{number}.example")).collect();
    let origins: Vec<&str> = origins.iter().map(String::as_str).collect();

    assert!(with_origins(&origins[..50]).checked(Environment::Production).is_ok());
    let refusal = with_origins(&origins).checked(Environment::Production);
    assert_eq!(refusal, Err(vec![SettingsError::TooManyOrigins]));
}

#[test]
fn numbers_are_accepted_within_their_ranges() {
    let with = |password_min_length, password_min_strength, session_lifetime| {
        let rest = ApplicationSettings::default();
        ApplicationSettings { password_min_length, password_min_strength, session_lifetime, ..rest }
            .checked(Environment::Production)
            .map(drop)
    };

    assert_eq!(with(8, 0, Some(1)), Ok(()));
    assert_eq!(with(64, 4, Some(31_536_000)), Ok(()));
    assert_eq!(with(7, 3, None), Err(vec![SettingsError::PasswordMinLength]));
    assert_eq!(with(65, 3, None), Err(vec![SettingsError::PasswordMinLength]));
    assert_eq!(with(8, 5, None), Err(vec![SettingsError::PasswordMinStrength]));
    assert_eq!(with(8, 3, Some(0)), Err(vec![SettingsError::SessionLifetime]));
    assert_eq!(with(8, 3, Some(31_536_001)), Err(vec![SettingsError::SessionLifetime]));
}

#[test]
fn everything_wrong_is_said_at_once_with_its_place() {
    let settings = ApplicationSettings {
        app_url: Some("x".to_owned()),
        allowed_origins: vec!["https://a.example".to_owned(), "*".to_owned()],
        password_min_length: 1,
        ..ApplicationSettings::default()
    };

    let errors = settings.checked(Environment::Production).unwrap_err();

    let pointers: Vec<String> = errors.iter().map(SettingsError::pointer).collect();
    assert_eq!(pointers, ["/password_min_length", "/app_url", "/allowed_origins/1"]);
}

#[test]
fn an_error_does_not_quote_the_value() {
    let errors = with_app_url("https://rosa:secret@a.example").checked(Environment::Production).unwrap_err();

    assert!(!format!("{errors:?} {}", errors[0]).contains("secret"));
}

#[test]
fn the_stored_form_has_every_setting_by_its_name() {
    let stored = serde_json::to_value(ApplicationSettings::default()).unwrap();

    assert_eq!(
        stored,
        serde_json::json!({
            "app_url": null,
            "allowed_origins": [],
            "require_verified_email": false,
            "signup_mode": "open",
            "password_min_length": 8,
            "password_min_strength": 3,
            "session_lifetime": null,
        })
    );
}

mod fuzz {
    use proptest::prelude::*;

    use super::*;

    /// Nearly URLs.
    fn url() -> impl Strategy<Value = String> {
        prop_oneof![
            any::<String>(),
            "(https?|HTTPS|javascript|data|capacitor|file)://([a-z]{0,3}[:@])?[a-zA-Z0-9.:ßé*\\[\\]-]{0,20}(:[0-9]{0,6})?(/[a-zA-Z./%]{0,9})?(\\?[a-z=]{0,3})?(#[a-z]{0,3})?",
        ]
    }

    proptest! {
        #[test]
        fn an_app_url_is_its_own_canonical_form_and_http(text in url()) {
            for environment in [Environment::Development, Environment::Production] {
                if let Ok(canonical) = app_url::parse(&text, environment) {
                    prop_assert!(canonical.starts_with("https://") || canonical.starts_with("http://"), "{canonical}");
                    prop_assert_eq!(app_url::parse(&canonical, environment), Ok(canonical.clone()));
                }
            }
        }

        #[test]
        fn an_allowed_origin_is_one_that_a_browser_can_send(text in url()) {
            if origin::check(&text).is_ok() {
                let sent = text.bytes().all(|byte| byte.is_ascii_graphic());
                prop_assert!(sent && !text.ends_with('/') && text != "null" && !text.contains('*'), "{text}");
            }
        }
    }
}
