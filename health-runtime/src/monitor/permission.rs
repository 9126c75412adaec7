//! Permission of a report to start runs and to wait for them.

use std::sync::Arc;

use super::slot::RunId;
use crate::{
    health_path::{LoopGuard, RequestOrigin, RequestingCheck, StopReason},
    model::{CheckName, CheckResult, CheckSpec},
};

/// The request that a lookup of checks serves.
#[derive(Clone, Copy, Debug)]
pub(super) struct RunRequest<'a> {
    pub(super) permission: RunPermission,
    /// Origin of the request, which the runs inherit that it starts.
    pub(super) origin: Option<&'a Arc<RequestOrigin>>,
    /// The check that it runs, however young its result is.
    check_to_run: Option<&'a CheckName>,
}

/// Permission of a request to start runs and to wait for those in progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RunPermission {
    /// It starts runs and waits for any.
    Everything,
    /// It starts runs, and waits only for those that have asked no other service: a run that has may be what sent the
    /// request. So a run that is waited for asks later than the run that waits for it, and no circle closes.
    NoAskingRun,
    /// It starts nothing and waits for nothing.
    Nothing(StopReason),
}

impl<'a> RunRequest<'a> {
    /// The request behind background runs, and that of a local caller.
    pub(super) const LOCAL: Self = Self { permission: RunPermission::Everything, origin: None, check_to_run: None };

    pub(super) fn new(guard: &LoopGuard, origin: Option<&'a Arc<RequestOrigin>>) -> Self {
        let Some(request) = origin else { return Self::LOCAL };
        let permission = match guard.stops(&request.path) {
            Some(reason) => RunPermission::Nothing(reason),
            None if request.is_from_service() => RunPermission::NoAskingRun,
            None => RunPermission::Everything,
        };
        Self { permission, origin, check_to_run: None }
    }

    /// Names the check that it runs, however young its result is.
    pub(super) const fn running(mut self, check: Option<&'a CheckName>) -> Self {
        self.check_to_run = check;
        self
    }

    /// Returns whether a check is run for it, however young its result is.
    pub(super) fn runs_anew(&self, spec: &CheckSpec) -> bool {
        self.check_to_run.is_some_and(|name| spec.is_named(name))
    }

    /// Returns the number of services that it has passed.
    pub(super) fn depth(&self) -> u8 {
        self.origin.map_or(0, |origin| origin.depth())
    }

    /// Returns whether no other service sent it.
    pub(super) fn is_local(&self) -> bool {
        self.permission == RunPermission::Everything
    }

    /// Returns whether a result counts for it: one that a longer path has limited does not.
    pub(super) fn accepts(&self, result: &CheckResult) -> bool {
        result.min_depth <= self.depth()
    }

    /// Returns why it starts nothing and waits for nothing, if so.
    pub(super) const fn stop_reason(&self) -> Option<StopReason> {
        match self.permission {
            RunPermission::Nothing(reason) => Some(reason),
            RunPermission::Everything | RunPermission::NoAskingRun => None,
        }
    }

    /// Returns whether it may wait for a run in progress.
    pub(super) fn may_join(&self, check: &RequestingCheck, run: RunId) -> bool {
        match self.permission {
            RunPermission::Everything => true,
            RunPermission::NoAskingRun => !check.has_asked(run.number()),
            RunPermission::Nothing(_) => false,
        }
    }
}
