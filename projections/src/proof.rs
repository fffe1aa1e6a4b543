//! What the log proves by itself, and how: no input or output, so that a database and an exported file are judged alike.
//!
//! | module | tells |
//! |---|---|
//! | [`content`] | whether an event is what its hash says |
//! | [`streams`] | whether an event is the next of its stream |
//! | [`digest`] | one value for all events of an application, in order |
//! | [`line`] | how events are written into a file |
//! | [`export`] | a whole file: written, and checked |
//! | [`since`] | whether what was there before is there still |
//! | [`finding`] | what does not hold, and which event it is about |
//!
//! What can be proved and what can't: `docs/auditing.md`.

pub mod content;
pub mod digest;
pub mod export;
pub mod finding;
pub mod line;
pub mod since;
pub mod streams;

#[cfg(test)]
mod tests;

pub use digest::Digest;
pub use finding::{Finding, Findings, Kind};
