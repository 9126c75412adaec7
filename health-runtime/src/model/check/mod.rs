//! A check: its declaration, its rules, and the builder of both.

mod rules;
mod settings;
mod spec;

use std::time::Duration;

use super::{CheckNames, Texts, Work};
pub(crate) use settings::{SETTINGS, Setting, SettingKind, SettingValue};
pub use spec::CheckSpec;
pub(crate) use spec::OverriddenSetting;

/// A named function that reports whether one thing works.
///
/// `#[health_check]` declares a check. [`Check::new`] builds one by hand:
///
/// ```
/// use health_runtime::{Check, Level};
/// use std::time::Duration;
///
/// let check = Check::new("queue", Level::L3, || async { true })
///     .timeout(Duration::from_secs(2))
///     .readiness();
/// assert_eq!(check.spec().name(), "queue");
/// ```
#[derive(Clone, Debug)]
pub struct Check {
    pub(super) spec: CheckSpec,
    pub(super) work: Work,
}

impl Check {
    /// Sets the time after which a run counts as failed and is aborted. Default: that of the level, see
    /// [`Level::default_timeout`](crate::model::Level::default_timeout). Zero is a start-up error.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.spec.timeout = Some(timeout);
        self
    }

    /// Sets whether a failure counts in full (`true`, the default) or as a warning at most.
    #[must_use]
    pub fn critical(mut self, critical: bool) -> Self {
        self.spec.critical = critical;
        self
    }

    /// Adds dependencies, by name or by path with [`check!`](macro@crate::check): if one of them fails, this check is not run
    /// and fails as blocked by it. Unknown names and circles are start-up errors.
    ///
    /// A blocked background check runs within a second after its dependencies pass again, not at its next interval.
    #[must_use]
    pub fn depends_on(mut self, checks: impl CheckNames) -> Self {
        for name in checks.into_names() {
            match name.declared_in() {
                Some(_) => self.spec.depends_on_declared.push(name),
                None => self.spec.depends_on.push(name.to_string()),
            }
        }
        self
    }

    /// Sets the age up to which a result is reused. Default: 1 s. With zero, only overlapping requests share a run.
    #[must_use]
    pub fn max_age(mut self, max_age: Duration) -> Self {
        self.spec.max_age = Some(max_age);
        self
    }

    /// Runs the check in the background, once in each interval. Requests then only read its latest result. Default:
    /// none, the check runs on demand. Zero is a start-up error, and so is an additional [`max_age`](Self::max_age).
    ///
    /// The first run starts at a random time within the interval, at most 10 s from now, and each interval is up to a
    /// tenth shorter or longer, so that a fleet that starts together does not query one database at one time. Runs
    /// never overlap. Before the first result the check is [`pending`](crate::Cause::Pending).
    #[must_use]
    pub fn interval(mut self, interval: Duration) -> Self {
        self.spec.interval = Some(interval);
        self
    }

    /// Sets the interval of a failing check. Default: the interval. Zero is a start-up error, and so is a retry
    /// interval without an interval.
    #[must_use]
    pub fn retry_interval(mut self, interval: Duration) -> Self {
        self.spec.retry_interval = Some(interval);
        self
    }

    /// Sets the age at which a background check fails as [`stale`](crate::Cause::Stale), whatever its latest result.
    /// Default: three intervals and the timeout, for a [fleet](Self::fleet) twice the timeout and 10 s. Without an interval it
    /// is a start-up error. So is an age that does not exceed the longest interval, a tenth of it (its jitter) and the timeout:
    /// a healthy check would be stale between two results.
    #[must_use]
    pub fn stale_after(mut self, age: Duration) -> Self {
        self.spec.stale_after = Some(age);
        self
    }

    /// Sets whether one instance of a [`Fleet`](crate::Fleet) runs the check in each interval, and the others read its result:
    /// for a check whose answer is the same on every instance. Default: off. Without an interval, in the liveness or
    /// startup group, or without a fleet, it is a start-up error.
    #[must_use]
    pub fn fleet(mut self, fleet: bool) -> Self {
        self.spec.fleet = fleet;
        self
    }

    /// Sets the number of consecutive failures after which the check counts as failing. Default: 1. Zero is a start-up
    /// error. The first result counts at once, and so does a failure without a run: blocked, stale, still running.
    #[must_use]
    pub fn failure_threshold(mut self, results: u32) -> Self {
        self.spec.failure_threshold = results;
        self
    }

    /// Sets the number of consecutive passes or warnings after which a check that failed by its own results counts as
    /// working. Default: 1. Zero is a start-up error. Thresholds do not count a blocked or stale check, which works
    /// again with its first pass.
    #[must_use]
    pub fn success_threshold(mut self, results: u32) -> Self {
        self.spec.success_threshold = results;
        self
    }

    /// Sets the time for which readiness holds on to the last pass after the check began to fail, shown as a warning.
    /// It is for resources that the whole fleet shares: one short failure must not take every instance out at once.
    /// Level reports show the failure at once. Default: none. Zero, or outside the readiness group, is a start-up
    /// error.
    #[must_use]
    pub fn hold(mut self, hold: Duration) -> Self {
        self.spec.hold = Some(hold);
        self
    }

    /// Sets the duration beyond which a pass counts as a warning. Default: none. Zero is a start-up error, and so is a
    /// duration that is not shorter than the timeout.
    #[must_use]
    pub fn degraded_after(mut self, duration: Duration) -> Self {
        self.spec.degraded_after = Some(duration);
        self
    }

    /// Sets whether the values view shows the fields of the data in the level itself, and not under the check's name.
    /// Default: off.
    #[must_use]
    pub fn flatten(mut self, flatten: bool) -> Self {
        self.spec.flatten = flatten;
        self
    }

    /// Adds tags, by which `?tag=` selects checks.
    #[must_use]
    pub fn tags(mut self, tags: impl Texts) -> Self {
        self.spec.tags.extend(tags.into_texts());
        self
    }

    /// Sets the description, for people. Default: none; for a declared check its doc comment.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.spec.description = Some(description.into());
        self
    }

    /// Sets the name for people, such as "Orders database": the heading on the page, shown to every caller, as the name
    /// is. Default: the name. A text that is blank, longer than 200 characters, or has invisible ones is a start-up error, also for the
    /// owner.
    #[must_use]
    pub fn display(mut self, display: impl Into<String>) -> Self {
        self.spec.display = Some(display.into());
        self
    }

    /// Sets the team that answers for the check, for callers that see details. Default: none.
    #[must_use]
    pub fn owner(mut self, owner: impl Into<String>) -> Self {
        self.spec.owner = Some(owner.into());
        self
    }

    /// Sets the URL of the page that tells how to mend a failure, for callers that see details: a link on the page and
    /// in `health+json`, a label of `health_check_info` for alerts. Default: none.
    ///
    /// Anything but an absolute `http` or `https` URL of at most 2,048 bytes is a start-up error, and so are
    /// credentials in it.
    #[must_use]
    pub fn runbook(mut self, url: impl Into<String>) -> Self {
        self.spec.runbook = Some(url.into());
        self
    }

    /// Sets whether the check is off until the application turns it on, for checks that a library offers. Default: on. An
    /// application turns it on by [`EndpointBuilder::enable`](crate::EndpointBuilder::enable) or
    /// [`enable_crates`](crate::EndpointBuilder::enable_crates). A dependency on a check that is off is a start-up error.
    /// A check that [`Monitor::add`](crate::Monitor::add) adds takes part in any case.
    #[must_use]
    pub fn off(mut self, off: bool) -> Self {
        self.spec.off = off;
        self
    }
}
