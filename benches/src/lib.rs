//! A server for the measured services, and the client that measures them.

pub mod client;
pub mod server;
