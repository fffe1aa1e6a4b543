//! The address that mailed links start with.

use url::{Host, Url};

use super::Environment;

/// The most octets of an `app_url`: links stay below what mail clients and browsers take.
const MAX_LENGTH: usize = 1024;

/// Why a text is no `app_url`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppUrlError {
    /// Longer than 1024 octets.
    #[error("is too long")]
    TooLong,
    /// Not an absolute `http` or `https` URL.
    #[error("is not an http or https URL")]
    NotAnHttpUrl,
    /// User name or password in it.
    #[error("has a user name or password")]
    UserInfo,
    /// A query or fragment, where links put their own.
    #[error("has a query or fragment")]
    QueryOrFragment,
    /// `http` to another host than this machine, in a production application: the token would travel in clear.
    #[error("is not https, which production needs")]
    NotHttps,
}

/// The URL as links start with it: normalized, without a slash at the end.
pub(super) fn parse(text: &str, environment: Environment) -> Result<String, AppUrlError> {
    if text.len() > MAX_LENGTH {
        return Err(AppUrlError::TooLong);
    }
    // The URL standard drops white space and turns backslashes; who types one meant something else.
    if text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '\\') {
        return Err(AppUrlError::NotAnHttpUrl);
    }
    let url = Url::parse(text).map_err(|_| AppUrlError::NotAnHttpUrl)?;
    check(&url, environment)?;
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

fn check(url: &Url, environment: Environment) -> Result<(), AppUrlError> {
    if !matches!(url.scheme(), "http" | "https") || !super::has_plain_host(url) {
        return Err(AppUrlError::NotAnHttpUrl);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(AppUrlError::UserInfo);
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(AppUrlError::QueryOrFragment);
    }
    if environment == Environment::Production && url.scheme() == "http" && !is_this_machine(url) {
        return Err(AppUrlError::NotHttps);
    }
    Ok(())
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address == std::net::Ipv4Addr::LOCALHOST,
        Some(Host::Ipv6(address)) => address == std::net::Ipv6Addr::LOCALHOST,
        None => false,
    }
}
