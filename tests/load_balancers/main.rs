//! The interfaces to load balancers: status codes, headers, the agent's line, and the files that ship for them.

#![allow(clippy::expect_used, reason = "tests fail by panicking")]

mod agent;
mod apache;
mod codes;
mod deploy;
mod haproxy;
mod switch;
