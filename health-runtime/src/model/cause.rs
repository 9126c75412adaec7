use std::time::SystemTime;

/// The reason for a status that is not the function's own answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// The check gave no answer within its timeout, or within the report's.
    TimedOut,
    /// A run that is past its timeout has not ended, most likely because it blocks its thread, so no new one is
    /// started.
    #[non_exhaustive]
    StillRunning {
        /// Time at which that run began.
        since: SystemTime,
    },
    /// The check panicked: in its body, while its future was built or dropped, or while its data was serialized.
    Panicked,
    /// The check was not run, because one that it depends on failed.
    #[non_exhaustive]
    Blocked {
        /// Names of the failed checks.
        by: Vec<String>,
    },
    /// The check has no result yet: it runs in the background, or its first run is in progress and has asked another
    /// service, so that a request from a service does not wait for it.
    Pending,
    /// The check runs in the background, and its latest result is too old to count. That result is not shown.
    Stale,
    /// The run was dropped before its end, because its runtime shut down.
    CutOff,
    /// The check passed, and took longer than its `degraded_after`.
    Slow,
    /// The check has no result, and was not run: the request has passed this instance before, so that services ask each
    /// other in a circle.
    Loop,
    /// The check has no result, and was not run: the request has passed more services than
    /// [`max_depth`](crate::EndpointBuilder::max_depth).
    Depth,
    /// The check is disabled at deploy time, see [`Overrides`](crate::Overrides). It is not run, and counts for nothing.
    Disabled,
    /// The service is shutting down, see [`Monitor::drain`](crate::Monitor::drain). Only a readiness report has this
    /// cause, never a check.
    Draining,
}

impl Cause {
    /// The causes of a check without a result. Its status says nothing about it.
    pub(crate) const WITHOUT_RESULT: [Self; 4] = [Self::Pending, Self::Loop, Self::Depth, Self::Disabled];

    /// Returns the names of the failed checks because of which the check was not run.
    pub(crate) const fn blocked_by(&self) -> Option<&[String]> {
        match self {
            Self::Blocked { by } => Some(by.as_slice()),
            _ => None,
        }
    }

    /// Returns the word on the wire, such as `timed_out`.
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
            Self::Loop => "loop",
            Self::Depth => "depth",
            Self::Disabled => "disabled",
            Self::Draining => "draining",
        }
    }
}
