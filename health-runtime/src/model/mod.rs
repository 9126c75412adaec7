//! The values of health: plain data that knows neither the wire nor the runtime.

mod cause;
mod change;
mod check;
mod check_method;
mod check_name;
mod forced;
mod group;
mod into_outcome;
mod level;
mod levels;
#[cfg(feature = "metrics")]
mod metrics;
#[macro_use]
mod new_check;
mod outcome;
mod report;
mod root_cause;
mod runbook;
mod state_value;
mod status;
mod work;

pub use cause::Cause;
pub(crate) use change::ChangeCounts;
pub use change::StatusChange;
pub use check::{Check, CheckSpec};
pub(crate) use check::{OverriddenSetting, SETTINGS, Setting, SettingKind, SettingValue};
pub use check_method::{CheckFuture, CheckMethod};
pub use check_name::{CheckName, CheckNames, Texts};
pub use forced::Forced;
pub(crate) use forced::ForcedAnswer;
pub use group::Group;
#[cfg(feature = "page")]
pub(crate) use group::GroupVerdict;
pub use into_outcome::{AnswerOption, ClientOutcome, HandlerOutcome, IntoOutcome, OptionResult, ValueOption};
pub use level::{Level, ParseLevelError};
pub use levels::Levels;
#[cfg(feature = "metrics")]
pub(crate) use metrics::{CheckMetrics, RunOutcome, RunStats};
pub(crate) use outcome::MAX_DEPTH;
pub use outcome::Outcome;
pub use report::{CheckResult, Drill, FleetRole, FleetRun, Mute, Report, ReportEntry};
#[cfg(feature = "probe-http")]
pub(crate) use root_cause::MAX_ROOT_CAUSES;
pub(crate) use root_cause::RemoteRootCauses;
pub use root_cause::RootCause;
pub(crate) use state_value::{SizedState, StateValue};
pub use status::Status;
pub use work::{Work, WorkFuture};
