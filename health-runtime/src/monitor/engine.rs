//! The checks with their slots, which runs and reports share.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

#[cfg(feature = "systemd")]
use std::time::Duration;

use tokio::{runtime::Handle, time::Instant};

#[cfg(feature = "alerts")]
use super::alerting::Alerting;
use super::{
    changes::Changes,
    check_set::{CheckSet, Member},
    guarded_work::GuardedWork,
    monitored::Monitored,
    muting::ListedMutes,
    run_span::RunSpan,
    slot::{RunEnd, RunId},
    timelines::Timelines,
};
use crate::{
    fleet::Fleet,
    health_path::LoopGuard,
    log::{self, Topic},
    model::CheckSpec,
    registry::{Registry, WorkLayer},
    run_result::{Provenance, RunResult},
    sync::{self, JoinHandle, Mutex, lock},
};

/// The checks and their slots. Each run holds a reference, because no caller owns a run.
#[derive(Debug)]
pub(super) struct Engine {
    checks: Mutex<Arc<CheckSet>>,
    /// The checks that are off, by level and name.
    pub(super) off: Vec<CheckSpec>,
    pub(super) loop_guard: LoopGuard,
    /// Held during an update of the checks, so that each update begins with the result of the one before.
    pub(super) updating: Mutex<()>,
    pub(super) layer: WorkLayer,
    pub(super) fleet: Option<Fleet>,
    pub(super) listed_mutes: ListedMutes,
    pub(super) changes: Arc<Changes>,
    pub(super) timelines: Arc<Timelines>,
    /// Number of events that outdate answers: new results, and everything that is counted as an epoch.
    generation: AtomicU64,
    /// Number of events that outdate every answer: mutes, drills, drains and updates.
    epoch: AtomicU64,
    /// Whether a check of the present set is in a drill.
    has_drills: AtomicBool,
    /// Never becomes `false` again.
    is_draining: AtomicBool,
    /// Time between a drain and the moment at which the listener closes, where `graceful_shutdown` drains.
    #[cfg(feature = "systemd")]
    pub(super) drain_delay: OnceLock<Duration>,
    /// Time at which the engine was made, from which the beat of background runs is counted.
    pub(super) start: Instant,
    /// The runtime of all runs; without it each run is on its caller's runtime.
    runtime: OnceLock<Handle>,
    /// The first runtime on which anything started, for background checks that a thread without one adds.
    first_runtime: OnceLock<Handle>,
    #[cfg(feature = "alerts")]
    pub(super) alerting: Alerting,
}

impl Engine {
    pub(super) fn new(registry: Registry, loop_guard: LoopGuard) -> Self {
        let fleet = registry.fleet().cloned();
        let overrides = Arc::clone(registry.overrides());
        let (checks, order, off, layer) = registry.into_parts();
        let changes = Arc::new(Changes::default());
        let start = Instant::now();
        let timelines = Timelines::new(start);
        let members = checks.into_iter().map(|check| {
            let work = layer.wrap(&check.spec, check.work.clone());
            let declared = Arc::new(GuardedWork::new(check.declared, check.work));
            let instance = &loop_guard.instance;
            let monitored = Monitored::new(check.spec, declared, work, &changes, &timelines, instance, fleet.as_ref());
            Member::new(Arc::new(monitored), check.dependencies)
        });
        let checks = CheckSet::new(members.collect(), order, Default::default(), overrides);
        Self {
            checks: Mutex::new(Arc::new(checks)),
            off,
            loop_guard,
            updating: Mutex::default(),
            layer,
            fleet,
            listed_mutes: ListedMutes::default(),
            changes,
            timelines,
            generation: AtomicU64::new(0),
            epoch: AtomicU64::new(0),
            has_drills: AtomicBool::new(false),
            is_draining: AtomicBool::new(false),
            #[cfg(feature = "systemd")]
            drain_delay: OnceLock::new(),
            start,
            runtime: OnceLock::new(),
            first_runtime: OnceLock::new(),
            #[cfg(feature = "alerts")]
            alerting: Alerting::default(),
        }
    }

    #[cfg(test)]
    pub(super) fn for_checks(checks: impl IntoIterator<Item = crate::model::Check>) -> Arc<Self> {
        let registry = checks.into_iter().fold(Registry::builder(), crate::registry::RegistryBuilder::check).build();
        Arc::new(Self::new(registry.expect("good checks"), LoopGuard::new(None)))
    }

    /// Returns the present checks.
    pub(super) fn checks(&self) -> Arc<CheckSet> {
        Arc::clone(&lock(&self.checks))
    }

