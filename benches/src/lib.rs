//! Services to be measured, and the client that measures them.

pub mod client;
pub mod subject;
