//! Tests of checks: they show which status is reported when a dependency fails, for how long, and whether it recovers, without
//! the dependency and without waiting. The feature `testing` belongs in `[dev-dependencies]`:
//!
//! ```toml
//! health-runtime = { version = "0.1", features = ["testing"] }
//! ```
//!
//! It enables Tokio's `test-util`, which `start_paused` needs as well.
//!
//! A test that the database check fails after three failures, and that readiness holds its status for a minute:
//!
//! ```
//! use health_runtime::{Group, Status, testing::{Forced, TestMonitor}};
//! # use health_runtime::{Check, Level};
//! # use std::time::Duration;
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() {
//! # let database = Check::new("db", Level::L1, || async {})
//! #     .readiness()
//! #     .interval(Duration::from_secs(10))
//! #     .failure_threshold(3)
//! #     .hold(Duration::from_secs(60));
//! let monitor = TestMonitor::with_checks([database]);
//! monitor.run("db").await.assert_status(Status::Pass);
//! monitor.force("db", Forced::fail("connection refused"));
//! monitor.run_times("db", 2).await.assert_status(Status::Pass).assert_observed(Status::Fail);
//! monitor.run("db").await.assert_status(Status::Fail);
//! monitor.group(Group::Readiness).await.assert_status(Status::Warn);
//! monitor.advance(Duration::from_secs(60)).await;
//! monitor.group(Group::Readiness).await.assert_status(Status::Fail);
//! # }
//! ```
//!
//! An assertion that fails shows the check, its result and its changes:
//!
//! ```text
//! `db` should be `fail`, but is `pass`
//!   at 31.4s: db is pass: connection refused
//!     observed fail, 2 in a row
//!   its status changed
//!     at 4.2s: from nothing to pass
//! ```
//!
//! A test of checks that are declared with `#[health_check]` provides their state, as the endpoint does:
//!
//! ```standalone_crate
//! use health_runtime::{Registry, Status, health_check, testing::{Forced, TestMonitor}};
//!
//! struct Queue;
//!
//! #[health_check(level = 3, depends_on("broker"))]
//! async fn orders(_queue: &Queue) -> bool {
//!     true
//! }
//!
//! #[health_check(level = 3, timeout = "2s")]
//! async fn broker() {}
//!
//! #[tokio::main(flavor = "current_thread", start_paused = true)] // in a test: `#[tokio::test(start_paused = true)]`
//! async fn main() -> Result<(), health_runtime::Error> {
//!     let monitor = TestMonitor::new(Registry::builder().declared().state(Queue).build()?);
//!     monitor.snapshot("orders").await.assert_status(Status::Pass).assert_cause(None);
//!     monitor.force("broker", Forced::hang());
//!     monitor.run("broker").await.assert_cause("timed_out").assert_message("no answer within 2s");
//!     monitor.snapshot("orders").await.assert_cause("blocked").assert_changes([Status::Pass, Status::Fail]);
//!     monitor.release("broker");
//!     monitor.run("broker").await.assert_status(Status::Pass);
//!     Ok(())
//! }
//! ```
//!
//! # Limits of a paused clock
//!
//! The clock stands still while any task can run, and jumps to the next timer when all tasks wait. So a test of hours
//! takes milliseconds, and its result does not depend on the load of the machine.
//!
//! - Only a runtime with one thread can pause its clock, such as that of `#[tokio::test(start_paused = true)]`. On any
//!   other, [`TestMonitor::new`] panics.
//! - **Input and output take no time, but waiting for them does**: for a check that waits for a socket, the clock
//!   jumps to its timeout. [Force](TestMonitor::force) such checks, and test their own functions by calling them.
//! - While a check that is a plain `fn` runs on its thread, the clock stands still. A function that never returns
//!   stops the clock for good, and with it the test: force it to [hang](Forced::hang) instead.
//! - Wall-clock times, such as [`CheckResult::checked_at`](crate::CheckResult::checked_at), are not paused.
//! - Intervals vary by a tenth, and first runs by up to 10 s, as in production. Wait for runs with
//!   [`TestMonitor::run`] rather than for times.

mod change_recorder;
mod clock;
mod interceptor;
mod snapshots;
mod test_monitor;

pub use crate::model::Forced;
pub use snapshots::{CheckSnapshot, ReportSnapshot};
pub use test_monitor::TestMonitor;
