//! `/v1/portal`

mod api_keys;
mod applications;
mod audit_logs;
mod developers;
mod events;
mod overtaken;
mod statistics;
mod users;
