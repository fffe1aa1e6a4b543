//! All SQL of DevAuth: the event log and its order, the read models with their queries, secrets and jobs.
//!
//! It knows Postgres and the aggregates, and nothing of HTTP, Redis or SMTP. Time, ids and keys come in as arguments.
#![deny(clippy::wildcard_enum_match_arm, clippy::match_wildcard_for_single_variants)]

pub mod api_keys;
pub mod applications;
pub mod audit_log;
pub mod catalog;
pub mod claims;
pub mod clean_up;
pub mod cluster;
pub mod crash_point;
pub mod erasure;
pub mod error;
pub mod event_log;
pub mod feed;
pub mod freshness;
pub mod gathered;
pub mod history;
pub mod idempotency;
pub mod inline;
pub mod jobs;
pub mod key_uses;
pub mod last_logins;
pub mod login_failures;
pub mod login_locks;
pub mod migrations;
pub mod nodes;
pub mod part;
pub mod pool;
pub mod portal_users;
pub mod proof;
pub mod read_models;
pub mod reads;
pub mod rebuild;
pub mod resealing;
pub mod roles;
pub mod scheduled_tasks;
pub mod sealing;
pub mod secrets;
pub mod sequencer;
pub mod sessions;
pub mod statistics;
pub mod subscription;
pub mod transactions;
pub mod users;
pub mod verify;
pub mod writes;

pub use error::Error;
pub use pool::{Pool, Tx};
pub use writes::Write;
