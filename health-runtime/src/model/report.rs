use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use serde_json::Value;

use super::{Cause, CheckSpec, Level, Mute, Status};

/// The latest that is known of one check.
///
/// It carries times, not ages, so that an answer made of it can be kept until something changes.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckResult {
    pub(crate) status: Status,
    pub(crate) observed: Status,
    pub(crate) is_failing: bool,
    pub(crate) consecutive: u32,
    pub(crate) held_until: Option<SystemTime>,
    pub(crate) cause: Option<Cause>,
    pub(crate) message: Option<String>,
    pub(crate) data: Option<Value>,
    pub(crate) public_data: Option<Value>,
    pub(crate) duration: Duration,
    pub(crate) checked_at: SystemTime,
    pub(crate) since: SystemTime,
}

impl CheckResult {
    /// What counts: the observed status once its threshold is reached, capped at `Warn` for a check that is not critical.
    #[must_use]
    pub const fn status(&self) -> Status {
        self.status
    }

    /// What the run itself showed.
    #[must_use]
    pub const fn observed(&self) -> Status {
        self.observed
    }

    /// Whether the check counts as failing, be it critical or not: what it depends on asks for that. A failure that its
    /// threshold has not been reached by does not count.
    #[must_use]
    pub const fn is_failing(&self) -> bool {
        self.is_failing
    }

    /// How many results in a row were like the latest, which is what thresholds count. Zero when the check was not run
    /// for this result: it is blocked, stale, pending, still running.
    #[must_use]
    pub const fn consecutive(&self) -> u32 {
        self.consecutive
    }

    /// Until when readiness holds on to the last pass, if it does in this report.
    #[must_use]
    pub const fn held_until(&self) -> Option<SystemTime> {
        self.held_until
    }

    /// Why, when it was not the function's own answer.
    #[must_use]
    pub const fn cause(&self) -> Option<&Cause> {
        self.cause.as_ref()
    }

    /// Names of the failed dependencies that block the check; empty unless it is blocked.
    pub(crate) fn blocked_by(&self) -> &[String] {
        self.cause.as_ref().and_then(Cause::blocked_by).unwrap_or_default()
    }

    /// A sentence for a person. Credentials inside URLs and values of `password=…` and the like are masked.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// Values for programs.
    #[must_use]
    pub const fn data(&self) -> Option<&Value> {
        self.data.as_ref()
    }

    /// What callers see of the data who may not see details.
    #[must_use]
    pub const fn public_data(&self) -> Option<&Value> {
        self.public_data.as_ref()
    }

    /// How long the run took, or had taken when it was given up.
    #[must_use]
    pub const fn duration(&self) -> Duration {
        self.duration
    }

    /// When the run ended, or was given up.
    #[must_use]
    pub const fn checked_at(&self) -> SystemTime {
        self.checked_at
    }

    /// Since when the check has had this status without a break.
    #[must_use]
    pub const fn since(&self) -> SystemTime {
        self.since
    }
}

/// What a request gets: the results of the checks that it selected, and the worst status.
#[derive(Clone, Debug)]
pub struct Report {
    levels: Vec<Level>,
    entries: Vec<ReportEntry>,
    cause: Option<Cause>,
}

/// One check and its result, as a report holds it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ReportEntry {
    /// The check.
    pub check: Arc<CheckSpec>,
    /// Its result.
    pub result: Arc<CheckResult>,
    /// The mute by which it counts for nothing at present: its own, or that of the checks that block it.
    pub muted: Option<Arc<Mute>>,
}

impl ReportEntry {
    /// The status that counts for the report: `None` while the check, or every check that blocks it, is muted.
    #[must_use]
    pub fn counting_status(&self) -> Option<Status> {
        self.muted.is_none().then_some(self.result.status)
    }
}

impl Report {
    /// A report on these levels; its entries are in the registry's order, by level and name.
    pub(crate) const fn new(levels: Vec<Level>, entries: Vec<ReportEntry>) -> Self {
        Self { levels, entries, cause: None }
    }

    /// Fails as a whole because of this, whatever its checks say.
    pub(crate) fn failing_because_of(mut self, cause: Option<Cause>) -> Self {
        self.cause = cause;
        self
    }

    /// The levels that were asked for, the deepest first; one without checks is among them.
    #[must_use]
    pub fn levels(&self) -> &[Level] {
        &self.levels
    }

    /// The checks that were asked for, by level and name.
    #[must_use]
    pub fn entries(&self) -> &[ReportEntry] {
        &self.entries
    }

    /// The result of one check.
    #[must_use]
    pub fn result(&self, name: &str) -> Option<&CheckResult> {
        self.entries.iter().find(|entry| entry.check.name() == name).map(|entry| &*entry.result)
    }

    /// Why it fails as a whole, whatever its checks say: [`Cause::Draining`] for readiness while the service shuts
    /// down, else none.
    #[must_use]
    pub const fn cause(&self) -> Option<&Cause> {
        self.cause.as_ref()
    }

    /// The worst status of all checks that are not muted, `Pass` for a report without any; `Fail` if it has a
    /// [`cause`](Self::cause).
    #[must_use]
    pub fn status(&self) -> Status {
        if self.cause.is_some() { Status::Fail } else { self.status_of_checks() }
    }

    /// What it would be without its cause.
    pub(crate) fn status_of_checks(&self) -> Status {
        Status::worst(self.entries.iter().filter_map(ReportEntry::counting_status))
    }
}
