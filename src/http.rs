//! HTTP: the error shape, strict bodies, the layers around every request, and the server.

pub mod body;
pub mod context;
pub mod docs;
pub mod error;
pub mod layers;
pub mod metrics;
pub mod query;
pub mod server;
