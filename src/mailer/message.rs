//! What a mail says: its kinds, the facts that differ from one to the next, and their rendering as text and HTML.

use std::fmt;
use std::sync::LazyLock;

use chrono::{DateTime, TimeDelta, Utc};
use minijinja::{Environment, Value, context};

use crate::templates;

use super::legible::{legible, legible_in_header};

#[cfg(test)]
#[path = "message/tests.rs"]
pub(crate) mod tests;

/// The kinds of mail. Their names are stored with jobs, so a name never changes its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailKind {
    /// Asks a new user to prove that the address is theirs.
    VerifyEmail,
    /// Lets a user who asked for it choose a new password.
    ResetPassword,
    /// Tells a user that their password was changed or reset.
    PasswordChanged,
    /// Tells the owner of an address that someone tried to sign up with it (strict mode).
    SignupAttempted,
}

impl MailKind {
    /// Every kind.
    pub const ALL: [Self; 4] =
        [Self::VerifyEmail, Self::ResetPassword, Self::PasswordChanged, Self::SignupAttempted];

    /// The stored name.
    pub fn name(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify_email",
            Self::ResetPassword => "reset_password",
            Self::PasswordChanged => "password_changed",
            Self::SignupAttempted => "signup_attempted",
        }
    }

    /// The kind of a stored name, or none if this version doesn't know it.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The page that the mailed link opens, below its base; none for a notice.
    pub fn page(self) -> Option<&'static str> {
        match self {
            Self::VerifyEmail => Some("verify-email"),
            Self::ResetPassword => Some("reset-password"),
            Self::PasswordChanged | Self::SignupAttempted => None,
        }
    }

    fn subject(self, application: &str) -> String {
        match self {
            Self::VerifyEmail => format!("Verify your e-mail for {application}"),
            Self::ResetPassword => format!("Reset your password for {application}"),
            Self::PasswordChanged => format!("Your password for {application} was changed"),
            Self::SignupAttempted => format!("You already have an account at {application}"),
        }
    }
}

/// What one mail is about. Holds personal data: `Debug` shows the kind alone.
#[derive(Clone, PartialEq)]
pub struct MailFacts {
    /// What the mail is for.
    pub kind: MailKind,
    /// The application's name as its developer typed it.
    pub application_name: String,
    /// The one recipient, as an ASCII mailbox (`local@a-label.domain`).
    pub to: String,
    /// The link with its token, for kinds that have a page.
    pub link: Option<String>,
    /// When the link stops working.
    pub expires_at: Option<DateTime<Utc>>,
    /// When what the mail tells of happened.
    pub requested_at: DateTime<Utc>,
}

impl fmt::Debug for MailFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MailFacts").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// A mail in words: subject and both bodies. Holds personal data: `Debug` shows nothing of it.
#[derive(Clone, PartialEq)]
pub struct RenderedMail {
    /// One line, free of control characters.
    pub subject: String,
    /// The plain text part.
    pub text: String,
    /// The HTML part, complete in itself.
    pub html: String,
}

impl fmt::Debug for RenderedMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RenderedMail").finish_non_exhaustive()
    }
}

/// Puts the facts into words.
pub fn render(facts: &MailFacts) -> RenderedMail {
    let words = words(facts);
    let part = |ending: &str| {
        let name = format!("{}.{ending}", facts.kind.name());
        let rendered = TEMPLATES.get_template(&name).and_then(|template| template.render(&words));
        rendered.expect("templates are part of the binary, and tests render each with these words")
    };
    RenderedMail {
        subject: facts.kind.subject(&legible_in_header(&facts.application_name)),
        text: part("txt"),
        html: part("html"),
    }
}

fn words(facts: &MailFacts) -> Value {
    let application = legible(&facts.application_name);
    context! {
        subject => facts.kind.subject(&application),
        application,
        address => facts.to.as_str(),
        link => facts.link.as_deref().unwrap_or_default(),
        valid_for => facts.expires_at.map(|at| in_words(at - facts.requested_at)).unwrap_or_default(),
        valid_until => facts.expires_at.map(moment).unwrap_or_default(),
        requested_at => moment(facts.requested_at),
    }
}

fn moment(at: DateTime<Utc>) -> String {
    at.format("%-d %B %Y, %H:%M UTC").to_string()
}

/// "24 hours", "1 hour", "90 minutes": whole units, rounded down.
fn in_words(span: TimeDelta) -> String {
    let (count, unit) = match span.num_minutes().max(1) {
        60 => (1, "hour"),
        minutes @ ..120 => (minutes, "minute"),
        minutes @ ..2880 => (minutes / 60, "hour"),
        minutes => (minutes / 1440, "day"),
    };
    if count == 1 { format!("1 {unit}") } else { format!("{count} {unit}s") }
}

static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| templates::environment(&SOURCES));

const SOURCES: [(&str, &str); 11] = [
    ("layout.html", include_str!("templates/layout.html")),
    ("parts.html", include_str!("templates/parts.html")),
    ("layout.txt", include_str!("templates/layout.txt")),
    ("verify_email.html", include_str!("templates/verify_email.html")),
    ("verify_email.txt", include_str!("templates/verify_email.txt")),
    ("reset_password.html", include_str!("templates/reset_password.html")),
    ("reset_password.txt", include_str!("templates/reset_password.txt")),
    ("password_changed.html", include_str!("templates/password_changed.html")),
    ("password_changed.txt", include_str!("templates/password_changed.txt")),
    ("signup_attempted.html", include_str!("templates/signup_attempted.html")),
    ("signup_attempted.txt", include_str!("templates/signup_attempted.txt")),
];
