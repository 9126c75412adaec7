//! Workloads, the services that answer them, and the client in the same process.
//!
//! Client and service share one thread and a clock that stands still between requests. So each request is handled in the
//! same steps, however busy the machine is.

#![allow(clippy::disallowed_macros, reason = "a person reads the figures on the terminal")]

pub mod budgets;
pub mod callgrind;
pub mod case;
pub mod client;
pub mod drive;
pub mod measure;
pub mod subjects;
pub mod workload;
