//! How log lines name the person that something happened to.

use std::fmt;

use devauth_aggregates::{ApplicationId, UserId, developer_id, portal};

/// A person's id as it is known outside: `usr_…`, or `dev_…` for users of the built-in application.
#[derive(Clone, Copy)]
pub struct Person {
    application: ApplicationId,
    user: UserId,
}

impl Person {
    /// A user of `application`.
    pub fn of(application: ApplicationId, user: UserId) -> Self {
        Person { application, user }
    }
}

impl fmt::Display for Person {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.application == portal() {
            developer_id(self.user).fmt(formatter)
        } else {
            self.user.fmt(formatter)
        }
    }
}
