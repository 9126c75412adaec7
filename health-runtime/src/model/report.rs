use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use serde_json::Value;

use super::{Cause, CheckSpec, Level, RemoteRootCauses, RootCause, Status};

/// The latest result of one check.
///
/// It carries times, not ages, so that a response made from it can be cached until something changes.
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
    pub(crate) root_causes: Option<Box<RemoteRootCauses>>,
    pub(crate) duration: Duration,
    pub(crate) checked_at: SystemTime,
    pub(crate) since: SystemTime,
    pub(crate) fleet: Option<Box<FleetRun>>,
    /// The drill because of which it has its status.
    pub(crate) drill: Option<Arc<Drill>>,
    /// Number of services that a request must have passed for the result to count; 0 if it counts for everybody. A service
    /// behind was asked with the path of such a request, and answered from stored results because of it.
    pub(crate) min_depth: u8,
}

impl CheckResult {
    /// Returns the status that counts: the observed one once its threshold is reached, at most `Warn` for a check that
    /// is not critical.
    #[must_use]
    pub const fn status(&self) -> Status {
        self.status
    }

    /// Returns the raw status of the run.
    #[must_use]
    pub const fn observed(&self) -> Status {
        self.observed
    }

    /// Returns whether the check counts as failing, critical or not. Its dependents are blocked then. A failure below
    /// the threshold does not count.
    #[must_use]
    pub const fn is_failing(&self) -> bool {
        self.is_failing
    }

    /// Returns the number of consecutive results like the latest, which thresholds count. Zero for a result without a
    /// run: blocked, stale, pending, still running.
    #[must_use]
    pub const fn consecutive(&self) -> u32 {
        self.consecutive
    }

    /// Returns until when readiness holds on to the last pass, if it does in this report.
    #[must_use]
    pub const fn held_until(&self) -> Option<SystemTime> {
        self.held_until
    }

    /// Returns the reason for the status, if that is not the function's own answer.
    #[must_use]
    pub const fn cause(&self) -> Option<&Cause> {
        self.cause.as_ref()
    }

    /// Returns the names of the failed dependencies that block the check; none unless it is blocked.
    pub(crate) fn blocked_by(&self) -> &[String] {
        self.cause.as_ref().and_then(Cause::blocked_by).unwrap_or_default()
    }

    /// Returns a sentence for a person. Secrets are masked: credentials inside URLs, values of `password=…` and the
    /// like, and tokens of known forms.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// Returns values for programs.
    #[must_use]
    pub const fn data(&self) -> Option<&Value> {
        self.data.as_ref()
    }

    /// Returns the part of the data for callers that may not see details.
    #[must_use]
    pub const fn public_data(&self) -> Option<&Value> {
        self.public_data.as_ref()
    }

    /// Returns the checks at fault that the service behind this check names, and for a blocked check those behind the checks
    /// that block it; none for any other check, and none if that service passes or did not answer. At most 16, the nearest
    /// first.
    #[must_use]
    pub fn root_causes(&self) -> &[RootCause] {
        self.root_causes.as_deref().map(RemoteRootCauses::causes).unwrap_or_default()
    }

    /// Returns the duration of the run, up to its end or until it was given up.
    #[must_use]
    pub const fn duration(&self) -> Duration {
        self.duration
    }

    /// Returns the time at which the run ended or was given up.
    #[must_use]
    pub const fn checked_at(&self) -> SystemTime {
        self.checked_at
    }

    /// Returns the time since which the check has had this status without a break.
    #[must_use]
    pub const fn since(&self) -> SystemTime {
        self.since
    }

    /// Returns the instance that ran the check and the part of this one, for a check of a [`Fleet`](crate::Fleet). Times of
    /// such a result are by that instance's clock.
    #[must_use]
    pub fn fleet(&self) -> Option<&FleetRun> {
        self.fleet.as_deref()
    }

    /// Returns the drill because of which the check has this status: its own, also after the end until results of its own
    /// function decide again, or that of the checks that block it, if all of these are in drills.
    #[must_use]
    pub fn drill(&self) -> Option<&Drill> {
        self.drill.as_deref()
    }
}

/// The part that this instance had in a result of a [`Fleet`](crate::Fleet).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FleetRole {
    /// This instance ran the check for the fleet.
    Leader,
    /// Another instance ran the check, and this one read its result.
    Follower,
    /// This instance ran the check for itself, because the store of the fleet did not answer.
    Alone,
}

impl FleetRole {
    /// Returns the word on the wire, such as `leader`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Leader => "leader",
            Self::Follower => "follower",
            Self::Alone => "alone",
        }
    }
}

/// The run behind a result of a [`Fleet`](crate::Fleet).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetRun {
    pub(crate) role: FleetRole,
    pub(crate) checked_by: String,
}

impl FleetRun {
    /// Returns the part that this instance had in it.
    #[must_use]
    pub const fn role(&self) -> FleetRole {
        self.role
    }

    /// Returns the name of the instance that ran the check.
    #[must_use]
    pub fn checked_by(&self) -> &str {
        &self.checked_by
    }
}

/// The results of the checks that a request selected, and the worst status.
#[derive(Clone, Debug)]
pub struct Report {
    levels: Vec<Level>,
    entries: Vec<ReportEntry>,
    cause: Option<Cause>,
    service: Arc<str>,
}

