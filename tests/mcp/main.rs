//! `POST {base}/mcp`: the Model Context Protocol, by hostile requests, and by a client of others.
#![allow(clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

mod access;
mod agent;
mod example;
mod operating;
mod peers;
mod protocol;
mod tokens;
mod tools;
