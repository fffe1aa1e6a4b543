//! The settings of an application, and the limits each of them has.
//!
//! Which settings are acceptable depends on the application's environment, so [`ApplicationSettings::checked`] is
//! asked when they are changed: by the HTTP layer, to say what is wrong, and by the aggregate, so that nothing else gets in.

use serde::{Deserialize, Serialize};

mod app_url;
mod origin;

pub use app_url::AppUrlError;
pub use origin::OriginError;

/// The most origins an application allows.
pub const MAX_ORIGINS: usize = 50;
/// What `password_min_length` may be, in code points.
pub const PASSWORD_MIN_LENGTH: std::ops::RangeInclusive<u32> = 8..=64;
/// What `password_min_strength` may be, as zxcvbn scores.
pub const PASSWORD_MIN_STRENGTH: std::ops::RangeInclusive<u8> = 0..=4;
/// What `session_lifetime` may be, in seconds: a second to a year.
pub const SESSION_LIFETIME: std::ops::RangeInclusive<u64> = 1..=31_536_000;

/// What an application is for. Given at its creation, never changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Environment {
    /// On a developer's machine.
    Development,
    /// For trying out.
    Staging,
    /// For real users: stricter about URLs.
    Production,
}

/// How a signup with a taken address is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignupMode {
    /// With 409, which tells that the address has an account.
    #[default]
    Open,
    /// Like any other signup, with a notice to the owner of the address.
    Strict,
}

/// What a developer can set for an application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApplicationSettings {
    /// Where mailed links lead; without it, to the service's own pages. No slash at the end.
    pub app_url: Option<String>,
    /// From where browsers may use a publishable key, as they send it in `Origin`.
    pub allowed_origins: Vec<String>,
    /// Whether a login needs a verified address.
    pub require_verified_email: bool,
    /// How a signup with a taken address is answered.
    pub signup_mode: SignupMode,
    /// The fewest code points of a password.
    pub password_min_length: u32,
    /// The least zxcvbn score of a password.
    pub password_min_strength: u8,
    /// Seconds from login to the end of a session; without it, the service's.
    pub session_lifetime: Option<u64>,
}

impl Default for ApplicationSettings {
    fn default() -> Self {
        Self {
            app_url: None,
            allowed_origins: Vec::new(),
            require_verified_email: false,
            signup_mode: SignupMode::default(),
            password_min_length: *PASSWORD_MIN_LENGTH.start(),
            password_min_strength: 3,
            session_lifetime: None,
        }
    }
}

/// A wish to change settings: what isn't mentioned stays as it is. Merged by the aggregate and not by the caller, so that of two
/// changes at once neither undoes the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of ApplicationSettings")]
pub struct SettingsChange {
    pub app_url: Option<Option<String>>,
    pub allowed_origins: Option<Vec<String>>,
    pub require_verified_email: Option<bool>,
    pub signup_mode: Option<SignupMode>,
    pub password_min_length: Option<u32>,
    pub password_min_strength: Option<u8>,
    pub session_lifetime: Option<Option<u64>>,
}

impl From<ApplicationSettings> for SettingsChange {
    /// A change of everything.
    fn from(settings: ApplicationSettings) -> Self {
        SettingsChange {
            app_url: Some(settings.app_url),
            allowed_origins: Some(settings.allowed_origins),
            require_verified_email: Some(settings.require_verified_email),
            signup_mode: Some(settings.signup_mode),
            password_min_length: Some(settings.password_min_length),
            password_min_strength: Some(settings.password_min_strength),
            session_lifetime: Some(settings.session_lifetime),
        }
    }
}

impl SettingsChange {
    /// The settings after the change; not checked yet.
    pub fn applied_to(self, before: &ApplicationSettings) -> ApplicationSettings {
        ApplicationSettings {
            app_url: self.app_url.unwrap_or_else(|| before.app_url.clone()),
            allowed_origins: self.allowed_origins.unwrap_or_else(|| before.allowed_origins.clone()),
            require_verified_email: self.require_verified_email.unwrap_or(before.require_verified_email),
            signup_mode: self.signup_mode.unwrap_or(before.signup_mode),
            password_min_length: self.password_min_length.unwrap_or(before.password_min_length),
            password_min_strength: self.password_min_strength.unwrap_or(before.password_min_strength),
            session_lifetime: self.session_lifetime.unwrap_or(before.session_lifetime),
        }
    }
}

