//! What health is made of: plain values that know neither the wire nor the clock's driver.

mod cause;
mod change;
mod check;
mod group;
mod into_outcome;
mod level;
mod levels;
mod location;
mod mute;
mod outcome;
mod report;
mod spec;
mod status;
mod work;

pub use cause::Cause;
pub use change::StatusChange;
pub use check::Check;
pub use group::Group;
pub use into_outcome::IntoOutcome;
pub use level::{InvalidLevel, Level};
pub(crate) use levels::Levels;
pub use location::Location;
pub use mute::Mute;
pub use outcome::Outcome;
pub use report::{CheckResult, Report, ReportEntry};
pub use spec::CheckSpec;
pub use status::Status;
pub use work::{Work, WorkFuture};
