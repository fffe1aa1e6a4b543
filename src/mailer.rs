//! Mail: a job written with the events becomes one message at one address.
//!
//! `worker` takes jobs, `facts` looks up what they stand for, `message` words and renders them, `outgoing` gives them
//! headers, `transport` hands them over: to a relay (`smtp`) or, under `devauth dev`, to a folder that a page shows
//! (`inbox`). `settlement` and `schedule` decide what becomes of a try.

pub mod facts;
pub mod inbox;
pub mod legible;
pub mod message;
pub mod outgoing;
pub mod schedule;
pub mod settlement;
pub mod smtp;
pub mod transport;
pub mod worker;
