//! The addresses of what DevAuth uses and of itself. Reasons never repeat an address: it may carry a password.

use secrecy::SecretString;
use url::Url;

use super::Environment;
use super::reader::Reason;
use crate::limits::Limiter;
use crate::mailer::smtp::url::RelayUrl;

/// The password in `.env.example`; a service that still has it was never set up.
pub(super) const EXAMPLE_PASSWORD: &str = "change-me";

pub(super) fn database(text: &str) -> Result<SecretString, Reason> {
    // No host is asked for: sqlx reads `postgres:///devauth?host=/run/postgresql` as a local socket.
    let url = with_scheme(text, &["postgres", "postgresql"])?;
    not_the_example(&url)?;
    Ok(text.into())
}

pub(super) fn smtp(text: &str) -> Result<SecretString, Reason> {
    not_the_example(&with_scheme(text, &["smtp", "smtps"])?)?;
    text.parse::<RelayUrl>().map_err(|error| error.to_string())?;
    Ok(text.into())
}

/// One server, or the nodes of a Redis Cluster, separated by commas.
pub(super) fn redis(text: &str) -> Result<SecretString, Reason> {
    Limiter::check_url(text).map_err(|error| error.to_string())?;
    // The password is the same for all nodes of a cluster.
    let mut parts = text.split(",redis");
    not_the_example(&with_scheme(parts.next().unwrap_or(text), &["redis", "rediss", "redis+unix"])?)?;
    if parts.any(|rest| !rest.starts_with([':', 's', '+'])) {
        return Err(
            "has a comma in a host; the nodes of a cluster are whole URLs, separated by commas".to_owned()
        );
    }
    Ok(text.into())
}

/// The issuer (RFC 8414 section 2: no query, no fragment), normalized, without a trailing slash.
pub(super) fn public(text: &str, environment: Environment) -> Result<String, Reason> {
    let url = Url::parse(text)
        .map_err(|_| "is not a URL; it must be one such as https://auth.example.com".to_owned())?;
    match (url.scheme(), environment) {
        ("https", _) | ("http", Environment::Development | Environment::Test) => {}
        ("http", Environment::Production) => {
            return Err("is http; production needs https (DEVAUTH_ENV=development accepts http)".to_owned());
        }
        (_, _) => return Err("must begin with https://".to_owned()),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not carry a user name or a password".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("must have no query and no fragment".to_owned());
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// As [`public`]; an empty text leaves the choice to the caller, who knows the port.
pub(super) fn dev_public(text: &str, environment: Environment) -> Result<Option<String>, Reason> {
    if text.is_empty() { Ok(None) } else { public(text, environment).map(Some) }
}

fn with_scheme(text: &str, schemes: &[&str]) -> Result<Url, Reason> {
    Url::parse(text)
        .ok()
        .filter(|url| schemes.contains(&url.scheme()))
        .ok_or_else(|| format!("must be a URL that begins with {}", prefixes(schemes)))
}

fn not_the_example(url: &Url) -> Result<(), Reason> {
    if url.password() == Some(EXAMPLE_PASSWORD) {
        return Err("still has the password of the example; set the real one".to_owned());
    }
    Ok(())
}

fn prefixes(schemes: &[&str]) -> String {
    schemes.iter().map(|scheme| format!("{scheme}://")).collect::<Vec<_>>().join(" or ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_url_is_normalized() {
        for (text, expected) in [
            ("https://auth.example.com", "https://auth.example.com"),
            ("https://Auth.Example.COM:443/", "https://auth.example.com"),
            ("https://example.com/auth/", "https://example.com/auth"),
            ("https://example.com/a/../auth//", "https://example.com/auth"),
        ] {
            assert_eq!(public(text, Environment::Production).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn a_public_url_must_be_a_plain_https_address_in_production() {
        for text in [
            "http://auth.example.com",
            "http://localhost:8080",
            "ftp://auth.example.com",
            "auth.example.com",
            "https://",
            "https://user@auth.example.com",
            "https://user:secret@auth.example.com",
            "https://auth.example.com/?a=1",
            "https://auth.example.com/#top",
        ] {
            assert!(public(text, Environment::Production).is_err(), "{text}");
        }
        assert_eq!(
            public("http://localhost:8080/", Environment::Development).as_deref(),
            Ok("http://localhost:8080")
        );
        assert_eq!(
            public("http://localhost:8080", Environment::Test).as_deref(),
            Ok("http://localhost:8080")
        );
    }

    #[test]
    fn addresses_of_services_need_their_scheme() {
        for text in [
            "postgres://u:p@db/devauth",
            "postgresql://db/devauth",
            "postgres:///devauth?host=/run/postgresql",
        ] {
            assert!(database(text).is_ok(), "{text}");
        }
        for text in ["mysql://db/devauth", "db:5432", "", "host=db user=u"] {
            assert!(database(text).is_err(), "{text}");
        }
        assert!(smtp("smtps://user:p@mail.example.com:465").is_ok());
        for text in ["mail.example.com:25", "https://mail.example.com", "smtp://", "smtp:mail.example.com"] {
            assert!(smtp(text).is_err(), "{text}");
        }
        assert!(redis("rediss://:p@cache:6380/1").is_ok());
        assert!(redis("redis://a:6379,redis://b:6379?cluster=true").is_ok());
        assert!(redis("redis://:p,p@a").is_ok());
        assert!(redis("redis+unix:///run/redis.sock").is_ok());
        for text in ["cache:6379", "redis://", "redis://a:6379,b:6379", "redis://a,redis"] {
            assert!(redis(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_password_of_the_example_is_refused() {
        assert!(database("postgres://devauth:change-me@db/devauth").is_err());
        assert!(smtp("smtps://devauth:change-me@mail.example.com").is_err());
        assert!(redis("redis://:change-me@cache").is_err());
    }
}
