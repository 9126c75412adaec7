//! The checks with their slots, which runs and reports share.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use tokio::{runtime::Handle, time::Instant};

#[cfg(feature = "metrics")]
use super::statistics::Statistics;
use super::{
    changes::{Changes, History, Outbox},
    muting::{Muted, Muting},
    slot::{RunId, Slot},
};
use crate::{
    log::{self, Topic},
    model::{Cause, CheckResult, CheckSpec, Work},
    registry::Registry,
    run_result::RunResult,
    sync::{self, JoinHandle, Mutex, lock},
};

/// The checks and their slots. Each run holds a reference, because no caller owns a run.
#[derive(Debug)]
pub(super) struct Engine {
    pub(super) checks: Vec<Monitored>,
    /// Indices of `checks`, each behind the checks that it depends on.
    pub(super) order: Vec<usize>,
    pub(super) changes: Arc<Changes>,
    /// Number of events that outdate answers, such as new results.
    generation: AtomicU64,
    /// Never becomes `false` again.
    is_draining: AtomicBool,
    /// Time at which the engine was made, from which the beat of background runs is counted.
    pub(super) start: Instant,
    /// The runtime of all runs; without it each run is on its caller's runtime.
    runtime: OnceLock<Handle>,
}

/// A check with its slot, its mute and its numbers.
#[derive(Debug)]
pub(super) struct Monitored {
    pub(super) spec: Arc<CheckSpec>,
    pub(super) work: Work,
    pub(super) dependencies: Vec<usize>,
    pub(super) slot: Slot,
    pub(super) muting: Arc<Muting>,
    pub(super) history: Arc<History>,
    #[cfg(feature = "metrics")]
    pub(super) statistics: Statistics,
    /// The task that runs it in the background.
    pub(super) task: Mutex<Option<JoinHandle<()>>>,
}

/// The span in which an answer stays true: until the first of its results is no longer young, until the first of its
/// mutes is over, or until another result is recorded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Validity {
    pub(super) generation: u64,
    /// `None` for a report that does not age: one without checks, or of background checks that are stale.
    pub(super) until: Option<Instant>,
}

impl Validity {
    pub(super) fn no_longer_than(self, until: Instant) -> Self {
        Self { until: self.until.into_iter().chain([until]).min(), ..self }
    }
}

impl Engine {
    pub(super) fn new(registry: Registry) -> Self {
        let (checks, order) = registry.into_parts();
        let changes = Arc::new(Changes::default());
        let checks = checks
            .into_iter()
            .map(|check| {
                let muting = Arc::new(Muting::default());
                let history = Arc::new(History::default());
                Monitored {
                    spec: check.spec,
                    work: check.work,
                    dependencies: check.dependencies,
                    slot: Slot::new(Outbox::new(Arc::clone(&changes), Arc::clone(&muting), Arc::clone(&history))),
                    muting,
                    history,
                    #[cfg(feature = "metrics")]
                    statistics: Statistics::default(),
                    task: Mutex::default(),
                }
            })
            .collect();
        Self {
            checks,
            order,
            changes,
            generation: AtomicU64::new(0),
            is_draining: AtomicBool::new(false),
            start: Instant::now(),
            runtime: OnceLock::new(),
        }
    }

    #[cfg(test)]
    pub(super) fn for_checks(checks: impl IntoIterator<Item = crate::model::Check>) -> Arc<Self> {
        let registry = checks.into_iter().fold(Registry::builder(), crate::registry::RegistryBuilder::check).build();
        Arc::new(Self::new(registry.expect("good checks")))
    }

