//! The stories that users of applications and developers (who are users of the built-in application) have in common. The
//! handlers of `/v1/auth`, of `/v1/portal/developers` and the pages behind mailed links only differ in who calls and how the
//! answer looks.

pub mod login;
pub mod mailed;
pub mod password_change;
pub mod password_reset;
pub mod person;
pub mod session;
pub mod signup;
pub mod verification;

use devauth_aggregates::{ApplicationId, EmailAddress, EmailError};
use devauth_projections::applications::ApplicationRow;

use crate::crypto::password::Password;
use crate::crypto::policy::{self, PasswordPolicy};
use crate::http::body::{FieldProblem, Fields};
use crate::http::error::{ApiError, FieldError};

/// Reads the member `email`.
pub fn email(fields: &mut Fields) -> Option<EmailAddress> {
    fields.parse("email", |text| EmailAddress::parse(text).map_err(email_problem))
}

fn email_problem(error: EmailError) -> FieldProblem {
    match error {
        EmailError::TooLong => FieldProblem::new("too_long", "must be at most 254 characters long"),
        EmailError::NoSingleAt | EmailError::LocalPart | EmailError::Domain => {
            FieldProblem::new("invalid_email", "must be an e-mail address like name@example.com")
        }
    }
}

/// Checks a new password against what the application asks for.
///
/// # Errors
/// `validation_failed`, with everything that is wrong with it.
pub fn new_password(application: &ApplicationRow, raw: &str, email: &str) -> Result<Password, ApiError> {
    let policy = PasswordPolicy {
        min_length: application.settings.password_min_length,
        min_strength: application.settings.password_min_strength,
    };
    let account = policy::Account { email, application: &application.name };
    Password::parse(raw, policy, account).map_err(|violations| {
        let field = |code: &'static str, message: String| FieldError {
            pointer: "/password".to_owned(),
            code,
            message,
        };
        ApiError::validation(
            violations.into_iter().map(|violation| field(violation.code(), violation.message())).collect(),
        )
    })
}

/// Whose request it is, in log lines and in the limiter.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An application and an address in it, as the limits and locks name them.
pub struct Account {
    /// The application.
    pub application: ApplicationId,
    /// Keyed hash of the canonical address.
    pub address: [u8; 32],
}
