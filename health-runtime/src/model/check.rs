use std::{panic::Location, time::Duration};

use super::{CheckName, CheckNames, Group, Level, Texts, Work};

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

/// The age up to which a result is reused, for checks that set none.
const DEFAULT_MAX_AGE: Duration = Duration::from_secs(1);

/// Time that a run for a fleet has for its requests to the store, and the clocks of its observers for their jitter.
const FLEET_MARGIN: Duration = Duration::from_secs(5);

/// The declaration of a check.
#[allow(clippy::struct_excessive_bools, reason = "each is a key of its own")]
#[derive(Clone, Debug)]
pub struct CheckSpec {
    pub(super) name: String,
    pub(super) level: Level,
    pub(super) timeout: Option<Duration>,
    pub(super) critical: bool,
    pub(super) groups: Vec<Group>,
    pub(super) depends_on: Vec<String>,
    /// Dependencies by path, until the set of checks is known.
    pub(super) depends_on_declared: Vec<CheckName>,
    pub(super) max_age: Option<Duration>,
    pub(super) interval: Option<Duration>,
    pub(super) retry_interval: Option<Duration>,
    pub(super) stale_after: Option<Duration>,
    pub(super) fleet: bool,
    pub(super) failure_threshold: u32,
    pub(super) success_threshold: u32,
    pub(super) hold: Option<Duration>,
    pub(super) degraded_after: Option<Duration>,
    pub(super) flatten: bool,
    pub(super) tags: Vec<String>,
    pub(super) description: Option<String>,
    pub(super) display: Option<String>,
    pub(super) owner: Option<String>,
    pub(super) runbook: Option<String>,
    pub(super) off: bool,
    pub(super) declared_as: Option<CheckName>,
    pub(super) location: &'static Location<'static>,
    pub(super) faults: Vec<String>,
}

impl Check {
    /// Sets the time after which a run counts as failed and is aborted. Default: that of the level, see
    /// [`Level::default_timeout`]. Zero is a start-up error.
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

impl CheckSpec {
    /// Returns a declaration with the defaults of its level.
    pub(super) const fn new(name: String, level: Level, location: &'static Location<'static>) -> Self {
        Self {
            name,
            level,
            timeout: None,
            critical: true,
            groups: Vec::new(),
            depends_on: Vec::new(),
            depends_on_declared: Vec::new(),
            max_age: None,
            interval: None,
            retry_interval: None,
            stale_after: None,
            fleet: false,
            failure_threshold: 1,
            success_threshold: 1,
            hold: None,
            degraded_after: None,
            flatten: false,
            tags: Vec::new(),
            description: None,
            display: None,
            owner: None,
            runbook: None,
            off: false,
            declared_as: None,
            location,
            faults: Vec::new(),
        }
    }

    /// Returns the timeout of a run.
    #[must_use]
    pub const fn timeout(&self) -> Duration {
        match self.timeout {
            Some(timeout) => timeout,
            None => self.level.default_timeout(),
        }
    }

    /// Returns whether a failure counts in full.
    #[must_use]
    pub const fn is_critical(&self) -> bool {
        self.critical
    }

    /// Returns the names of the checks that this one depends on.
    #[must_use]
    pub fn dependencies(&self) -> &[String] {
        &self.depends_on
    }

    /// Returns the age up to which a result is reused. Zero for a background check: each of its runs is a new one.
    #[must_use]
    pub fn max_age(&self) -> Duration {
        let default = if self.interval.is_some() { Duration::ZERO } else { DEFAULT_MAX_AGE };
        self.max_age.unwrap_or(default)
    }

    /// Returns the interval of a background check.
    #[must_use]
    pub const fn interval(&self) -> Option<Duration> {
        self.interval
    }

    /// Returns the interval of a background check that is failing.
    #[must_use]
    pub fn retry_interval(&self) -> Option<Duration> {
        self.retry_interval.or(self.interval)
    }

    /// Returns the age at which the latest result of a background check no longer counts.
    #[must_use]
    pub fn stale_after(&self) -> Option<Duration> {
        let interval = self.interval?.max(self.retry_interval.unwrap_or_default());
        // A leader may die, and the next one takes the longest possible run.
        let runs = self.run_limit().saturating_mul(if self.fleet { 2 } else { 1 });
        Some(self.stale_after.unwrap_or_else(|| interval.saturating_mul(3).saturating_add(runs)))
    }

    /// Returns whether one instance of a fleet runs the check for all.
    #[must_use]
    pub const fn is_fleet(&self) -> bool {
        self.fleet
    }

    /// Returns the time that a run may take, with the requests to the store of a fleet.
    pub(crate) const fn run_limit(&self) -> Duration {
        if self.fleet { self.timeout().saturating_add(FLEET_MARGIN) } else { self.timeout() }
    }

    /// Returns the number of consecutive failures after which the check counts as failing.
    #[must_use]
    pub const fn failure_threshold(&self) -> u32 {
        self.failure_threshold
    }

    /// Returns the number of consecutive passes or warnings after which a failing check counts as working.
    #[must_use]
    pub const fn success_threshold(&self) -> u32 {
        self.success_threshold
    }

    /// Returns the time for which readiness holds on to the last pass.
    #[must_use]
    pub const fn hold(&self) -> Option<Duration> {
        self.hold
    }

    /// Returns the duration beyond which a pass is a warning.
    #[must_use]
    pub const fn degraded_after(&self) -> Option<Duration> {
        self.degraded_after
    }

    /// Returns whether the values view shows its data in the level itself.
    #[must_use]
    pub const fn is_flattened(&self) -> bool {
        self.flatten
    }

    /// Returns the tags, by which `?tag=` selects checks.
    #[must_use]
    pub fn tags(&self) -> &[String] {
        &self.tags
    }

    /// Returns the description.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// Returns the name for people.
    #[must_use]
    pub fn display(&self) -> Option<&str> {
        self.display.as_deref()
    }

    /// Returns the team that answers for the check.
    #[must_use]
    pub fn owner(&self) -> Option<&str> {
        self.owner.as_deref()
    }

    /// Returns the URL of the page that tells how to mend a failure.
    #[must_use]
    pub fn runbook(&self) -> Option<&str> {
        self.runbook.as_deref()
    }

    /// Returns whether the check takes part only if the application turns it on.
    #[must_use]
    pub const fn is_off_by_default(&self) -> bool {
        self.off
    }
}
