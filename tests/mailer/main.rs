//! Mail from the job to the relay, on a real Postgres and an SMTP server of our own.
//!
//! Needs `DEVAUTH_TEST_DATABASE_URL`, as `cargo run --example services -- cargo test --test mailer` sets it.

mod node;
mod worker;
