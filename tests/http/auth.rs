//! `/v1/auth`

mod any_character;
mod bodies;
mod busy;
mod callers;
mod email_verify;
mod introspect;
mod login;
mod logout;
mod me;
mod password_change;
mod password_reset;
mod refresh;
mod sessions;
mod signup;
