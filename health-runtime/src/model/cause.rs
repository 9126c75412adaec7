use std::time::SystemTime;

/// Why a check has its status when that was not the function's own answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// It gave no answer within its timeout, or within the report's.
    TimedOut,
    /// A run that is past its timeout has not ended (it blocks its thread, most likely), so no new one is started.
    #[non_exhaustive]
    StillRunning {
        /// When that run began.
        since: SystemTime,
    },
    /// It panicked, in its body, while its future was built or dropped, or while its data was serialized.
    Panicked,
    /// It was not run, because a check that it depends on failed.
    #[non_exhaustive]
    Blocked {
        /// The names of the failed checks.
        by: Vec<String>,
    },
    /// It runs in the background and has no result yet.
    Pending,
    /// It runs in the background, and its latest result is too old to count. What it said last is not told.
    Stale,
    /// Its run was dropped before its end, because the runtime that it was on shut down.
    CutOff,
    /// It passed, and took longer than its `degraded_after`.
    Slow,
    /// The service is shutting down, see [`Monitor::drain`](crate::Monitor::drain): the cause of a readiness report, never
    /// of a check.
    Draining,
}

impl Cause {
    /// The names of the failed checks, if it was not run because of them.
    pub(crate) const fn blocked_by(&self) -> Option<&[String]> {
        match self {
            Self::Blocked { by } => Some(by.as_slice()),
            _ => None,
        }
    }

    /// The word on the wire, such as `timed_out`.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::TimedOut => "timed_out",
            Self::StillRunning { .. } => "still_running",
            Self::Panicked => "panicked",
            Self::Blocked { .. } => "blocked",
            Self::Pending => "pending",
            Self::Stale => "stale",
            Self::CutOff => "cut_off",
            Self::Slow => "slow",
            Self::Draining => "draining",
        }
    }
}
