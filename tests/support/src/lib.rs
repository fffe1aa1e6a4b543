//! What several test binaries need: a database for each test, places to listen, and an SMTP server.

pub mod database;
pub mod ports;
pub mod smtp;
