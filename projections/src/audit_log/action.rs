//! The words that the audit log has for what happened.

use devauth_aggregates::{ApplicationEvent, DomainEvent, EndReason, SessionEvent, UserEvent};

macro_rules! actions {
    ($($(#[$doc:meta])* $action:ident $name:literal;)*) => {
        /// What happened, in the audit log's words.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Action { $($(#[$doc])* $action,)* }

        impl Action {
            /// All of them.
            pub const ALL: &'static [Action] = &[$(Action::$action),*];

            /// Its name outside.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Action::$action => $name,)* }
            }

            /// The one of this name.
            #[must_use]
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|action| action.name() == name)
            }
        }
    };
}

actions! {
    /// A user signed up.
    Signup "signup";
    /// A session began.
    Login "login";
    /// A try to log in failed; no event.
    LoginFailed "login_failed";
    /// Guessing locked a login.
    Locked "locked";
    /// A user ended their session.
    Logout "logout";
    /// An old refresh token was shown again, which ended the session.
    RefreshReused "refresh_reused";
    /// A user proved that the address is theirs.
    EmailVerified "email_verified";
    /// A reset link was asked for.
    PasswordResetRequest "password_reset_request";
    /// A reset link was used.
    PasswordResetConfirm "password_reset_confirm";
    /// A user changed their password.
    PasswordChanged "password_changed";
    /// What is kept about a user was replaced.
    MetadataChanged "metadata_changed";
    /// A developer keeps a user out.
    UserSuspended "user_suspended";
    /// A developer lets a user in again.
    UserRestored "user_restored";
    /// A person was erased.
    UserErased "user_erased";
    /// One session or all sessions of a user were ended from elsewhere.
    SessionRevoked "session_revoked";
    /// An application was made.
    ApplicationCreated "application_created";
    /// An application's name or settings changed.
    ApplicationUpdated "application_updated";
    /// An application was deleted.
    ApplicationDeleted "application_deleted";
    /// An application got a new secret.
    AppSecretRotated "app_secret_rotated";
    /// An API key was made.
    ApiKeyCreated "api_key_created";
    /// An API key was ended.
    ApiKeyRevoked "api_key_revoked";
}

impl Action {
    /// What an event is in the audit log; `None` if it is not in it.
    #[must_use]
    pub fn of(event: &DomainEvent) -> Option<Self> {
        match event {
            DomainEvent::User(event) => of_user(event),
            DomainEvent::Session(event) => of_session(event),
            DomainEvent::Application(event) => Some(of_application(event)),
        }
    }
}

fn of_user(event: &UserEvent) -> Option<Action> {
    Some(match event {
        UserEvent::UserRegistered { .. } => Action::Signup,
        UserEvent::EmailVerified { .. } => Action::EmailVerified,
        UserEvent::PasswordResetRequested { .. } => Action::PasswordResetRequest,
        UserEvent::PasswordReset { .. } => Action::PasswordResetConfirm,
        UserEvent::PasswordChanged { .. } => Action::PasswordChanged,
        UserEvent::MetadataChanged { .. } => Action::MetadataChanged,
        UserEvent::LoginLocked { .. } => Action::Locked,
        UserEvent::SessionsRevoked { .. } => Action::SessionRevoked,
        UserEvent::UserSuspended { .. } => Action::UserSuspended,
        UserEvent::UserRestored { .. } => Action::UserRestored,
        UserEvent::UserErased { .. } => Action::UserErased,
        UserEvent::EmailVerificationRequested { .. } => return None,
    })
}

fn of_session(event: &SessionEvent) -> Option<Action> {
    match event {
        SessionEvent::SessionStarted { .. } => Some(Action::Login),
        SessionEvent::SessionEnded { reason: EndReason::Logout, .. } => Some(Action::Logout),
        SessionEvent::SessionEnded { reason: EndReason::Revoked, .. } => Some(Action::SessionRevoked),
        SessionEvent::SessionEnded { reason: EndReason::RefreshTokenReused, .. } => {
            Some(Action::RefreshReused)
        }
        SessionEvent::SessionRefreshed { .. } => None,
    }
}

fn of_application(event: &ApplicationEvent) -> Action {
    match event {
        ApplicationEvent::ApplicationCreated { .. } => Action::ApplicationCreated,
        ApplicationEvent::ApplicationUpdated { .. } => Action::ApplicationUpdated,
        ApplicationEvent::AppSecretRotated { .. } => Action::AppSecretRotated,
        ApplicationEvent::ApiKeyIssued { .. } => Action::ApiKeyCreated,
        ApplicationEvent::ApiKeyRevoked { .. } => Action::ApiKeyRevoked,
        ApplicationEvent::ApplicationDeleted { .. } => Action::ApplicationDeleted,
    }
}
