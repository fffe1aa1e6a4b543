//! Which new passwords are accepted.

mod strength;

use super::password::{MAX_LENGTH, Password};

/// What an application asks of new passwords.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordPolicy {
    /// The least number of code points; below [`PasswordPolicy::LEAST_LENGTH`] counts as that.
    pub min_length: u32,
    /// The least zxcvbn score, 0 to 4. At 0 common passwords and the address are refused all the same.
    pub min_strength: u8,
}

impl PasswordPolicy {
    /// The length below which no application can go.
    pub const LEAST_LENGTH: u32 = 8;
}

impl Default for PasswordPolicy {
    fn default() -> Self {
        PasswordPolicy { min_length: Self::LEAST_LENGTH, min_strength: 3 }
    }
}

/// Why a new password is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyViolation {
    /// Fewer code points than `min`.
    TooShort {
        /// The least number of code points.
        min: u32,
    },
    /// More code points than `max`.
    TooLong {
        /// The greatest number of code points.
        max: u32,
    },
    /// Among the passwords everybody tries first.
    TooCommon,
    /// The address, its local part, or a text with the address in it.
    ContainsAddress,
    /// Guessed sooner than the application allows.
    TooWeak,
}

impl PolicyViolation {
    /// The `code` programs act on.
    pub fn code(self) -> &'static str {
        match self {
            PolicyViolation::TooShort { .. } => "too_short",
            PolicyViolation::TooLong { .. } => "too_long",
            PolicyViolation::TooCommon => "too_common",
            PolicyViolation::ContainsAddress => "contains_address",
            PolicyViolation::TooWeak => "too_weak",
        }
    }

    /// What to do about it, for people; says nothing of the password itself.
    pub fn message(self) -> String {
        match self {
            PolicyViolation::TooShort { min } => format!("Use at least {min} characters."),
            PolicyViolation::TooLong { max } => format!("Use at most {max} characters."),
            PolicyViolation::TooCommon => {
                "This is one of the passwords that are tried first. Choose one that nobody else uses."
                    .to_owned()
            }
            PolicyViolation::ContainsAddress => {
                "Choose a password that is not your email address.".to_owned()
            }
            PolicyViolation::TooWeak => {
                "This is too easy to guess. Make it longer, for example with a few unrelated words."
                    .to_owned()
            }
        }
    }
}

/// What somebody would try first for an account.
#[derive(Clone, Copy, Debug)]
pub struct Account<'a> {
    /// Its address.
    pub email: &'a str,
    /// The name of the application that it is in.
    pub application: &'a str,
}

impl Password {
    /// A new password for `account`, if `policy` accepts it.
    ///
    /// Takes about a millisecond, and some twenty for the most laborious input there is: see `strength`.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it; a wrong length is said alone, and "too weak" only where nothing says more.
    pub fn parse(
        raw: &str,
        policy: PasswordPolicy,
        account: Account<'_>,
    ) -> Result<Password, Vec<PolicyViolation>> {
        let password = Password::presented(raw);
        if let Some(violation) = wrong_length(&password, policy) {
            return Err(vec![violation]);
        }
        let strength = strength::estimate(password.text(), account);
        let mut violations = Vec::new();
        if contains_address(password.text(), account.email) {
            violations.push(PolicyViolation::ContainsAddress);
        }
        if strength.common {
            violations.push(PolicyViolation::TooCommon);
        }
        if violations.is_empty() && strength.score < policy.min_strength {
            violations.push(PolicyViolation::TooWeak);
        }
        if violations.is_empty() { Ok(password) } else { Err(violations) }
    }
}

fn wrong_length(password: &Password, policy: PasswordPolicy) -> Option<PolicyViolation> {
    let min = policy.min_length.max(PasswordPolicy::LEAST_LENGTH);
    let length = password.length();
    if length > MAX_LENGTH {
        return Some(PolicyViolation::TooLong { max: MAX_LENGTH as u32 });
    }
    (length < min as usize).then_some(PolicyViolation::TooShort { min })
}

fn contains_address(password: &str, email: &str) -> bool {
    let password = zeroize::Zeroizing::new(password.to_lowercase());
    let email = email.to_lowercase();
    let local_part = email.split('@').next().unwrap_or_default();
    !email.is_empty() && (password.contains(&email) || password.as_str() == local_part)
}

#[cfg(test)]
mod tests;
