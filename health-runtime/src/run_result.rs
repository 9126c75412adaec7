//! The result of a run, and what it makes of its check.

use std::{
    borrow::Cow,
    sync::Arc,
    time::{Duration, SystemTime},
};

use crate::{
    health_path::StopReason,
    mask::{mask_text, mask_value},
    model::{Cause, CheckResult, CheckSpec, Drill, FleetRun, Outcome, RemoteRootCauses, RootCause, Status},
};

/// The result of a run, or the reason why a check has none, before thresholds, slowness and criticality count.
#[derive(Debug)]
pub(crate) enum RunResult {
    /// The function returned.
    Answered(Outcome),
    /// The function panicked with this text.
    Panicked(String),
    /// The run reached its timeout.
    TimedOut,
    /// The report reached its deadline before the run ended.
    OutOfTime,
    /// An earlier run is past its timeout and has not ended.
    StillRunning { since: SystemTime },
    /// The runtime shut down during the run.
    CutOff,
    /// Dependencies of these names fail. A change is excused, and counts for nothing, if only muted checks are to
    /// blame. It is part of a drill, if all of them are.
    Blocked { by: Vec<String>, root_causes: Option<Box<RemoteRootCauses>>, is_excused: bool, drill: Option<Arc<Drill>> },
    /// The latest result of a background check is older than this.
    Stale { max_age: Duration },
    /// There is no result, and the check counts as this status.
    Missing(NoResult, Status),
}

/// The origin of a result, as far as it is not a run of this instance for everybody.
#[derive(Debug, Default)]
pub(crate) struct Provenance {
    /// Depth of the paths that limit the result; 0 if it counts for everybody.
    pub(crate) min_depth: u8,
    /// The run for a fleet.
    pub(crate) shared: Option<Box<SharedRun>>,
    /// The drill that the check is in.
    pub(crate) drill: Option<Arc<Drill>>,
}

/// A run for a fleet.
#[derive(Debug)]
pub(crate) struct SharedRun {
    pub(crate) fleet: FleetRun,
    pub(crate) duration: Duration,
    pub(crate) checked_at: SystemTime,
}

/// The reason why there is no result.
#[derive(Clone, Copy, Debug)]
pub(crate) enum NoResult {
    /// It is a background check, and its first run has not ended.
    Background,
    /// The first run has asked another service, and the request comes from one.
    AskingRun,
    /// The request starts nothing and waits for nothing.
    Stopped(StopReason),
    /// The check is disabled by this source.
    Disabled(&'static str),
}

impl NoResult {
    fn cause_and_message(self) -> (Cause, Cow<'static, str>) {
        let (cause, message) = match self {
            Self::Disabled(origin) => return (Cause::Disabled, format!("disabled by {origin}").into()),
            Self::Background => (Cause::Pending, "it runs in the background and has no result yet"),
            Self::AskingRun => (
                Cause::Pending,
                "its first run is asking another service, and a request from a service does not wait for it",
            ),
            Self::Stopped(StopReason::Loop) => {
                (Cause::Loop, "not run, because the request has passed this instance before; it has no result yet")
            }
            Self::Stopped(StopReason::Depth) => {
                (Cause::Depth, "not run, because the request has passed too many services; it has no result yet")
            }
        };
        (cause, message.into())
    }
}

impl RunResult {
    /// Returns the result of a check that these others block. It hands on the root causes that services behind them name: a
    /// report without the blockers would begin a new path, which goes round.
    pub(crate) fn blocked(check: &str, blockers: &[(&str, Arc<CheckResult>)], is_excused: bool) -> Self {
        let by = blockers.iter().map(|(name, _)| (*name).to_owned()).collect();
        let remote = || blockers.iter().filter_map(|(_, result)| result.root_causes.as_deref());
        let mut causes: Vec<_> = remote().flat_map(RemoteRootCauses::causes).cloned().collect();
        if !causes.is_empty() && blockers.iter().any(|(_, result)| result.root_causes.is_none()) {
            // A check of this service is at fault as well.
            causes.push(RootCause::new(check));
        }
        let root_causes = RemoteRootCauses::new(causes, remote().any(|remote| remote.are_details));
        let drills: Option<Vec<_>> = blockers.iter().map(|(_, result)| result.drill.as_deref()).collect();
        let drill = drills.and_then(|drills| drills.first().map(|drill| drill.for_dependent()));
        Self::Blocked { by, root_causes, is_excused, drill }
    }

    /// Returns whether it comes from a run: thresholds count nothing else.
    pub(crate) fn is_from_run(&self) -> bool {
        matches!(self, Self::Answered(_) | Self::Panicked(_) | Self::TimedOut | Self::OutOfTime)
    }

