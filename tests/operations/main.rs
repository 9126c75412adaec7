//! Operations on checks from outside: rights, refusals, mutes, runs.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

mod descriptions;
mod drills;
mod mutes;
mod page;
mod requests;
mod rights;
mod runs;
mod service;
