use std::{borrow::Cow, panic::Location, time::Duration};

use super::{Group, Level, runbook};

/// The age up to which a result is reused, for checks that set none.
const DEFAULT_MAX_AGE: Duration = Duration::from_secs(1);

/// The declaration of a check.
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
    pub(super) display: Option<String>,
    pub(super) owner: Option<String>,
    pub(super) runbook: Option<String>,
    pub(super) off: bool,
    pub(super) declared_in: Option<&'static str>,
    pub(super) location: &'static Location<'static>,
    pub(super) faults: Vec<String>,
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
            max_age: None,
            interval: None,
            retry_interval: None,
            stale_after: None,
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
            declared_in: None,
            location,
            faults: Vec::new(),
        }
    }

    /// Returns the name, the check's key in every format.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the level.
    #[must_use]
    pub const fn level(&self) -> Level {
        self.level
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

    /// Returns whether the check is in this group.
    #[must_use]
    pub fn is_in(&self, group: Group) -> bool {
        self.groups.contains(&group)
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
        Some(self.stale_after.unwrap_or_else(|| interval.saturating_mul(3).saturating_add(self.timeout())))
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

    /// Returns the crate in which `#[health_check]` declares the check; `None` for a check that was built by hand.
    #[must_use]
    pub const fn declared_in(&self) -> Option<&'static str> {
        self.declared_in
    }

    /// Returns the location of the declaration.
    #[must_use]
    pub const fn location(&self) -> &'static Location<'static> {
        self.location
    }

    /// Returns every reason for which the check cannot work as it is configured. The compiler finds those of declared
    /// checks, except where the default timeout of the level counts.
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
            (
                self.display.as_deref().is_some_and(is_blank),
                "its display name is empty or has control characters; write a visible text, or remove it",
            ),
            (
                self.owner.as_deref().is_some_and(is_blank),
                "its owner is empty or has control characters; write a visible text, or remove it",
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
        let apart = longest.saturating_add(longest / 10).saturating_add(self.timeout());
        let message = || {
            format!(
                "its results are stale before the next one can arrive: make `stale_after` longer than {apart:?}, \
                 which is the longest interval, a tenth of it and the timeout"
            )
        };
        (self.stale_after? <= apart).then(|| Cow::Owned(message()))
    }
}

/// Returns whether a text for people shows nothing, or has characters that no line can show.
fn is_blank(text: &str) -> bool {
    text.trim().is_empty() || text.contains(char::is_control)
}
