//! What several test binaries need: a database for each test, and an SMTP server.

pub mod database;
pub mod smtp;
