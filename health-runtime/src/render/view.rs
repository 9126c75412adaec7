//! Reports and changes, redacted for one caller.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use serde_json::Value;

use super::visibility::{DetailLevel, Visibility};
use crate::model::{
    Cause, CheckSpec, Drill, FleetRun, Group, Level, Mute, OverriddenSetting, Report, ReportEntry, RootCause, Status,
    StatusChange,
};

/// A report redacted for one caller: the only thing that renderers accept.
#[derive(Debug)]
pub(crate) struct ReportView<'a> {
    pub(super) status: Status,
    /// Reason for which the report fails as a whole, whatever its checks report.
    pub(super) cause: Option<&'static str>,
    /// Name of the service, for callers who may see build information.
    pub(super) service: Option<&'a str>,
    /// The checks at fault, behind the services that lead to them; none for a report that passes.
    pub(super) root_causes: Vec<RootCause>,
    /// The requested levels, deepest first.
    pub(super) levels: &'a [Level],
    pub(super) checks: Vec<CheckView<'a>>,
    /// Names of the checks that are off, in views that show them.
    pub(super) off: Vec<&'a str>,
}

/// A check redacted for one caller: details are empty without the right to see them, or reduced to their public part.
#[derive(Debug)]
pub(super) struct CheckView<'a> {
    pub(super) detail_level: DetailLevel,
    pub(super) name: &'a str,
    /// The name for people, for everybody like the name itself.
    pub(super) display: Option<&'a str>,
    pub(super) level: Level,
    pub(super) is_critical: bool,
    pub(super) is_flattened: bool,
    pub(super) status: Status,
    pub(super) observed: Status,
    pub(super) is_failing: bool,
    /// For a check that has a threshold.
    pub(super) consecutive: Option<u32>,
    pub(super) held_until: Option<SystemTime>,
    pub(super) cause: Option<&'static str>,
    pub(super) running_since: Option<SystemTime>,
    pub(super) duration: Duration,
    pub(super) checked_at: SystemTime,
    pub(super) since: SystemTime,
    /// The part of this instance in the run of a fleet.
    pub(super) fleet: Option<&'static str>,
    /// The instance that ran the check for the fleet.
    pub(super) checked_by: Option<&'a str>,
    pub(super) muted: Option<MuteView<'a>>,
    pub(super) drill: Option<DrillView<'a>>,
    /// Settings that have other values than the declaration; none without details.
    pub(super) overridden: &'a [OverriddenSetting],
    pub(super) message: Option<&'a str>,
    pub(super) data: Option<&'a Value>,
    pub(super) blocked_by: Option<&'a [String]>,
    /// The checks at fault that another service names.
    pub(super) root_causes: &'a [RootCause],
    /// Root causes that this caller may not see.
    pub(super) hidden_root_causes: &'a [RootCause],
    pub(super) description: Option<&'a str>,
    pub(super) owner: Option<&'a str>,
    /// An absolute `http` or `https` URL without credentials.
    pub(super) runbook: Option<&'a str>,
    pub(super) tags: &'a [String],
    pub(super) groups: &'a [Group],
    /// Latest changes, oldest first, in views that show them.
    pub(super) history: Vec<ChangeView<'a>>,
}

/// A mute redacted for one caller.
#[derive(Debug)]
pub(super) struct MuteView<'a> {
    pub(super) until: Option<SystemTime>,
    pub(super) reason: Option<&'a str>,
    pub(super) caller: Option<&'a str>,
}

/// A drill redacted for one caller.
#[derive(Debug)]
pub(super) struct DrillView<'a> {
    pub(super) behavior: &'static str,
    pub(super) until: SystemTime,
    pub(super) reason: Option<&'a str>,
    pub(super) by: Option<&'a str>,
}

/// A change redacted for one caller: details are empty without the right to see them.
#[derive(Debug)]
pub(crate) struct ChangeView<'a> {
    pub(super) id: u64,
    pub(super) at: SystemTime,
    pub(super) from: Option<Status>,
    pub(super) to: Status,
    pub(super) cause: Option<&'static str>,
    pub(super) is_muted: bool,
    pub(super) is_drill: bool,
    pub(super) message: Option<&'a str>,
    pub(super) blocked_by: Option<&'a [String]>,
}

