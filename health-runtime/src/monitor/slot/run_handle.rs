//! The one run of a check that may be alive, and the handles of its observers.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use tokio::time::Instant;

use crate::{
    model::{CheckResult, CheckSpec},
    sync::watch,
};

/// Time after a check's timeout in which a run can report it, before its observers give it up as one that blocks its
/// thread.
pub(in crate::monitor) const GIVE_UP_GRACE: Duration = Duration::from_millis(25);

/// The one run that may be alive.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) id: RunId,
    pub(super) progress: watch::Sender<Progress>,
    /// Time of the latest observer's request. The result must not be too old for that observer.
    pub(super) asked_at: Instant,
    /// Time at which the function was called, also on the wall clock.
    pub(super) began: Option<(Instant, SystemTime)>,
    /// Whether its observers gave it up. Its result is then discarded.
    pub(super) given_up: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::monitor) struct RunId(pub(super) u64);

/// The progress of a run, as its observers see it.
#[derive(Clone, Debug)]
pub(in crate::monitor) enum Progress {
    /// It waits for the checks that it depends on.
    Waiting,
    /// The function runs, up to this time.
    Running { deadline: Instant },
    /// It is over, or given up.
    Completed(Arc<CheckResult>),
}

/// An observer's handle of a run.
#[derive(Clone, Debug)]
pub(in crate::monitor) struct RunHandle {
    pub(in crate::monitor) id: RunId,
    pub(in crate::monitor) progress: watch::Receiver<Progress>,
    /// Whether the run was made for this observer, who has to start it.
    pub(in crate::monitor) is_new: bool,
}

impl Run {
    pub(super) fn new(id: RunId, asked_at: Instant) -> Self {
        let (progress, _) = watch::channel(Progress::Waiting);
        Self { id, progress, asked_at, began: None, given_up: false }
    }

    pub(super) fn handle(&self, is_new: bool) -> RunHandle {
        RunHandle { id: self.id, progress: self.progress.subscribe(), is_new }
    }

    /// Returns for how long the function has been running.
    pub(super) fn duration(&self, now: Instant) -> Duration {
        self.began.map_or(Duration::ZERO, |(began, _)| now - began)
    }

    pub(super) fn is_overdue(&self, spec: &CheckSpec, now: Instant) -> bool {
        self.given_up
            || self.began.is_some_and(|(began, _)| now - began >= spec.timeout().saturating_add(GIVE_UP_GRACE))
    }
}
