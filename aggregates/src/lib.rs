//! The rules of DevAuth: what may happen to a user, a session and an application, and what it means that it happened.
//!
//! Everything here is pure. Nothing reads a clock, draws a random number or does I/O: the time, new ids and everything
//! else a rule needs come in with the command. Each aggregate decides (`decide`: state and command to events or a
//! refusal) and folds (`apply`: state and event to state); storing, sealing and answering happen elsewhere.
//!
//! | module | what it holds |
//! |---|---|
//! | [`ids`] | typed ids, written as TypeIDs (`usr_…`) |
//! | [`personal`] | personal data inside an event, which may have been erased |
//! | [`email`] | which e-mail addresses are accepted, and their canonical form |
//! | [`names`] | names and labels that people give to things |
//! | [`settings`] | an application's settings and their limits |
//! | [`recorded`] | what the event log needs to know of an event |
//! | [`user`], [`session`], [`application`] | the three aggregates |

#![deny(clippy::wildcard_enum_match_arm, clippy::match_wildcard_for_single_variants)]

pub mod application;
pub mod email;
#[cfg(test)]
mod given;
pub mod ids;
pub mod names;
pub mod personal;
pub mod recorded;
pub mod session;
pub mod settings;
pub mod user;

pub use application::{
    ApiKey, Application, ApplicationCommand, ApplicationError, ApplicationEvent, ApplicationLifecycle,
    KeyType,
};
pub use email::{EmailAddress, EmailError};
pub use ids::{
    ApiKeyId, ApplicationId, AuditEntryId, DeveloperId, SessionId, TokenId, UserId, developer_id, portal,
    user_id,
};
pub use names::{ApplicationName, Label, NameError};
pub use personal::Personal;
pub use recorded::{DomainEvent, EventFormat, RecordedEvent, UnknownEvent};
pub use session::{EndReason, Session, SessionCommand, SessionError, SessionEvent};
pub use settings::{ApplicationSettings, Environment, SettingsChange, SettingsError, SignupMode};
pub use user::{
    PendingToken, SIGNUP_KEPT, User, UserCommand, UserError, UserEvent, UserLifecycle, UserStatus,
};
