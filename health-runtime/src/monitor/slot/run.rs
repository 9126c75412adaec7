//! The one run of a check that may be alive, as its slot and its observers see it.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use tokio::time::Instant;

use super::inbox::{Addresses, Progress};
use crate::{
    model::{CheckResult, CheckSpec},
    time::after,
};

/// Time after a check's timeout in which a run can report it, before its observers give it up as one that blocks its
/// thread.
pub(in crate::monitor) const GIVE_UP_GRACE: Duration = Duration::from_millis(25);

/// The one run that may be alive.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) id: RunId,
    pub(super) observers: Addresses,
    /// Time of the latest observer's request. The result must not be too old for that observer.
    pub(super) asked_at: Instant,
    /// Time from which its timeout counts: the function is called then, or when its turn comes.
    pub(super) began: Option<Instant>,
    /// The same on the wall clock, since it was first reported.
    began_at: Option<SystemTime>,
    /// Whether an observer demands that the function is called, however young the latest result is.
    pub(super) is_demanded: bool,
    /// The result that was recorded when its observers gave it up. Its own result is then discarded.
    pub(super) given_up: Option<Arc<CheckResult>>,
}

/// The number of a run among those of its check.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::monitor) struct RunId(pub(super) u64);

impl RunId {
    pub(in crate::monitor) const fn number(self) -> u64 {
        self.0
    }
}

/// An observer's handle of a run.
#[derive(Clone, Copy, Debug)]
pub(in crate::monitor) struct RunHandle {
    pub(in crate::monitor) id: RunId,
    /// Whether the run was made for this observer, who has to start it.
    pub(in crate::monitor) is_new: bool,
}

impl Run {
    pub(super) fn new(id: RunId, asked_at: Instant) -> Self {
        Self {
            id,
            observers: Addresses::default(),
            asked_at,
            began: None,
            began_at: None,
            is_demanded: false,
            given_up: None,
        }
    }

    pub(super) fn progress(&self, spec: &CheckSpec) -> Progress {
        match (&self.given_up, self.began) {
            (Some(result), _) => Progress::Completed(Arc::clone(result)),
            (None, Some(began)) => Progress::Running { deadline: after(began, spec.run_limit()) },
            (None, None) => Progress::Waiting,
        }
    }

    /// Returns for how long the function has been running.
    pub(super) fn duration(&self, now: Instant) -> Duration {
        self.began.map_or(Duration::ZERO, |began| now - began)
    }

    /// Returns when the function was called, on the wall clock: always the same time, also if the clock is set meanwhile.
    pub(super) fn began_at(&mut self, duration: Duration) -> SystemTime {
        let now = SystemTime::now();
        *self.began_at.get_or_insert_with(|| now.checked_sub(duration).unwrap_or(now))
    }

    /// Returns whether a run of this duration should have ended.
    pub(super) fn is_overdue(&self, spec: &CheckSpec, duration: Duration) -> bool {
        self.given_up.is_some() || duration >= spec.run_limit().saturating_add(GIVE_UP_GRACE)
    }
}

/// The end of a run. Its observers learn it when this is dropped, so that everything that follows from the result is
/// true by then.
#[must_use = "the result has to be published before observers learn it"]
#[derive(Debug)]
pub(in crate::monitor) struct RunEnd {
    /// The result, unless it counts for nothing.
    pub(in crate::monitor) recorded: Option<Arc<CheckResult>>,
    progress: Progress,
    observers: Addresses,
}

impl RunEnd {
    pub(super) const fn new(recorded: Option<Arc<CheckResult>>, progress: Progress, observers: Addresses) -> Self {
        Self { recorded, progress, observers }
    }

    /// Returns the result, also if it counts for nothing; `None` for a run that was cut off.
    pub(in crate::monitor) fn result(&self) -> Option<&CheckResult> {
        match &self.progress {
            Progress::Completed(result) => Some(result),
            _ => None,
        }
    }

    pub(in crate::monitor) const fn has_observers(&self) -> bool {
        !self.observers.is_empty()
    }
}

impl Drop for RunEnd {
    fn drop(&mut self) {
        if self.has_observers() {
            std::mem::take(&mut self.observers).send(&self.progress);
        }
    }
}