/// One check with its result, in a report.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ReportEntry {
    /// The check.
    pub check: Arc<CheckSpec>,
    /// Its result.
    pub result: Arc<CheckResult>,
    /// The mute by which the check counts for nothing at present: its own, or that of the checks that block it.
    pub muted: Option<Arc<Mute>>,
    /// The drill that the check is in, or else the one because of which it has its [result](CheckResult::drill).
    pub drill: Option<Arc<Drill>>,
}

impl ReportEntry {
    /// Returns the status that counts for the report: `None` while the check, or every check that blocks it, is muted, and for
    /// a check that is disabled.
    #[must_use]
    pub fn counting_status(&self) -> Option<Status> {
        (self.muted.is_none() && self.check.is_enabled()).then_some(self.result.status)
    }
}

impl Report {
    /// Returns a report of a service on these levels. Its entries are in the registry's order, by level and name.
    pub(crate) const fn new(service: Arc<str>, levels: Vec<Level>, entries: Vec<ReportEntry>) -> Self {
        Self { levels, entries, cause: None, service }
    }

    /// Returns the name of the service, as others see it in root causes.
    pub(crate) fn service(&self) -> &str {
        &self.service
    }

    /// Sets the cause for which the report fails as a whole, whatever its checks say.
    pub(crate) fn failing_because_of(mut self, cause: Option<Cause>) -> Self {
        self.cause = cause;
        self
    }

    /// Returns the selected levels, the deepest first, including those without checks.
    #[must_use]
    pub fn levels(&self) -> &[Level] {
        &self.levels
    }

    /// Returns the selected checks with their results, by level and name.
    #[must_use]
    pub fn entries(&self) -> &[ReportEntry] {
        &self.entries
    }

    /// Returns whether both show the very same results of the same checks, under the same mutes and
    /// drills.
    pub(crate) fn shows_same(&self, other: &Self) -> bool {
        let is_same = |(one, other): (&ReportEntry, &ReportEntry)| {
            Arc::ptr_eq(&one.result, &other.result)
                && Arc::ptr_eq(&one.check, &other.check)
                && (&one.muted, &one.drill) == (&other.muted, &other.drill)
        };
        self.entries.len() == other.entries.len()
            && self.entries.iter().zip(&other.entries).all(is_same)
            && (&self.levels, &self.cause) == (&other.levels, &other.cause)
    }

    /// Returns the result of one check.
    #[must_use]
    pub fn result(&self, name: &str) -> Option<&CheckResult> {
        self.entries.iter().find(|entry| entry.check.name() == name).map(|entry| &*entry.result)
    }

    /// Returns the cause for which the report fails as a whole, whatever its checks say: [`Cause::Draining`] for
    /// readiness while the service shuts down, else none.
    #[must_use]
    pub const fn cause(&self) -> Option<&Cause> {
        self.cause.as_ref()
    }

    /// Returns the worst status of all checks that are not muted, `Pass` for a report without any; `Fail` if the report
    /// has a [`cause`](Self::cause).
    #[must_use]
    pub fn status(&self) -> Status {
        if self.cause.is_some() { Status::Fail } else { self.status_of_checks() }
    }

    /// Returns the status that the report would have without its cause.
    pub(crate) fn status_of_checks(&self) -> Status {
        Status::worst(self.entries.iter().filter_map(ReportEntry::counting_status))
    }
}

/// A mute: the check counts for nothing at present.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mute {
    pub(crate) until: Option<SystemTime>,
    pub(crate) reason: String,
    pub(crate) caller: String,
}

impl Mute {
    /// Returns the end of the mute, on the wall clock; `None` if it lasts as long as the process.
    #[must_use]
    pub const fn until(&self) -> Option<SystemTime> {
        self.until
    }

    /// Returns the reason of the mute. Secrets are masked.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Returns the caller: `file:line` of the call to [`Monitor::mute`](crate::Monitor::mute), `HEALTH_MUTE`, or the name of
    /// the caller of an [operation](crate::_docs::access#operations).
    #[must_use]
    pub fn caller(&self) -> &str {
        &self.caller
    }
}

/// A drill: the check behaves for a time as somebody wants it to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drill {
    pub(crate) behavior: &'static str,
    pub(crate) until: SystemTime,
    pub(crate) reason: Option<String>,
    pub(crate) by: String,
}

impl Drill {
    /// Word for the behavior that delays the function.
    pub(crate) const SLOW: &str = "slow";

    /// Returns the word for the behavior: `fail`, `warn`, `slow`, `hang` or `panic`.
    #[must_use]
    pub const fn behavior(&self) -> &'static str {
        self.behavior
    }

    /// Returns the end of the drill, on the wall clock. It may end earlier.
    #[must_use]
    pub const fn until(&self) -> SystemTime {
        self.until
    }

    /// Returns the reason of the drill, if there is one. Secrets are masked.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// Returns the name of the caller, or else `file:line` of the call to [`Monitor::drill`](crate::Monitor::drill).
    #[must_use]
    pub fn by(&self) -> &str {
        &self.by
    }

    /// Returns whether runs in the drill call the function of the check.
    pub(crate) fn calls_function(&self) -> bool {
        self.behavior == Self::SLOW
    }

    /// Returns this drill for a check that it blocks. The reason is left out, because callers that see details of one check
    /// need not see those of the other.
    pub(crate) fn for_dependent(&self) -> Arc<Self> {
        Arc::new(Self { reason: None, by: self.by.clone(), ..*self })
    }
}
