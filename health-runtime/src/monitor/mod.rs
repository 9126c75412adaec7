//! Owns the checks and the latest result of each; runs the checks that a report needs, and shares each run among all
//! callers that ask at the same time.

#[cfg(feature = "events")]
mod change_cursor;
mod changes;
mod check_set;
mod engine;
mod guarded_work;
#[cfg(all(test, shuttle))]
mod interleavings;
#[cfg(any(feature = "alerts", feature = "events"))]
mod known;
mod lookup;
#[cfg(feature = "metrics")]
mod metrics;
#[allow(clippy::module_inception, reason = "a file is named by what it holds")]
mod monitor;
mod monitored;
mod muting;
mod report;
mod run;
mod schedule;
mod shutdown;
mod slot;
mod start;
#[cfg(feature = "metrics")]
mod statistics;
mod update;
mod wait;
#[cfg(feature = "alerts")]
mod waiting_tasks;
#[cfg(feature = "alerts")]
mod weak_monitor;

#[cfg(feature = "events")]
pub(crate) use change_cursor::{ChangeCursor, CheckSetChange, KnownChecks};
pub(crate) use changes::Listener;
pub use changes::{Lagged, Subscription};
pub use monitor::Monitor;
pub(crate) use report::Gathered;
pub use report::Selection;
pub use update::CheckUpdate;
#[cfg(feature = "alerts")]
pub(crate) use weak_monitor::WeakMonitor;
