//! What `devauth dev` stands on, from outside: a private Postgres that survives whatever happens to us.

mod interrupted;
mod keys;
#[cfg(target_os = "linux")]
mod killed;
mod postgres;
mod walkthrough;
