//! Services that ask each other for their health, over sockets.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

mod forged;
mod graph;
mod headers;
mod loops;
mod root_causes;
#[path = "../probes/server.rs"]
#[allow(dead_code, reason = "servers for the tests of all probes")]
mod server;
