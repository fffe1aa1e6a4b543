//! The real program, killed and cut off from everything it stands on: nothing that was acknowledged is lost.

mod caller;
mod cli;
mod collector;
mod configuration;
mod deployment;
mod events;
mod key_rotation;
mod lockout;
mod mail;
mod node;
mod points;
mod postgres_away;
mod projections;
mod redis_away;
mod shutdown;
mod story;
mod traces;
mod two_nodes;

/// The tests' own Redis, as the services for all tests start it.
#[path = "../services/redis.rs"]
mod redis;
