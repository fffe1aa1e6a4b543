//! HTTP: the error shape, strict bodies, the layers around every request, the server, and the routes.

pub mod accounts;
pub mod auth;
pub mod body;
pub mod context;
pub mod detach;
pub mod dev_mail;
pub mod device;
pub mod docs;
mod document;
pub mod error;
pub mod even_time;
pub mod extract;
pub mod health;
pub mod idempotency;
pub mod layers;
pub mod metrics;
pub mod pages;
pub mod portal;
pub mod portal_pages;
pub mod query;
pub mod routes;
pub mod server;
pub mod user;
pub mod well_known;
