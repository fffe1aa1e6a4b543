//! HTTP: the error shape, strict bodies, the layers around every request, and the server.

pub mod body;
pub mod context;
pub mod dev_mail;
pub mod docs;
mod document;
pub mod error;
pub mod layers;
pub mod metrics;
pub mod pages;
pub mod query;
pub mod server;
