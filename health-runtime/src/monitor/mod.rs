//! Owns the checks and the latest result of each; runs the checks that a report needs, and shares each run among all
//! callers that ask at the same time.

#[cfg(feature = "alerts")]
mod alerting;
mod changes;
mod check_set;
mod drilling;
mod drills;
mod engine;
mod guarded_work;
#[cfg(all(test, shuttle))]
mod interleavings;
mod lookup;
#[allow(clippy::module_inception, reason = "a file is named by what it holds")]
mod monitor;
mod monitored;
mod muting;
mod operate;
mod permission;
#[cfg(any(feature = "alerts", feature = "events", feature = "mcp", feature = "metrics", feature = "systemd"))]
mod readers;
mod report;
mod run;
mod run_span;
mod schedule;
mod shutdown;
mod slot;
mod start;
#[cfg(feature = "metrics")]
mod statistics;
mod timelines;
mod update;
mod wait;

#[cfg(feature = "alerts")]
pub(crate) use alerting::DeliveryCounts;
pub(crate) use changes::Listener;
pub use changes::{Lagged, Subscription};
pub(crate) use drilling::{DrillOrder, MAX_DRILL};
pub use monitor::Monitor;
#[cfg(any(feature = "alerts", feature = "systemd"))]
pub(crate) use readers::WeakMonitor;
#[cfg(feature = "events")]
pub(crate) use readers::{ChangeCursor, CheckSetChange, KnownChecks};
pub(crate) use report::Gathered;
pub use report::Selection;
pub use update::CheckUpdate;
