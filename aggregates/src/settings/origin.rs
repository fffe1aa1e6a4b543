//! An origin (RFC 6454), spelled exactly as a browser sends it: origins are compared as strings.

use url::Url;

/// The most octets of an origin: a host name has at most 253.
const MAX_LENGTH: usize = 300;

/// Why a text is no origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OriginError {
    /// Not `scheme://host` or `scheme://host:port`. `*` and `null` are none: they would stand for anybody.
    #[error("is not scheme://host or scheme://host:port")]
    NotAnOrigin,
    /// An origin, but a browser would spell it otherwise (lower case, A-labels, no default port, no slash) and never match it.
    #[error("is not spelled as a browser sends it")]
    NotAsSent,
}

pub(super) fn check(text: &str) -> Result<(), OriginError> {
    if text.len() > MAX_LENGTH {
        return Err(OriginError::NotAnOrigin);
    }
    let url = Url::parse(text).map_err(|_| OriginError::NotAnOrigin)?;
    if !matches!(url.scheme(), "http" | "https") {
        return check_app_origin(text);
    }
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    if !bare || !url.username().is_empty() || url.password().is_some() || !super::has_plain_host(&url) {
        return Err(OriginError::NotAnOrigin);
    }
    if url.origin().ascii_serialization() != text {
        return Err(OriginError::NotAsSent);
    }
    Ok(())
}

/// Origins of apps that run in a web view (`capacitor://localhost`) and of browser extensions. The URL standard gives
/// them no port and no normal form, so only the plain spelling is taken.
fn check_app_origin(text: &str) -> Result<(), OriginError> {
    let (scheme, host) = text.split_once("://").ok_or(OriginError::NotAnOrigin)?;
    let plain = |part: &str, also: &str| {
        part.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
            && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || also.contains(c))
    };
    if plain(scheme, "+-.") && plain(host, "-.") { Ok(()) } else { Err(OriginError::NotAnOrigin) }
}
