//! All SQL of DevAuth against a real Postgres: each test has a database of its own.

mod append_only;
mod audit_log;
mod erasure;
mod event_log;
mod fixture;
mod follow;
mod idempotency;
mod jobs;
mod login_failures;
mod login_locks;
mod migrations;
mod ordering;
mod personal_data;
mod portal_users;
mod read_models;
mod rebuild;
mod roles;
mod sequencer;
mod sessions;
mod statistics;
mod subscription;
mod verification;
mod verify;
mod world;