    /// Replaces the checks, and outdates every answer. Returns the checks from before.
    pub(super) fn set_checks(&self, checks: CheckSet) -> Arc<CheckSet> {
        let has_drills = checks.has_drills();
        let before = std::mem::replace(&mut *lock(&self.checks), Arc::new(checks));
        // Under the lock of updates, so that it is the last set's.
        self.has_drills.store(has_drills, Ordering::Release);
        // After it: a report on the checks from before began in the epoch from before.
        self.outdate();
        self.changes.wake();
        before
    }

    /// Lets readiness fail from now on, and outdates every answer.
    pub(super) fn drain(&self) {
        if !self.is_draining.swap(true, Ordering::AcqRel) {
            self.outdate();
            self.changes.wake();
            log::write(Topic::Checks, || {
                tracing::info!("draining: readiness fails from now on, everything else answers as before");
            });
        }
    }

    pub(super) fn has_drills(&self) -> bool {
        self.has_drills.load(Ordering::Acquire)
    }

    pub(super) fn is_draining(&self) -> bool {
        self.is_draining.load(Ordering::Acquire)
    }

    /// Sets the runtime of all runs, unless an earlier call has. Returns whether runs are on this one.
    pub(super) fn run_on(&self, runtime: &Handle) -> bool {
        self.runtime.get_or_init(|| runtime.clone()).id() == runtime.id()
    }

    /// Returns the runtime for runs that start here.
    pub(super) fn find_runtime(&self) -> Option<Handle> {
        self.runtime.get().cloned().or_else(|| match Handle::try_current() {
            Ok(current) => {
                self.first_runtime.get_or_init(|| current.clone());
                Some(current)
            }
            Err(_) => self.first_runtime.get().cloned(),
        })
    }

    /// Spawns a task on the runtime of runs.
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
        let runtime = self.find_runtime().unwrap_or_else(Handle::current);
        sync::spawn(&runtime, task)
    }

    /// Spawns the tasks that wait for a runtime, if there is one.
    #[cfg(feature = "alerts")]
    pub(super) fn start_waiting_tasks(&self) {
        if self.alerting.has_tasks() && self.find_runtime().is_some() {
            for task in self.alerting.take_tasks() {
                self.spawn(task);
            }
        }
    }

    /// Ends a run. Returns whether tasks may have been woken.
    pub(super) fn complete(
        &self,
        check: &Monitored,
        id: RunId,
        result: RunResult,
        provenance: Provenance,
        now: Instant,
        span: &RunSpan,
    ) -> bool {
        let end = check.slot.complete(&check.spec, id, result, provenance, now);
        span.record(end.as_ref());
        self.publish_end(check, end)
    }

    /// Gives a run up, for an observer or for the run itself, which has a span.
    pub(super) fn give_up(&self, check: &Monitored, id: RunId, span: Option<&RunSpan>) {
        let end = check.slot.give_up(&check.spec, id, Instant::now());
        if let Some(span) = span {
            span.record(end.as_ref());
        }
        self.publish_end(check, end);
    }

    /// Counts a run, if its result was recorded, and publishes it. After that its observers learn the result. Returns
    /// whether there were observers or a change, so that tasks may have been woken.
    #[cfg_attr(not(feature = "metrics"), allow(unused_variables, reason = "nothing is counted without metrics"))]
    fn publish_end(&self, check: &Monitored, end: Option<RunEnd>) -> bool {
        let Some(end) = end else { return false };
        let mut is_noticed = end.has_observers();
        if let Some(result) = end.recorded.as_deref() {
            #[cfg(feature = "metrics")]
            check.statistics.count(result);
            is_noticed |= self.publish();
        }
        drop(end);
        is_noticed
    }

    /// Outdates the answers that show a result from before a recorded one, and publishes a change. Returns whether there
    /// was one.
    pub(super) fn publish(&self) -> bool {
        self.generation.fetch_add(1, Ordering::Release);
        let is_changed = self.changes.publish();
        #[cfg(feature = "alerts")]
        if is_changed {
            self.start_waiting_tasks();
        }
        is_changed
    }

    /// Outdates every answer.
    pub(super) fn outdate(&self) {
        // First, because answers look at the epoch after a new generation.
        self.epoch.fetch_add(1, Ordering::Release);
        self.generation.fetch_add(1, Ordering::Release);
    }

    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    pub(super) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }
}

impl Drop for Engine {
    /// Aborts the background tasks. They hold the engine only while a check runs; between two runs they would wait in
    /// vain.
    fn drop(&mut self) {
        self.checks().iter().for_each(|check| check.stop_background_runs());
        log::flush();
    }
}
