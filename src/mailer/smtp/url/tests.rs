use super::*;

fn shape(text: &str) -> Result<(String, u16, &'static str, bool), MailConfigError> {
    let url: RelayUrl = text.parse()?;
    let encryption = match url.encryption {
        Encryption::FromStart(_) => "from start",
        Encryption::Required(_) => "required",
        Encryption::Opportunistic(_) => "opportunistic",
    };
    Ok((url.host, url.port, encryption, url.credentials.is_some()))
}

fn is(
    host: &str,
    port: u16,
    encryption: &'static str,
    login: bool,
) -> Result<(String, u16, &'static str, bool), MailConfigError> {
    Ok((host.to_owned(), port, encryption, login))
}

#[test]
fn a_relay_without_login_is_encrypted_when_it_can_be() {
    assert_eq!(shape("smtp://mailpit:1025"), is("mailpit", 1025, "opportunistic", false));
    assert_eq!(shape("smtp://mailpit"), is("mailpit", 25, "opportunistic", false));
    assert_eq!(shape("smtp://[::1]:2525/"), is("::1", 2525, "opportunistic", false));
}

#[test]
fn a_password_leaves_the_machine_encrypted_only() {
    assert_eq!(shape("smtp://u:p@mail.example.com"), is("mail.example.com", 587, "required", true));
    assert_eq!(shape("smtp://u:p@localhost:1025"), is("localhost", 1025, "opportunistic", true));
    assert_eq!(shape("smtp://u:p@127.0.0.1:1025"), is("127.0.0.1", 1025, "opportunistic", true));
    assert_eq!(shape("smtp://u:p@host?tls=opportunistic"), is("host", 587, "opportunistic", true));
}

#[test]
fn encryption_can_be_asked_for() {
    assert_eq!(shape("smtp://host:25?tls=required"), is("host", 25, "required", false));
    assert_eq!(shape("smtps://u:p@host"), is("host", 465, "from start", true));
}

#[test]
fn user_and_password_are_percent_decoded() {
    let url: RelayUrl = "smtp://me%40example.com:p%3A%2F%3F+@host".parse().unwrap();
    assert_eq!(url.credentials, Some(Credentials::new("me@example.com".into(), "p:/?+".into())));
}

#[test]
fn what_is_wrong_is_named() {
    use MailConfigError::*;
    let wrong = [
        ("mail.example.com", NotAUrl),
        ("mail.example.com:25", Scheme),
        ("http://host", Scheme),
        ("smtp:", NoHost),
        ("smtp:///x", NoHost),
        ("smtp://host?tls=none", Parameter),
        ("smtp://host?tls=required&x=1", Parameter),
        ("smtps://host?tls=opportunistic", Parameter),
        ("smtp://host/path", Parameter),
        ("smtp://user@host", Credentials),
        ("smtp://:secret@host", Credentials),
        ("smtp://%ff:x@host", Credentials),
    ];
    for (text, error) in wrong {
        assert_eq!(shape(text), Err(error), "{text}");
    }
}

#[test]
fn no_password_is_shown() {
    let url: RelayUrl = "smtp://lin:hunter2@host".parse().unwrap();
    assert!(!format!("{url:?}").contains("hunter2") && !format!("{url:?}").contains("lin"));
}
