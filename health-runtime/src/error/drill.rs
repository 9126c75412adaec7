use std::{error::Error as StdError, fmt, time::Duration};

use super::UnknownCheck;
use crate::text::escape_controls;

/// The error for a [drill](crate::Monitor::drill) that does not begin. Nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DrillError {
    /// No check has this name.
    UnknownCheck(UnknownCheck),
    /// The check of this name is disabled at deploy time.
    Disabled(String),
    /// The check of this name fails without a drill, by itself or because of others.
    Failing(String),
    /// The check of this name belongs to liveness, or a check of liveness depends on it.
    Liveness(String),
    /// The drill would let the check of this name pass.
    Passes(String),
    /// The drill would not last, or last longer than an hour.
    Duration(Duration),
    /// The service is shutting down.
    Draining,
}

impl fmt::Display for DrillError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownCheck(unknown) => unknown.fmt(f),
            Self::Disabled(check) => {
                let check = escape_controls(check);
                write!(f, "the check `{check}` is disabled, so it has no status to practise with; choose another check")
            }
            Self::Failing(check) => write!(
                f,
                "the check `{}` fails already, which a drill would hide; repair it first, or choose another check",
                escape_controls(check)
            ),
            Self::Liveness(check) => write!(
                f,
                "a drill of `{}` fails liveness, so that an orchestrator restarts the service; if you want that, write \
                 `drill_liveness` in code, `\"liveness\": true` over HTTP, and `--liveness` for healthctl",
                escape_controls(check)
            ),
            Self::Passes(check) => write!(
                f,
                "a drill that lets `{}` pass would hide a failure; write `fail`, `warn`, `slow` or `hang`",
                escape_controls(check)
            ),
            Self::Duration(duration) => {
                write!(f, "a drill of {duration:?} is not possible; write a time up to an hour, such as `5m`")
            }
            Self::Draining => f.write_str("the service is shutting down, which a drill would disturb; try another one"),
        }
    }
}

impl StdError for DrillError {}

impl From<UnknownCheck> for DrillError {
    fn from(unknown: UnknownCheck) -> Self {
        Self::UnknownCheck(unknown)
    }
}
