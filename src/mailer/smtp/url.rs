//! `SMTP_URL`: `smtp://[user:password@]host[:port][?tls=required|opportunistic]` or `smtps://[user:password@]host[:port]`.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::TlsParameters;
use percent_encoding::percent_decode_str;
use url::Url;

#[cfg(test)]
#[path = "url/tests.rs"]
mod tests;

/// A relay's address, how to speak to it and who we are to it. `Debug` shows no password.
pub struct RelayUrl {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) encryption: Encryption,
    pub(super) credentials: Option<Credentials>,
}

/// How much of the connection is encrypted.
pub(super) enum Encryption {
    /// TLS before the first word (`smtps`, RFC 8314).
    FromStart(TlsParameters),
    /// STARTTLS, or no mail (`tls=required`, and the default once a password would be sent to another host).
    Required(TlsParameters),
    /// STARTTLS where the relay offers it. Its certificate isn't checked: whoever could forge it could as well take the
    /// offer away, and an unproven key still shuts out those who only listen (RFC 7435).
    Opportunistic(TlsParameters),
}

/// Why `SMTP_URL` can't be used. Says what is wrong without repeating the URL, which may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MailConfigError {
    /// Not a URL at all.
    #[error("is not a URL; it should look like smtp://user:password@mail.example.com:587")]
    NotAUrl,
    /// Another scheme than the two.
    #[error("must start with smtp:// or smtps://")]
    Scheme,
    /// No host.
    #[error("names no host")]
    NoHost,
    /// `tls=` with another value, any other parameter, a path or a fragment.
    #[error("may end with ?tls=required or ?tls=opportunistic (smtp:// only) and with nothing else")]
    Parameter,
    /// User name or password alone, or not UTF-8 after percent-decoding.
    #[error("must hold both user name and password or neither, percent-encoded")]
    Credentials,
    /// The certificates of the system can't be read.
    #[error("needs TLS, but the system's root certificates can't be read (package ca-certificates)")]
    Certificates,
}

impl FromStr for RelayUrl {
    type Err = MailConfigError;

    fn from_str(text: &str) -> Result<Self, MailConfigError> {
        let url = Url::parse(text).map_err(|_| MailConfigError::NotAUrl)?;
        let scheme = Scheme::of(&url)?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(MailConfigError::NoHost)?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
            return Err(MailConfigError::Parameter);
        }
        let credentials = credentials(&url)?;
        let wish = wish(&url)?;
        let encryption = match (scheme, wish) {
            (Scheme::Smtps, None) => Encryption::FromStart(proven(&host)?),
            (Scheme::Smtps, Some(_)) => return Err(MailConfigError::Parameter),
            (Scheme::Smtp, Some(Wish::Required)) => Encryption::Required(proven(&host)?),
            (Scheme::Smtp, Some(Wish::Opportunistic)) => Encryption::Opportunistic(unproven(&host)?),
            (Scheme::Smtp, None) if credentials.is_some() && !is_this_machine(&host) => {
                Encryption::Required(proven(&host)?)
            }
            (Scheme::Smtp, None) => Encryption::Opportunistic(unproven(&host)?),
        };
        let port = url.port().unwrap_or(scheme.port(credentials.is_some()));
        Ok(Self { host, port, encryption, credentials })
    }
}

impl fmt::Debug for RelayUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RelayUrl").field("host", &self.host).field("port", &self.port).finish_non_exhaustive()
    }
}

#[derive(Clone, Copy)]
enum Scheme {
    Smtp,
    Smtps,
}

impl Scheme {
    fn of(url: &Url) -> Result<Self, MailConfigError> {
        match url.scheme() {
            "smtp" => Ok(Self::Smtp),
            "smtps" => Ok(Self::Smtps),
            _ => Err(MailConfigError::Scheme),
        }
    }

    /// 465 for TLS from the start, 587 for submission with a login, else 25.
    fn port(self, with_login: bool) -> u16 {
        match self {
            Self::Smtps => 465,
            Self::Smtp if with_login => 587,
            Self::Smtp => 25,
        }
    }
}

enum Wish {
    Required,
    Opportunistic,
}

fn wish(url: &Url) -> Result<Option<Wish>, MailConfigError> {
    match url.query() {
        None | Some("") => Ok(None),
        Some("tls=required") => Ok(Some(Wish::Required)),
        Some("tls=opportunistic") => Ok(Some(Wish::Opportunistic)),
        Some(_) => Err(MailConfigError::Parameter),
    }
}

fn credentials(url: &Url) -> Result<Option<Credentials>, MailConfigError> {
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        ("", Some(_)) | (_, None) => Err(MailConfigError::Credentials),
        (user, Some(password)) => Ok(Some(Credentials::new(decoded(user)?, decoded(password)?))),
    }
}

fn decoded(text: &str) -> Result<String, MailConfigError> {
    let text = percent_decode_str(text).decode_utf8().map_err(|_| MailConfigError::Credentials)?;
    Ok(text.into_owned())
}

fn is_this_machine(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn proven(host: &str) -> Result<TlsParameters, MailConfigError> {
    TlsParameters::new(host.to_owned()).map_err(|_| MailConfigError::Certificates)
}

fn unproven(host: &str) -> Result<TlsParameters, MailConfigError> {
    let tls = TlsParameters::builder(host.to_owned()).dangerous_accept_invalid_certs(true);
    tls.build().map_err(|_| MailConfigError::Certificates)
}
