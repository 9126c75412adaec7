//! What health is made of: plain values that know neither the wire nor the clock's driver.

mod cause;
mod change;
#[macro_use]
mod check;
#[cfg(feature = "metrics")]
mod check_metrics;
mod group;
mod into_outcome;
mod level;
mod levels;
mod mute;
mod outcome;
mod report;
#[cfg(feature = "metrics")]
mod run_stats;
mod status;
mod work;

pub use cause::Cause;
pub(crate) use change::ChangeCounts;
pub use change::StatusChange;
pub use check::{Check, CheckSpec};
#[cfg(feature = "metrics")]
pub(crate) use check_metrics::CheckMetrics;
pub use group::Group;
#[cfg(feature = "page")]
pub(crate) use group::GroupVerdict;
pub use into_outcome::IntoOutcome;
pub use level::{Level, ParseLevelError};
pub use levels::Levels;
pub use mute::Mute;
pub(crate) use outcome::MAX_DEPTH;
pub use outcome::Outcome;
pub use report::{CheckResult, Report, ReportEntry};
#[cfg(feature = "metrics")]
pub(crate) use run_stats::{RunOutcome, RunStats};
pub use status::Status;
pub use work::{Work, WorkFuture};
