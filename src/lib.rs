//! DevAuth: HTTP, commands, crypto, limits, mail and wiring around the pure `aggregates` and the SQL in `projections`.

pub mod app;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod config;
pub mod crypto;
pub mod dev;
pub mod http;
pub mod limits;
pub mod mailer;
pub mod rotation;
pub mod schedule;
pub mod service;
pub mod telemetry;
pub mod templates;
