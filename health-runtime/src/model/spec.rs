use std::{panic::Location, time::Duration};

use super::{Group, Level};

/// The default of [`Check::with_max_age`](super::Check::with_max_age).
const DEFAULT_MAX_AGE: Duration = Duration::from_secs(1);

/// What is known of a check without running it.
#[derive(Clone, Debug)]
pub struct CheckSpec {
    pub(super) name: String,
    pub(super) level: Level,
    pub(super) timeout: Option<Duration>,
    pub(super) critical: bool,
    pub(super) groups: Vec<Group>,
    pub(super) depends_on: Vec<String>,
    pub(super) max_age: Option<Duration>,
    pub(super) interval: Option<Duration>,
    pub(super) retry_interval: Option<Duration>,
    pub(super) stale_after: Option<Duration>,
    pub(super) failure_threshold: u32,
    pub(super) success_threshold: u32,
    pub(super) hold: Option<Duration>,
    pub(super) degraded_after: Option<Duration>,
    pub(super) flatten: bool,
    pub(super) tags: Vec<String>,
    pub(super) description: Option<String>,
    pub(super) location: &'static Location<'static>,
    pub(super) faults: Vec<String>,
}

impl CheckSpec {
    /// The key in every encoding.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How deep it goes.
    #[must_use]
    pub const fn level(&self) -> Level {
        self.level
    }

    /// How long a run may take.
    #[must_use]
    pub const fn timeout(&self) -> Duration {
        match self.timeout {
            Some(timeout) => timeout,
            None => self.level.default_timeout(),
        }
    }

    /// Whether a failure counts in full.
    #[must_use]
    pub const fn is_critical(&self) -> bool {
        self.critical
    }

    /// Whether it is in this group.
    #[must_use]
    pub fn is_in(&self, group: Group) -> bool {
        self.groups.contains(&group)
    }

    /// The names of the checks that must work for this one to be run.
    #[must_use]
    pub fn dependencies(&self) -> &[String] {
        &self.depends_on
    }

    /// The age up to which a result is used again. For a background check zero: each of its runs is a new one.
    #[must_use]
    pub fn max_age(&self) -> Duration {
        let default = if self.interval.is_some() { Duration::ZERO } else { DEFAULT_MAX_AGE };
        self.max_age.unwrap_or(default)
    }

    /// Whether a `max_age` was set.
    pub(crate) const fn has_max_age(&self) -> bool {
        self.max_age.is_some()
    }

    /// The interval of a background check.
    #[must_use]
    pub const fn interval(&self) -> Option<Duration> {
        self.interval
    }

    /// The interval of a background check that is failing.
    #[must_use]
    pub fn retry_interval(&self) -> Option<Duration> {
        self.retry_interval.or(self.interval)
    }

    /// Whether a `retry_interval` was set.
    pub(crate) const fn has_retry_interval(&self) -> bool {
        self.retry_interval.is_some()
    }

    /// The age at which the latest result of a background check no longer counts.
    #[must_use]
    pub fn stale_after(&self) -> Option<Duration> {
        let interval = self.interval?.max(self.retry_interval.unwrap_or_default());
        Some(self.stale_after.unwrap_or_else(|| interval.saturating_mul(3).saturating_add(self.timeout())))
    }

    /// Whether a `stale_after` was set.
    pub(crate) const fn has_stale_after(&self) -> bool {
        self.stale_after.is_some()
    }

    /// How many failures in a row it takes until the check counts as failing.
    #[must_use]
    pub const fn failure_threshold(&self) -> u32 {
        self.failure_threshold
    }

    /// How many passes or warnings in a row it takes until a failing check counts as working.
    #[must_use]
    pub const fn success_threshold(&self) -> u32 {
        self.success_threshold
    }

    /// How long readiness holds on to the last pass.
    #[must_use]
    pub const fn hold(&self) -> Option<Duration> {
        self.hold
    }

    /// The duration beyond which a pass is a warning.
    #[must_use]
    pub const fn degraded_after(&self) -> Option<Duration> {
        self.degraded_after
    }

    /// Whether its data stands in the level itself, in the values view.
    #[must_use]
    pub const fn is_flattened(&self) -> bool {
        self.flatten
    }

    /// The words by which `?tag=` selects.
    #[must_use]
    pub fn tags(&self) -> &[String] {
        &self.tags
    }

    /// What the check is about.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// Where it was declared.
    #[must_use]
    pub const fn location(&self) -> &'static Location<'static> {
        self.location
    }

    /// Why it can never work as it was configured.
    pub(crate) fn faults(&self) -> &[String] {
        &self.faults
    }
}