    /// Returns the latest result of a check, however old.
    pub(super) fn latest(&self, index: usize) -> Option<Arc<CheckResult>> {
        self.checks[index].slot.latest().map(|latest| latest.result)
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

    pub(super) fn is_draining(&self) -> bool {
        self.is_draining.load(Ordering::Acquire)
    }

    /// Sets the runtime of all runs, unless an earlier call has. Returns whether runs are on this one.
    pub(super) fn run_on(&self, runtime: &Handle) -> bool {
        self.runtime.get_or_init(|| runtime.clone()).id() == runtime.id()
    }

    /// Spawns a task that may block its thread, on the runtime of runs.
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
        let runtime = self.runtime.get().cloned().unwrap_or_else(Handle::current);
        sync::spawn(&runtime, task)
    }

    pub(super) fn complete(&self, index: usize, id: RunId, result: RunResult) {
        let check = &self.checks[index];
        self.count(check, check.slot.complete(&check.spec, id, result, Instant::now()).as_deref());
    }

    pub(super) fn give_up(&self, index: usize, id: RunId) {
        let check = &self.checks[index];
        self.count(check, check.slot.give_up(&check.spec, id, Instant::now()).as_deref());
    }

    /// Counts a run, if its result was recorded, and publishes it.
    #[cfg_attr(not(feature = "metrics"), allow(unused_variables, reason = "nothing is counted without metrics"))]
    fn count(&self, check: &Monitored, recorded: Option<&CheckResult>) {
        if let Some(result) = recorded {
            #[cfg(feature = "metrics")]
            check.statistics.count(result);
            self.publish();
        }
    }

    /// Outdates the answers from before a recorded result, and publishes a change.
    pub(super) fn publish(&self) {
        self.outdate();
        self.changes.publish();
    }

    /// Outdates every answer.
    pub(super) fn outdate(&self) {
        self.generation.fetch_add(1, Ordering::Release);
    }

    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    pub(super) fn is_valid(&self, validity: Validity) -> bool {
        let Validity { generation, until } = validity;
        generation == self.generation() && until.is_none_or(|until| Instant::now() < until)
    }

    /// Returns the mute by which a result counts for nothing: the check's own, or the excuse of a blocked check.
    /// `latest` yields the results of the checks that it depends on.
    pub(super) fn mute_of(
        &self,
        index: usize,
        result: &CheckResult,
        latest: impl Fn(usize) -> Option<Arc<CheckResult>>,
    ) -> Option<Muted> {
        let check = &self.checks[index];
        check.muting.current(check.spec.name()).or_else(|| self.excuse(self.blockers(index, result)?, latest))
    }

    /// Returns the mute that ends first among those of the root causes of a blocked check, if all of these are muted:
    /// a check that only muted checks block is part of the same maintenance.
    pub(super) fn excuse(
        &self,
        mut to_visit: Vec<usize>,
        latest: impl Fn(usize) -> Option<Arc<CheckResult>>,
    ) -> Option<Muted> {
        let mut is_visited = vec![false; self.checks.len()];
        let mut first: Option<Muted> = None;
        while let Some(index) = to_visit.pop() {
            if std::mem::replace(&mut is_visited[index], true) {
                continue;
            }
            let check = &self.checks[index];
            match check.muting.current(check.spec.name()) {
                Some(muted) => first = Some(first.map_or_else(|| muted.clone(), |first| first.sooner(muted.clone()))),
                None => to_visit.extend(self.blockers(index, &*latest(index)?)?),
            }
        }
        first.map(Muted::for_dependent)
    }

    /// Returns the checks that block one; `None` if the check failed by itself.
    fn blockers(&self, index: usize, result: &CheckResult) -> Option<Vec<usize>> {
        let Some(Cause::Blocked { by }) = &result.cause else { return None };
        let dependencies = self.checks[index].dependencies.iter().copied();
        Some(
            dependencies
                .filter(|dependency| by.iter().any(|name| name == self.checks[*dependency].spec.name()))
                .collect(),
        )
    }
}

impl Drop for Engine {
    /// Aborts the background tasks. They hold the engine only while a check runs; between two runs they would wait in
    /// vain.
    fn drop(&mut self) {
        for check in &self.checks {
            if let Some(task) = lock(&check.task).take() {
                task.abort();
            }
        }
        log::flush();
    }
}