    pub(crate) fn is_failure(&self) -> bool {
        match self {
            Self::Answered(Outcome { status, .. }) | Self::Missing(_, status) => matches!(status, Status::Fail),
            _ => true,
        }
    }

    pub(crate) const fn is_excused(&self) -> bool {
        matches!(self, Self::Blocked { is_excused: true, .. })
    }

    /// Returns whether the function itself, or a check behind it, is at fault.
    const fn has_own_fault(&self) -> bool {
        match self {
            Self::Answered(outcome) => !matches!(outcome.status, Status::Pass),
            Self::Panicked(_) | Self::Blocked { .. } => true,
            _ => false,
        }
    }

    /// Returns the drill because of which the check has its status: its own, that of the checks that block it, or that in
    /// which it got the status that thresholds keep. Faults of the function are not those of a drill that calls it.
    fn drill(&self, own: Option<Arc<Drill>>, before: Option<&CheckResult>, is_failing: bool) -> Option<Arc<Drill>> {
        let is_kept = is_failing != self.is_failure();
        let is_cause = |drill: &Arc<Drill>| !drill.calls_function() || !(is_kept || self.has_own_fault());
        own.filter(is_cause).or_else(|| match self {
            Self::Blocked { drill, .. } => drill.clone(),
            _ if is_kept => before.and_then(|before| before.drill.clone()),
            _ => None,
        })
    }

    /// Applies the slowness, the thresholds (by `is_failing`) and the criticality of a check.
    pub(crate) fn into_check_result(
        self,
        spec: &CheckSpec,
        before: Option<&CheckResult>,
        Provenance { min_depth, shared, drill }: Provenance,
        is_failing: bool,
        consecutive: u32,
        duration: Duration,
    ) -> CheckResult {
        let now = SystemTime::now();
        let duration = shared.as_ref().map_or(duration, |shared| shared.duration);
        let drill = self.drill(drill, before, is_failing);
        let (outcome, cause) = self.into_outcome(spec.timeout());
        let Outcome { status: observed, message, data, public_data, root_causes } = outcome;
        let is_slow = observed == Status::Pass && spec.degraded_after().is_some_and(|limit| duration > limit);
        let (status, cause) = if is_slow { (Status::Warn, Some(Cause::Slow)) } else { (observed, cause) };
        let status = match (is_failing, status) {
            (true, _) => Status::Fail,
            // Too few consecutive failures: the status stays.
            (false, Status::Fail) => before.map_or(Status::Pass, |before| before.status),
            (false, status) => status,
        };
        let status = if spec.is_critical() { status } else { status.min(Status::Warn) };
        let since = before.filter(|before| before.status == status).map_or(now, |before| before.since);
        // A stale check was last looked at when its latest result came.
        let checked_at = match (&cause, before) {
            (Some(Cause::Stale), Some(before)) => before.checked_at,
            _ => shared.as_ref().map_or(now, |shared| shared.checked_at),
        };
        CheckResult {
            status,
            observed,
            is_failing,
            consecutive,
            held_until: None,
            cause,
            message,
            data,
            public_data,
            root_causes,
            duration,
            checked_at,
            since,
            fleet: shared.map(|shared| Box::new(shared.fleet)),
            drill,
            min_depth,
        }
    }

    /// Masks the function's own texts and data, and states in words why there are none.
    fn into_outcome(self, timeout: Duration) -> (Outcome, Option<Cause>) {
        let (cause, message) = match self {
            Self::Answered(mut outcome) => {
                outcome.data.iter_mut().chain(&mut outcome.public_data).for_each(mask_value);
                outcome.message.iter_mut().for_each(mask_text);
                return (outcome, None);
            }
            Self::Missing(reason, status) => {
                let (cause, message) = reason.cause_and_message();
                return (Outcome::new(status).with_message(message), Some(cause));
            }
            Self::Panicked(mut text) => {
                mask_text(&mut text);
                (Cause::Panicked, format!("panicked: {text}"))
            }
            Self::TimedOut => (Cause::TimedOut, format!("no answer within {timeout:?}")),
            Self::OutOfTime => (Cause::TimedOut, "no answer within the time that this report had".to_owned()),
            Self::StillRunning { since } => (
                Cause::StillRunning { since },
                "a run is past its timeout and has not ended, so no new one is started".to_owned(),
            ),
            Self::CutOff => {
                (Cause::CutOff, "its run was cut off, because the runtime that it was on shut down".to_owned())
            }
            Self::Blocked { by, root_causes, .. } => {
                let message = format!("not run, because of {}", by.join(", "));
                return (Outcome::fail(message).with_root_causes(root_causes), Some(Cause::Blocked { by }));
            }
            Self::Stale { max_age } => (Cause::Stale, format!("its latest result is more than {max_age:?} old")),
        };
        (Outcome::fail(message), Some(cause))
    }
}
