//! A kit for tests of checks: what is reported when a dependency fails, for how long, and whether it comes back, without
//! the dependency and without waiting. With the feature `testing`, which belongs into `[dev-dependencies]`:
//!
//! ```toml
//! health-runtime = { version = "0.1", features = ["testing"] }
//! ```
//!
//! It turns on Tokio's `test-util`, which `start_paused` needs, too.
//!
//! "My database check fails after three failures, and readiness holds on for a minute":
//!
//! ```
//! use health_runtime::{Group, Status, testing::{Forced, TestMonitor}};
//! # use health_runtime::{Check, Level};
//! # use std::time::Duration;
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() {
//! # let database = Check::new("db", Level::L1, || async {})
//! #     .readiness()
//! #     .with_interval(Duration::from_secs(10))
//! #     .with_failure_threshold(3)
//! #     .with_hold(Duration::from_secs(60));
//! let kit = TestMonitor::of([database]);
//! kit.run("db").await.assert_status(Status::Pass);
//! kit.force("db", Forced::fail("connection refused"));
//! kit.run_times("db", 2).await.assert_status(Status::Pass).assert_observed(Status::Fail);
//! kit.run("db").await.assert_status(Status::Fail);
//! kit.group(Group::Readiness).await.assert_status(Status::Warn);
//! kit.advance(Duration::from_secs(60)).await;
//! kit.group(Group::Readiness).await.assert_status(Status::Fail);
//! # }
//! ```
//!
//! An assertion that does not hold says all there is to know:
//!
//! ```text
//! `db` should be `fail`, and is `pass`
//!   at 31.4s: db is pass: connection refused
//!     observed fail, 2 in a row
//!   its status changed
//!     at 4.2s: from nothing to pass
//! ```
//!
//! A test of checks that are declared with `#[health_check]` hands over their state, as the endpoint does:
//!
//! ```standalone_crate
//! use health_runtime::{Registry, State, Status, health_check, testing::{Forced, TestMonitor}};
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
//!     let kit = TestMonitor::new(Registry::builder().declared().state(State::new().with(Queue)).build()?);
//!     kit.look("orders").await.assert_status(Status::Pass).assert_cause(None);
//!     kit.force("broker", Forced::hang());
//!     kit.run("broker").await.assert_cause("timed_out").assert_message("no answer within 2s");
//!     kit.look("orders").await.assert_cause("blocked").assert_changes([Status::Pass, Status::Fail]);
//!     kit.release("broker");
//!     kit.run("broker").await.assert_status(Status::Pass);
//!     Ok(())
//! }
//! ```
//!
//! # What a paused clock can do, and what it cannot
//!
//! The clock stands while any task has something to do, and jumps to the next timer when all wait. So a test of hours
//! takes milliseconds, and a result is the same on a busy machine.
//!
//! - Only a runtime of one thread can pause its clock, which is what `#[tokio::test(start_paused = true)]` gives. On any
//!   other [`TestMonitor::new`] panics.
//! - **Input and output take no time, and waiting for them does**: to a check that waits for a socket the clock
//!   jumps to its timeout. [Force](TestMonitor::force) such checks, and test their own functions by calling them.
//! - While the function of a check that is a plain `fn` runs on its thread, the clock stands. One that never returns
//!   stops it for good, and with it the test: force it to [hang](Forced::hang) instead.
//! - Times on the wall clock, such as [`CheckResult::checked_at`](crate::CheckResult::checked_at), go on by themselves.
//! - Intervals are spread by a tenth, and first runs by up to 10 s, as in production. Wait for runs with
//!   [`TestMonitor::run`] rather than for times.

mod clock;
mod forced;
mod history;
mod kit;
mod script;
mod seen;

pub use forced::Forced;
pub use kit::TestMonitor;
pub use seen::{SeenCheck, SeenReport};
