//! Several nodes of the real program on one Postgres and one Redis: behind a proxy while they are restarted, on a Redis Cluster,
//! with a standby.

mod database;
mod failover;
mod limits;
mod proxy;
mod restarts;
mod standby;
mod traffic;

#[path = "../crash/caller.rs"]
#[expect(dead_code, reason = "the crash suite does more with it")]
mod caller;
#[path = "../crash/deployment.rs"]
#[expect(dead_code, reason = "the crash suite does more with it")]
mod deployment;
#[path = "../crash/node.rs"]
#[expect(dead_code, reason = "the crash suite does more with it")]
mod node;
#[path = "../limits/redis_server.rs"]
#[expect(dead_code, reason = "a single server is what all tests share")]
mod redis_server;
