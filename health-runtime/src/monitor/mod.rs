//! Owns the checks and the latest result of each; runs the checks that a report needs, and shares each run among all
//! callers that ask at the same time.

#[cfg(feature = "events")]
mod change_cursor;
mod changes;
mod engine;
#[cfg(feature = "page")]
mod group_verdicts;
#[cfg(all(test, shuttle))]
mod interleavings;
mod lookup;
#[cfg(feature = "metrics")]
mod metrics;
#[allow(clippy::module_inception, reason = "a file is named by what it holds")]
mod monitor;
mod muting;
#[cfg(feature = "events")]
mod recent;
mod report;
mod run;
mod schedule;
mod selection;
mod shutdown;
mod slot;
#[cfg(feature = "metrics")]
mod statistics;
mod subscribers;
mod threshold;

#[cfg(feature = "events")]
pub(crate) use change_cursor::ChangeCursor;
pub(crate) use engine::Validity;
pub use monitor::Monitor;
pub(crate) use report::Gathered;
pub use selection::Selection;
pub(crate) use subscribers::Listener;
pub use subscribers::{Lagged, Subscription};
