//! The service from outside, over HTTP: a real node on port 0 with its own database, a real Redis and an SMTP server. The
//! tree of files is that of the URLs.

mod app;
mod auth;
mod clean_up;
mod client;
mod document;
mod errors;
mod hang_up;
mod health;
mod isolation;
mod keys;
mod metrics;
mod migrations;
mod pages;
mod portal;
mod races;
mod well_known;
