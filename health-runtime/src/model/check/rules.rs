//! The rules for the settings of one check.

use std::{borrow::Cow, time::Duration};

use super::{
    super::{Group, runbook},
    CheckSpec,
};

impl CheckSpec {
    /// Returns every reason for which the check cannot work as it is configured. The compiler finds those of declared
    /// checks, except where the default timeout of a constant level counts.
    pub(crate) fn faults(&self) -> impl Iterator<Item = Cow<'_, str>> {
        let zero = Some(Duration::ZERO);
        let rules = [
            (self.interval == zero, "its interval is zero; use a longer one"),
            (self.retry_interval == zero, "its retry interval is zero; use a longer one"),
            (
                self.interval.is_none() && self.retry_interval.is_some(),
                "it has a retry interval and no interval; set both",
            ),
            (
                self.interval.is_none() && self.stale_after.is_some(),
                "it can become stale, but has no interval; set one",
            ),
            (
                self.interval.is_some() && self.max_age.is_some(),
                "it has an interval and a `max_age`, but requests only read background results; remove one of them",
            ),
            (self.fleet && self.interval.is_none(), "it runs for the fleet, which takes an interval; set one"),
            (
                self.fleet && (self.is_in(Group::Liveness) || self.is_in(Group::Startup)),
                "it runs for the fleet, but liveness and startup are about this instance alone; make it `readiness`, or remove `fleet`",
            ),
            (self.failure_threshold == 0, "its failure threshold is zero; use 1 or more"),
            (self.success_threshold == 0, "its success threshold is zero; use 1 or more"),
            (self.hold == zero, "its hold is zero; use a longer one"),
            (
                self.degraded_after == zero,
                "its `degraded_after` is zero, so that every pass is a warning; use a longer one",
            ),
            (
                self.degraded_after.is_some_and(|slow| slow >= self.timeout()),
                "its `degraded_after` is not shorter than its timeout, so that no pass can take as long; shorten it",
            ),
            (
                self.hold.is_some() && !self.is_in(Group::Readiness),
                "it has a hold, which is for readiness, but is not in the readiness group; add it there",
            ),
        ];
        let broken = rules.into_iter().filter_map(|(is_broken, rule)| is_broken.then_some(Cow::Borrowed(rule)));
        self.faults
            .iter()
            .map(|fault| Cow::Borrowed(fault.as_str()))
            .chain(broken)
            .chain(self.runbook_fault())
            .chain(self.early_staleness())
    }

    fn runbook_fault(&self) -> Option<Cow<'static, str>> {
        Some(format!("its runbook {}", runbook::fault(self.runbook.as_deref()?)?).into())
    }

    /// Two results of a healthy check are up to an interval, its jitter and a run apart.
    fn early_staleness(&self) -> Option<Cow<'static, str>> {
        let longest = self.interval?.max(self.retry_interval()?);
        let apart = longest.saturating_add(longest / 10).saturating_add(self.run_limit());
        let message = || {
            format!(
                "its results are stale before the next one can arrive: make `stale_after` longer than {apart:?}, \
                 which is the longest interval, a tenth of it and the timeout{}",
                if self.fleet { ", with 5 s for the store of the fleet" } else { "" }
            )
        };
        (self.stale_after? <= apart).then(|| Cow::Owned(message()))
    }
}
