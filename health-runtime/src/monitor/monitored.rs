//! One check of a monitor, with everything that is kept about it.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

#[cfg(feature = "metrics")]
use super::statistics::Statistics;
use super::{
    changes::{Changes, History, Outbox},
    drilling::Drilling,
    guarded_work::GuardedWork,
    muting::{Muted, Muting},
    slot::Slot,
    timelines::{CheckTimeline, Timelines},
};
use crate::{
    fleet::{Fleet, FleetMember},
    health_path::{Instance, RequestingCheck},
    log::{self, Topic},
    model::{CheckResult, CheckSpec, Drill, Status, Work},
    registry::WorkLayer,
    run_result::{NoResult, Provenance, RunResult},
    sync::{JoinHandle, Mutex, lock},
    text::escape_controls,
    time::timestamp_seconds,
};

/// A check with its slot, its mute and its numbers.
#[derive(Debug)]
pub(super) struct Monitored {
    /// The settings that it obeys: those of the declaration, with others of the deployment in their place.
    pub(super) spec: Arc<CheckSpec>,
    /// The declaration and its function, without layers.
    pub(super) declared: Arc<GuardedWork>,
    pub(super) work: GuardedWork,
    pub(super) slot: Slot,
    /// The check in requests that it sends to other services.
    pub(super) requesting: Arc<RequestingCheck>,
    pub(super) muting: Arc<Muting>,
    pub(super) drilling: Option<Drilling>,
    /// Whether the first background run is due at once, because a drill begins or ends.
    pub(super) is_due: bool,
    pub(super) history: Arc<History>,
    pub(super) timeline: Arc<CheckTimeline>,
    #[cfg(feature = "metrics")]
    pub(super) statistics: Arc<Statistics>,
    /// Its part in the fleet, for a check that one instance runs for all.
    pub(super) member: Option<Arc<FleetMember>>,
    /// The task that runs it in the background.
    pub(super) task: Mutex<Option<JoinHandle<()>>>,
}

impl Monitored {
    pub(super) fn new(
        spec: Arc<CheckSpec>,
        declared: Arc<GuardedWork>,
        work: Work,
        changes: &Arc<Changes>,
        timelines: &Arc<Timelines>,
        instance: &Arc<Instance>,
        fleet: Option<&Fleet>,
    ) -> Self {
        let muting = Arc::new(Muting::default());
        let history = Arc::new(History::default());
        let timeline = CheckTimeline::new(timelines, &spec);
        let outbox = Outbox::new(Arc::clone(changes), Arc::clone(&muting), Arc::clone(&history), Arc::clone(&timeline));
        let slot = Slot::new(Some(outbox), disabled_result(&spec));
        Self {
            member: member(fleet, &spec),
            work: GuardedWork::new(Arc::clone(&spec), work),
            requesting: Arc::new(RequestingCheck::new(Arc::clone(instance), &spec)),
            spec,
            declared,
            slot,
            muting,
            drilling: None,
            is_due: false,
            history,
            timeline,
            #[cfg(feature = "metrics")]
            statistics: Arc::default(),
            task: Mutex::default(),
        }
    }

    /// Makes the replacement of this check, which keeps its mute and its history, and retires this one. At the same
    /// level it keeps the numbers, the timeline and the latest result, too: those of another level have other readers. A
    /// check that is or was disabled has no result to keep. In a drill it takes no part in a fleet.
    pub(super) fn replaced_by(
        &self,
        spec: Arc<CheckSpec>,
        declared: Arc<GuardedWork>,
        work: Work,
        drilling: Option<Drilling>,
        fleet: Option<&Fleet>,
    ) -> Self {
        self.stop_background_runs();
        let is_same_level = spec.level() == self.spec.level();
        let keeps_result = is_same_level && spec.is_enabled() && self.spec.is_enabled();
        let drill = drilling.as_ref().map(|drilling| Arc::clone(&drilling.drill));
        let is_due = drill.is_some() || self.drilling.is_some();
        let (slot, timeline) = if keeps_result {
            (self.slot.succeed(Instant::now(), drill), Arc::clone(&self.timeline))
        } else {
            let timeline = self.timeline.restart(&spec);
            if let Some(muted) = self.muting.current(spec.name()) {
                timeline.mute(muted.expires);
            }
            (self.slot.restart(disabled_result(&spec), &timeline), timeline)
        };
        Self {
            member: member(fleet.filter(|_| drilling.is_none()), &spec),
            work: GuardedWork::new(Arc::clone(&spec), work),
            requesting: Arc::new(self.requesting.succeed(&spec)),
            spec,
            declared,
            slot,
            muting: Arc::clone(&self.muting),
            drilling,
            is_due,
            history: Arc::clone(&self.history),
            timeline,
            #[cfg(feature = "metrics")]
            statistics: if is_same_level { Arc::clone(&self.statistics) } else { Arc::default() },
            task: Mutex::default(),
        }
    }

    /// Mutes it, in place of an earlier mute.
    pub(super) fn mute(&self, muted: Muted) {
        let (check, mute) = (self.spec.name().to_owned(), Arc::clone(&muted.mute));
        self.timeline.mute(muted.expires);
        self.muting.set(muted);
        log::write(Topic::Checks, move || {
            let (reason, caller) = (&*escape_controls(mute.reason()), mute.caller());
            let until = mute.until().map(timestamp_seconds);
            tracing::warn!(check, until, reason, caller, "health check muted");
        });
    }

    /// Makes the same check in a drill, or out of one.
    pub(super) fn drilled(&self, drilling: Option<Drilling>, layer: &WorkLayer, fleet: Option<&Fleet>) -> Self {
        let own = (**self.declared).clone();
        let work = match &drilling {
            Some(drilling) => drilling.work(own),
            None => own,
        };
        let work = layer.wrap(&self.spec, work);
        self.replaced_by(Arc::clone(&self.spec), Arc::clone(&self.declared), work, drilling, fleet)
    }

    /// Ends what goes on by itself: background runs, and the recording of results. A run in progress goes on.
    pub(super) fn retire(&self) {
        self.slot.retire();
        self.timeline.retire();
        self.stop_background_runs();
    }

    pub(super) fn stop_background_runs(&self) {
        if let Some(task) = lock(&self.task).take() {
            task.abort();
        }
    }

    /// Returns the drill that it is in, or else the one because of which it has a result.
    pub(super) fn drill(&self, result: &CheckResult) -> Option<Arc<Drill>> {
        let own = self.drilling.as_ref().map(|drilling| &drilling.drill);
        own.or(result.drill.as_ref()).cloned()
    }

    /// Returns the latest result, however old.
    pub(super) fn latest(&self) -> Option<Arc<CheckResult>> {
        self.slot.latest().map(|latest| latest.result)
    }
}

/// Returns the result that a disabled check has from the start to the end; `None` for a check that is run.
fn disabled_result(spec: &CheckSpec) -> Option<CheckResult> {
    let result = RunResult::Missing(NoResult::Disabled(spec.disabled_by()?), Status::Pass);
    Some(result.into_check_result(spec, None, Provenance::default(), false, 0, Duration::ZERO))
}

fn member(fleet: Option<&Fleet>, spec: &CheckSpec) -> Option<Arc<FleetMember>> {
    fleet.filter(|_| spec.is_fleet()).map(|fleet| Arc::new(FleetMember::new(fleet, spec)))
}
