//! Commands on a real log: many at once, and connections that break at the worst moment.

mod at_once;
mod broken_connections;
mod one_statement;
mod proxy;
mod scene;
mod state;
