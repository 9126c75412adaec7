//! Numbers of checks and their runs, for scrapes.

use std::{sync::Arc, time::Duration};

use super::{Cause, CheckResult, CheckSpec, Status};

/// The state and the numbers of one check at a scrape.
#[derive(Clone, Debug)]
pub(crate) struct CheckMetrics {
    pub(crate) check: Arc<CheckSpec>,
    /// `None` before the first result.
    pub(crate) result: Option<Arc<CheckResult>>,
    /// Time since the latest run ended; `None` before the first.
    pub(crate) age: Option<Duration>,
    pub(crate) runs: RunStats,
    pub(crate) is_in_flight: bool,
    pub(crate) is_muted: bool,
    /// Whether it has its status because of a drill.
    pub(crate) is_drilled: bool,
    /// The failed checks because of which this one was not run, in the order of the levels.
    pub(crate) root_causes: Vec<Arc<CheckSpec>>,
}

/// Numbers of the runs of one check since the start.
#[derive(Clone, Debug, Default)]
pub(crate) struct RunStats {
    by_outcome: [u64; RunOutcome::ALL.len()],
    by_duration: [u64; RunStats::BOUNDS.len()],
    total_duration: Duration,
}

/// The raw outcome of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RunOutcome {
    Pass,
    /// The run warned, or passed too slowly.
    Warn,
    Fail,
    TimedOut,
    Panicked,
}

impl RunOutcome {
    pub(crate) const ALL: [Self; 5] = [Self::Pass, Self::Warn, Self::Fail, Self::TimedOut, Self::Panicked];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::TimedOut => "timed_out",
            Self::Panicked => "panicked",
        }
    }

    /// Returns the raw outcome of the run behind a result, ignoring thresholds and criticality; `None` if no run took
    /// place.
    fn from_result(result: &CheckResult) -> Option<Self> {
        match (&result.cause, result.observed) {
            (Some(Cause::TimedOut), _) => Some(Self::TimedOut),
            (Some(Cause::Panicked), _) => Some(Self::Panicked),
            (None, Status::Pass) => Some(Self::Pass),
            (None, Status::Warn) | (Some(Cause::Slow), _) => Some(Self::Warn),
            (None, Status::Fail) => Some(Self::Fail),
            (
                Some(
                    Cause::Blocked { .. }
                    | Cause::CutOff
                    | Cause::Depth
                    | Cause::Disabled
                    | Cause::Draining
                    | Cause::Loop
                    | Cause::Pending
                    | Cause::Stale
                    | Cause::StillRunning { .. },
                ),
                _,
            ) => None,
        }
    }
}

impl RunStats {
    /// Upper bounds of durations, in seconds: from checks inside the process to the longest default timeout.
    pub(crate) const BOUNDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

    /// Counts the run behind a result. Returns whether there was one.
    pub(crate) fn count(&mut self, result: &CheckResult) -> bool {
        let Some(outcome) = RunOutcome::from_result(result) else { return false };
        self.by_outcome[outcome as usize] += 1;
        let seconds = result.duration.as_secs_f64();
        // A longer run counts in the total alone.
        if let Some(bound) = Self::BOUNDS.iter().position(|bound| seconds <= *bound) {
            self.by_duration[bound] += 1;
        }
        self.total_duration = self.total_duration.saturating_add(result.duration);
        true
    }

    /// Returns the number of runs with this outcome.
    pub(crate) const fn ended(&self, outcome: RunOutcome) -> u64 {
        self.by_outcome[outcome as usize]
    }

    /// Returns the number of runs.
    pub(crate) fn runs(&self) -> u64 {
        self.by_outcome.iter().sum()
    }

    /// Returns each bound with the number of runs that took at most as long.
    pub(crate) fn up_to_bounds(&self) -> impl Iterator<Item = (f64, u64)> {
        let up_to = self.by_duration.iter().scan(0, |sum, runs| {
            *sum += runs;
            Some(*sum)
        });
        Self::BOUNDS.into_iter().zip(up_to)
    }

    /// Returns the time that all runs took together.
    pub(crate) const fn total_duration(&self) -> Duration {
        self.total_duration
    }
}
