//! The limits, seen from outside: the same behaviour in this process, on a Redis server and on a Redis Cluster,
//! and while Redis is away.

mod away;
mod guessing;
mod rate;
mod redis_server;
mod same_answers;
mod stores;