/// Why a setting is not accepted. Does not quote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// `app_url` is no address that links can start with.
    #[error("app_url: {0}")]
    AppUrl(AppUrlError),
    /// One of `allowed_origins` is no origin.
    #[error("allowed_origins[{index}]: {error}")]
    Origin {
        /// Which, from 0.
        index: usize,
        /// Why.
        error: OriginError,
    },
    /// More than [`MAX_ORIGINS`] origins.
    #[error("allowed_origins has more than {MAX_ORIGINS} entries")]
    TooManyOrigins,
    /// Outside [`PASSWORD_MIN_LENGTH`].
    #[error("password_min_length is out of range")]
    PasswordMinLength,
    /// Outside [`PASSWORD_MIN_STRENGTH`].
    #[error("password_min_strength is out of range")]
    PasswordMinStrength,
    /// Outside [`SESSION_LIFETIME`].
    #[error("session_lifetime is out of range")]
    SessionLifetime,
}

impl SettingsError {
    /// Where in the settings the refused value is, as a JSON pointer (RFC 6901).
    pub fn pointer(&self) -> String {
        match self {
            Self::AppUrl(_) => "/app_url".to_owned(),
            Self::Origin { index, .. } => format!("/allowed_origins/{index}"),
            Self::TooManyOrigins => "/allowed_origins".to_owned(),
            Self::PasswordMinLength => "/password_min_length".to_owned(),
            Self::PasswordMinStrength => "/password_min_strength".to_owned(),
            Self::SessionLifetime => "/session_lifetime".to_owned(),
        }
    }
}

impl ApplicationSettings {
    /// The settings in the form in which they are stored: `app_url` normalized, origins without repetitions.
    /// Checking what was checked changes nothing.
    ///
    /// # Errors
    /// Everything that is not accepted, not just the first.
    pub fn checked(mut self, environment: Environment) -> Result<Self, Vec<SettingsError>> {
        let mut errors = self.numbers_out_of_range();
        if let Some(url) = self.app_url.take() {
            match app_url::parse(&url, environment) {
                Ok(url) => self.app_url = Some(url),
                Err(error) => errors.push(SettingsError::AppUrl(error)),
            }
        }
        errors.extend(origin_errors(&self.allowed_origins));
        if !errors.is_empty() {
            return Err(errors);
        }
        self.allowed_origins = without_repetitions(self.allowed_origins);
        Ok(self)
    }

    fn numbers_out_of_range(&self) -> Vec<SettingsError> {
        let mut errors = Vec::new();
        if !PASSWORD_MIN_LENGTH.contains(&self.password_min_length) {
            errors.push(SettingsError::PasswordMinLength);
        }
        if !PASSWORD_MIN_STRENGTH.contains(&self.password_min_strength) {
            errors.push(SettingsError::PasswordMinStrength);
        }
        if self.session_lifetime.is_some_and(|seconds| !SESSION_LIFETIME.contains(&seconds)) {
            errors.push(SettingsError::SessionLifetime);
        }
        errors
    }
}

fn origin_errors(origins: &[String]) -> Vec<SettingsError> {
    // Said once instead of checking an endless list.
    if origins.len() > MAX_ORIGINS {
        return vec![SettingsError::TooManyOrigins];
    }
    let check = |(index, origin): (usize, &String)| {
        origin::check(origin).err().map(|error| SettingsError::Origin { index, error })
    };
    origins.iter().enumerate().filter_map(check).collect()
}

/// The URL standard lets `*`, quotes and more into a host name. None of them is in one that exists, and `*` would look
/// like a pattern where there are none.
fn has_plain_host(url: &url::Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c)),
        Some(url::Host::Ipv4(_) | url::Host::Ipv6(_)) => true,
        None => false,
    }
}

fn without_repetitions(origins: Vec<String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::with_capacity(origins.len());
    for origin in origins {
        if !kept.contains(&origin) {
            kept.push(origin);
        }
    }
    kept
}

#[cfg(test)]
mod tests;
