//! Listening sockets: they accept connections, and evict some when there are too many.

mod accept;
mod activity;
mod connections;

pub(crate) use accept::accept_connections;
pub(crate) use activity::Activity;
