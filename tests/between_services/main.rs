//! Requests for health between services: their headers, loops, and what a stranger can do with them.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

mod headers;