/// Returns the worst status of the checks that count.
pub(super) fn worst_status(checks: &[CheckView<'_>]) -> Status {
    Status::worst(checks.iter().filter(|check| check.counts()).map(|check| check.status))
}

/// Returns the checks because of which a report has its status, or the checks of other services behind them.
fn root_causes(checks: &[CheckView<'_>], cause: Option<&str>) -> Vec<RootCause> {
    // A check that was not run because the request goes in a circle says nothing.
    let is_known = |check: &&CheckView<'_>| !matches!(check.cause, Some("loop" | "depth"));
    let counting = || checks.iter().filter(|check| check.counts()).filter(is_known);
    let of_report = cause.map(|_| Status::Fail);
    let status = Status::worst(counting().map(|check| check.status).chain(of_report));
    if status == Status::Pass {
        return Vec::new();
    }
    let has_blocked = counting().any(|check| check.status == status && check.is_blocked());
    // A check that is not critical warns, and fails those that depend on it.
    let is_at_fault =
        |check: &&CheckView<'_>| !check.is_blocked() && (check.status == status || has_blocked && check.is_failing);
    let mut at_fault: Vec<_> = counting().filter(is_at_fault).collect();
    if at_fault.is_empty() {
        // The caller does not see the checks that block these.
        at_fault.extend(counting().filter(|check| check.status == status));
    }
    let mut causes: Vec<_> = cause.map(RootCause::new).into_iter().collect();
    for check in at_fault {
        match (check.root_causes, check.hidden_root_causes) {
            ([], []) => causes.push(RootCause::new(check.name)),
            ([], hidden) => causes.extend(hidden.iter().map(|cause| cause.hidden_behind(check.name))),
            (remote, _) => causes.extend_from_slice(remote),
        }
    }
    RootCause::bounded(causes)
}

impl<'a> ReportView<'a> {
    /// Redacts a report for a caller.
    pub(crate) fn new(report: &'a Report, visibility: Visibility) -> Self {
        let checks: Vec<_> = report.entries().iter().map(|entry| CheckView::new(entry, visibility, report)).collect();
        let (status, cause) = (report.status(), report.cause().map(Cause::as_str));
        Self {
            status,
            cause,
            service: visibility.info.map(|_| report.service()),
            root_causes: if status == Status::Pass { Vec::new() } else { root_causes(&checks, cause) },
            levels: report.levels(),
            checks,
            off: Vec::new(),
        }
    }

    /// Adds the history of each check, in the order of the report's entries.
    pub(crate) fn with_histories(mut self, histories: &'a [Vec<Arc<StatusChange>>], visibility: Visibility) -> Self {
        for (check, history) in self.checks.iter_mut().zip(histories) {
            check.history = history.iter().map(|change| ChangeView::new(change, visibility)).collect();
        }
        self
    }

    /// Adds the checks that are off, for a caller who may learn of every check and sees the details of their levels.
    pub(crate) fn with_off(mut self, off: &'a [CheckSpec], visibility: Visibility) -> Self {
        let is_shown = |check: &&CheckSpec| visibility.at(check.level()) == DetailLevel::Details;
        let shown = off.iter().filter(is_shown).map(CheckSpec::name).filter(|_| visibility.knows_every_check);
        // Code may have added a check of this name.
        self.off = shown.filter(|name| self.checks.iter().all(|check| check.name != *name)).collect();
        self
    }

    /// Returns the time of the newest result.
    #[cfg(feature = "page")]
    pub(super) fn made_at(&self) -> SystemTime {
        self.checks.iter().map(|check| check.checked_at).max().unwrap_or(SystemTime::UNIX_EPOCH)
    }

    /// Returns the checks of a level, by name.
    pub(super) fn of_level(&self, level: Level) -> &[CheckView<'a>] {
        let start = self.checks.partition_point(|check| check.level < level);
        let end = self.checks.partition_point(|check| check.level <= level);
        &self.checks[start..end]
    }
}

impl<'a> CheckView<'a> {
    /// Returns whether the status says anything about the check.
    pub(super) fn has_result(&self) -> bool {
        Cause::WITHOUT_RESULT.iter().all(|cause| self.cause != Some(cause.as_str()))
    }

    /// Returns whether its status counts: it is neither muted nor disabled.
    pub(super) fn counts(&self) -> bool {
        self.muted.is_none() && self.cause != Some(Cause::Disabled.as_str())
    }

    #[inline]
    fn new(entry: &'a ReportEntry, visibility: Visibility, report: &Report) -> Self {
        let ReportEntry { check, result, muted, drill } = entry;
        let detail_level = visibility.at(check.level());
        let is_detailed = detail_level == DetailLevel::Details;
        let cause = result.cause();
        // The caller may not learn of the level of a check that blocks it.
        let is_nameable = |name: &String| visibility.knows_every_check || report.result(name).is_some();
        let names_others = match cause {
            Some(Cause::Blocked { by }) => !by.iter().all(is_nameable),
            _ => false,
        };
        // Names are not details, unless they are where they come from.
        let (root_causes, hidden_root_causes): (&[_], &[_]) = match &result.root_causes {
            Some(remote) if remote.are_details && !is_detailed => (&[], remote.causes()),
            _ => (result.root_causes(), &[]),
        };
        // One literal, because it is large: it is made where it stays.
        Self {
            detail_level,
            name: check.name(),
            display: check.display(),
            level: check.level(),
            is_critical: check.is_critical(),
            is_flattened: check.is_flattened(),
            status: result.status(),
            observed: result.observed(),
            is_failing: result.is_failing(),
            consecutive: (check.failure_threshold().max(check.success_threshold()) > 1).then(|| result.consecutive()),
            held_until: result.held_until(),
            cause: cause.map(Cause::as_str),
            running_since: cause.and_then(|cause| match cause {
                Cause::StillRunning { since } => Some(*since),
                _ => None,
            }),
            duration: result.duration(),
            checked_at: result.checked_at(),
            since: result.since(),
            fleet: result.fleet().map(|run| run.role().as_str()),
            checked_by: result.fleet().filter(|_| is_detailed).map(FleetRun::checked_by),
            muted: muted.as_ref().map(|mute| MuteView::new(mute, detail_level)),
            drill: drill.as_ref().map(|drill| DrillView::new(drill, detail_level)),
            overridden: if is_detailed { &check.overridden } else { &[] },
            message: result.message().filter(|_| is_detailed && !names_others),
            data: if is_detailed { result.data() } else { result.public_data() },
            blocked_by: cause.and_then(Cause::blocked_by).filter(|_| is_detailed && !names_others),
            root_causes,
            hidden_root_causes,
            description: check.description().filter(|_| is_detailed),
            owner: check.owner().filter(|_| is_detailed),
            runbook: check.runbook().filter(|_| is_detailed),
            tags: check.tags(),
            groups: check.groups(),
            history: Vec::new(),
        }
    }
}

impl CheckView<'_> {
    /// Returns the name for people.
    #[cfg(feature = "page")]
    pub(super) fn title(&self) -> &str {
        self.display.unwrap_or(self.name)
    }

    /// Returns whether it was not run because another check failed.
    pub(super) fn is_blocked(&self) -> bool {
        self.cause == Some("blocked")
    }
}

impl<'a> MuteView<'a> {
    fn new(mute: &'a Mute, detail_level: DetailLevel) -> Self {
        let details = |text| (detail_level == DetailLevel::Details).then_some(text);
        Self { until: mute.until(), reason: details(mute.reason()), caller: details(mute.caller()) }
    }
}

impl<'a> DrillView<'a> {
    fn new(drill: &'a Drill, detail_level: DetailLevel) -> Self {
        let is_detailed = detail_level == DetailLevel::Details;
        let (reason, by) = if is_detailed { (drill.reason(), Some(drill.by())) } else { (None, None) };
        Self { behavior: drill.behavior(), until: drill.until(), reason, by }
    }
}

impl<'a> ChangeView<'a> {
    /// Redacts a change for a caller.
    pub(crate) fn new(change: &'a StatusChange, visibility: Visibility) -> Self {
        // The caller may not learn of the level of a check that blocked it.
        let names_others = !visibility.knows_every_check && change.cause().and_then(Cause::blocked_by).is_some();
        let outline = Self {
            id: change.id_among(visibility.run),
            at: change.at(),
            from: change.previous(),
            to: change.current(),
            cause: change.cause().map(Cause::as_str),
            is_muted: change.is_muted(),
            is_drill: change.is_drill(),
            message: None,
            blocked_by: None,
        };
        match visibility.at(change.level()) {
            DetailLevel::Details if !names_others => {
                Self { message: change.message(), blocked_by: change.cause().and_then(Cause::blocked_by), ..outline }
            }
            _ => outline,
        }
    }
}
