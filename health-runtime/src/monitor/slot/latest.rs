//! The latest result of a check.

use std::sync::Arc;

use tokio::time::Instant;

use crate::{
    model::{Cause, CheckResult, CheckSpec},
    time::after,
};

/// The latest result of a check, and its age.
#[derive(Clone, Debug)]
pub(in crate::monitor) struct Latest {
    pub(in crate::monitor) result: Arc<CheckResult>,
    pub(super) at: Instant,
    /// Whether it came from the function that this check replaced. Requests do not reuse it then.
    pub(super) is_inherited: bool,
    /// Time at which the check stopped passing; `None` while it does not fail, and if it never passed. While it passes:
    /// the time since which readiness reports have known of a failure that is not recorded.
    pub(super) failing_since: Option<Instant>,
}

impl Latest {
    /// Returns the time until which the result is valid. A background check's result is valid until it is stale; a
    /// stale result has no end.
    pub(in crate::monitor) fn valid_until(&self, spec: &CheckSpec) -> Option<Instant> {
        match (spec.stale_after(), &self.result.cause) {
            (Some(_), Some(Cause::Stale)) => None,
            (Some(stale_after), _) => Some(after(self.at, stale_after)),
            (None, _) => Some(after(self.at, spec.max_age())),
        }
    }

    /// Returns whether a request would get it now that any other one would get, too.
    pub(in crate::monitor) fn is_young(&self, spec: &CheckSpec, now: Instant) -> bool {
        let may_be_inherited = spec.interval().is_some();
        (may_be_inherited || !self.is_inherited) && self.valid_until(spec).is_some_and(|until| now < until)
    }

    /// Returns the time until which readiness holds on to the last pass of a check that fails in a report that was asked
    /// for at this time. A report may begin the hold.
    pub(super) fn hold(&mut self, spec: &CheckSpec, asked_at: Instant, may_begin: bool) -> Option<Instant> {
        let since = self.failing_since.or((!self.result.is_failing).then_some(asked_at));
        if may_begin {
            self.failing_since = since;
        }
        Some(after(since?, spec.hold()?))
    }

    /// Returns the time until which readiness holds on to the last pass.
    #[cfg(feature = "page")]
    pub(super) fn held_until(&self, spec: &CheckSpec) -> Option<Instant> {
        Some(after(self.failing_since?, spec.hold()?))
    }
}
