//! The settings of an application, as they are read and answered.

use devauth_aggregates::settings::{
    MAX_ORIGINS, PASSWORD_MIN_LENGTH, PASSWORD_MIN_STRENGTH, SESSION_LIFETIME,
};
use devauth_aggregates::{ApplicationSettings, SettingsChange, SignupMode};
use serde::Serialize;
use utoipa::ToSchema;

use super::page::one_of;
use crate::http::body::{Change, Fields};

/// What a developer sets for an application.
#[derive(Serialize, ToSchema)]
#[schema(as = Settings)]
pub struct SettingsBody {
    /// Where mailed links lead (`<app_url>/verify-email?token=…`); null: to DevAuth's own pages.
    #[schema(required, format = "uri", example = "https://app.example.com")]
    pub app_url: Option<String>,
    /// Origins from which browsers may use a publishable key.
    #[schema(example = json!(["https://app.example.com"]), max_items = 50)]
    pub allowed_origins: Vec<String>,
    /// Whether a login needs a verified address. Signups that never verified it and never logged in are then erased after a week.
    pub require_verified_email: bool,
    /// `open`: a taken address answers 409; `strict`: 202 for both, and a notice to the owner.
    #[schema(example = "open", pattern = "^(open|strict)$")]
    pub signup_mode: &'static str,
    /// The least code points of a password.
    #[schema(minimum = 8, maximum = 64)]
    pub password_min_length: u32,
    /// The least strength of a password, as zxcvbn scores it.
    #[schema(minimum = 0, maximum = 4)]
    pub password_min_strength: u8,
    /// Seconds from login to the end of a session; null: the service's own (a week).
    #[schema(required, minimum = 1, maximum = 31_536_000)]
    pub session_lifetime: Option<u64>,
}

/// A change of settings. What isn't mentioned stays as it is.
#[derive(ToSchema)]
#[schema(as = SettingsChange)]
#[expect(dead_code, reason = "says in the document what `read` reads")]
pub struct SettingsChangeBody {
    /// Where mailed links lead; null: to DevAuth's own pages.
    #[schema(format = "uri", max_length = 1024)]
    app_url: Option<String>,
    /// Origins from which browsers may use a publishable key, spelled as browsers send them.
    #[schema(required = false, max_items = 50)]
    allowed_origins: Vec<String>,
    /// Whether a login needs a verified address.
    #[schema(required = false)]
    require_verified_email: bool,
    /// `open` or `strict`.
    #[schema(required = false, pattern = "^(open|strict)$")]
    signup_mode: String,
    /// The least code points of a password.
    #[schema(required = false, minimum = 8, maximum = 64)]
    password_min_length: u32,
    /// The least strength of a password, as zxcvbn scores it.
    #[schema(required = false, minimum = 0, maximum = 4)]
    password_min_strength: u8,
    /// Seconds from login to the end of a session; null: the service's own.
    #[schema(minimum = 1, maximum = 31_536_000)]
    session_lifetime: Option<u64>,
}

impl From<ApplicationSettings> for SettingsBody {
    fn from(settings: ApplicationSettings) -> Self {
        SettingsBody {
            app_url: settings.app_url,
            allowed_origins: settings.allowed_origins,
            require_verified_email: settings.require_verified_email,
            signup_mode: match settings.signup_mode {
                SignupMode::Open => "open",
                SignupMode::Strict => "strict",
            },
            password_min_length: settings.password_min_length,
            password_min_strength: settings.password_min_strength,
            session_lifetime: settings.session_lifetime,
        }
    }
}

/// Reads a change of settings. What a URL or an origin has to look like, the aggregate judges.
pub fn read(fields: &mut Fields) -> Option<SettingsChange> {
    Some(SettingsChange {
        app_url: wish(fields.parse_change("app_url", |text| Ok(text.to_owned()))),
        allowed_origins: fields.optional_list("allowed_origins", MAX_ORIGINS, |text| Ok(text.to_owned())),
        require_verified_email: fields.optional_boolean("require_verified_email"),
        signup_mode: fields.parse_optional("signup_mode", |text| {
            let modes = [("open", SignupMode::Open), ("strict", SignupMode::Strict)];
            one_of("open or strict", modes.into_iter().find(|(name, _)| *name == text).map(|(_, mode)| mode))
        }),
        password_min_length: fields
            .optional_integer("password_min_length", range(&PASSWORD_MIN_LENGTH))
            .and_then(|length| u32::try_from(length).ok()),
        password_min_strength: fields
            .optional_integer("password_min_strength", range(&PASSWORD_MIN_STRENGTH))
            .and_then(|strength| u8::try_from(strength).ok()),
        session_lifetime: wish(fields.integer_change("session_lifetime", seconds()))
            .map(|seconds| seconds.map(i64::unsigned_abs)),
    })
}

fn wish<T>(change: Change<T>) -> Option<Option<T>> {
    match change {
        Change::Keep => None,
        Change::Clear => Some(None),
        Change::Set(value) => Some(Some(value)),
    }
}

fn range<T: Copy + Into<i64>>(range: &std::ops::RangeInclusive<T>) -> std::ops::RangeInclusive<i64> {
    (*range.start()).into()..=(*range.end()).into()
}

fn seconds() -> std::ops::RangeInclusive<i64> {
    SESSION_LIFETIME.start().cast_signed()..=SESSION_LIFETIME.end().cast_signed()
}
