use std::{panic::Location, time::Duration};

use super::super::{CheckName, Group, Level};

/// The age up to which a result is reused, for checks that set none.
const DEFAULT_MAX_AGE: Duration = Duration::from_secs(1);

/// Time that a run for a fleet has for its requests to the store, and the clocks of its observers for their jitter.
const FLEET_MARGIN: Duration = Duration::from_secs(5);

/// The declaration of a check.
#[allow(clippy::struct_excessive_bools, reason = "each is a key of its own")]
#[derive(Clone, Debug, PartialEq)]
pub struct CheckSpec {
    pub(in crate::model) name: String,
    pub(in crate::model) level: Level,
    pub(in crate::model) timeout: Option<Duration>,
    pub(in crate::model) critical: bool,
    pub(in crate::model) groups: Vec<Group>,
    pub(in crate::model) depends_on: Vec<String>,
    /// Dependencies by path, until the set of checks is known.
    pub(in crate::model) depends_on_declared: Vec<CheckName>,
    pub(in crate::model) max_age: Option<Duration>,
    pub(in crate::model) interval: Option<Duration>,
    pub(in crate::model) retry_interval: Option<Duration>,
    pub(in crate::model) stale_after: Option<Duration>,
    pub(in crate::model) fleet: bool,
    pub(in crate::model) failure_threshold: u32,
    pub(in crate::model) success_threshold: u32,
    pub(in crate::model) hold: Option<Duration>,
    pub(in crate::model) degraded_after: Option<Duration>,
    pub(in crate::model) flatten: bool,
    pub(in crate::model) tags: Vec<String>,
    pub(in crate::model) description: Option<String>,
    pub(in crate::model) display: Option<String>,
    pub(in crate::model) owner: Option<String>,
    pub(in crate::model) runbook: Option<String>,
    pub(in crate::model) off: bool,
    pub(super) enabled: bool,
    pub(crate) overridden: Vec<OverriddenSetting>,
    pub(in crate::model) declared_as: Option<CheckName>,
    pub(in crate::model) location: &'static Location<'static>,
    pub(in crate::model) faults: Vec<String>,
}

/// A setting that has another value than the declaration, and where that value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OverriddenSetting {
    pub(crate) key: &'static str,
    pub(crate) origin: &'static str,
}

impl CheckSpec {
    /// Returns a declaration with the defaults of its level.
    pub(in crate::model) const fn new(name: String, level: Level, location: &'static Location<'static>) -> Self {
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
            enabled: true,
            overridden: Vec::new(),
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

    /// Returns the age up to which a result is reused. Zero for a background check: each of its runs is a new one. A disabled
    /// check keeps its result.
    #[must_use]
    pub fn max_age(&self) -> Duration {
        if !self.enabled {
            return Duration::MAX;
        }
        let default = if self.interval.is_some() { Duration::ZERO } else { DEFAULT_MAX_AGE };
        self.max_age.unwrap_or(default)
    }

    /// Returns the interval of a background check; none for one that is disabled.
    #[must_use]
    pub const fn interval(&self) -> Option<Duration> {
        if self.enabled { self.interval } else { None }
    }

    /// Returns the interval of a background check that is failing.
    #[must_use]
    pub fn retry_interval(&self) -> Option<Duration> {
        self.retry_interval.or(self.interval)
    }

    /// Returns the age at which the latest result of a background check no longer counts.
    #[must_use]
    pub fn stale_after(&self) -> Option<Duration> {
        let interval = self.interval()?.max(self.retry_interval.unwrap_or_default());
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

    /// Adds reasons for which the check cannot work.
    pub(crate) fn with_faults(mut self, faults: Vec<String>) -> Self {
        self.faults.extend(faults);
        self
    }

    /// Returns whether the check takes part only if the application turns it on.
    #[must_use]
    pub const fn is_off_by_default(&self) -> bool {
        self.off
    }
}
