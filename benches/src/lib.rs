//! What the benches share: the services that are measured, and the client that measures them.

pub mod client;
pub mod subject;
