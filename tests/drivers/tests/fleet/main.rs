//! One run for a fleet over real stores, Redis, NATS `JetStream` and PostgreSQL, with the faults of a store and of a leader.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

mod client;
mod clients;
mod faults;
mod instances;
mod redis_nodes;
mod takeover;
