//! Access: every route with every policy, over a real socket.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

mod addresses;
mod audit;
mod canaries;
mod clients;
mod composition;
mod credentials;
mod handwritten;
mod limits;
mod matrix;
mod rules;
mod service;
mod stored;
