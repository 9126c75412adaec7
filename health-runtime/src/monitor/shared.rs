//! What runs and reports share.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicU64, Ordering},
};

use tokio::{runtime::Handle, time::Instant};

#[cfg(feature = "metrics")]
use super::statistics::Statistics;
use super::{
    drain::Drain,
    events::{Events, Outbox},
    history::History,
    muting::Muting,
    slot::{FlightId, Landing, Slot},
    verdict::Verdict,
};
use crate::{
    log::{self, Topic},
    model::{CheckResult, CheckSpec, Work},
    registry::Registry,
    sync::{self, JoinHandle, Mutex, lock},
};

/// The checks and their slots. Each run holds it, because a run belongs to nobody.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) checks: Vec<Monitored>,
    /// Indices of `checks`, each behind those that it depends on.
    pub(super) order: Vec<usize>,
    pub(super) events: Arc<Events>,
    /// Counts what changes answers, such as results that landed, so that one made before is known to be outdated.
    generation: AtomicU64,
    pub(super) drain: Drain,
    /// When it was made: from then on the beat is counted that background runs keep to.
    pub(super) start: Instant,
    /// Where runs go; wherever they are asked for, if that was never said.
    home: OnceLock<Handle>,
}

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

impl Shared {
    pub(super) fn new(registry: Registry) -> Self {
        let (checks, order) = registry.into_parts();
        let events = Arc::new(Events::default());
        let checks = checks
            .into_iter()
            .map(|check| {
                let muting = Arc::new(Muting::default());
                let history = Arc::new(History::default());
                Monitored {
                    spec: check.spec,
                    work: check.work,
                    dependencies: check.dependencies,
                    slot: Slot::new(Outbox::new(Arc::clone(&events), Arc::clone(&muting), Arc::clone(&history))),
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
            events,
            generation: AtomicU64::new(0),
            drain: Drain::default(),
            start: Instant::now(),
            home: OnceLock::new(),
        }
    }

    #[cfg(test)]
    pub(super) fn of(checks: impl IntoIterator<Item = crate::model::Check>) -> Arc<Self> {
        let registry = checks.into_iter().fold(Registry::builder(), crate::registry::RegistryBuilder::check).build();
        Arc::new(Self::new(registry.expect("good checks")))
    }

    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Returns the latest result of a check, however old.
    pub(super) fn latest(&self, index: usize) -> Option<Arc<CheckResult>> {
        self.checks[index].slot.latest().map(|latest| latest.result)
    }

    /// Readiness fails from here on, and every answer made before is outdated.
    pub(super) fn drain(&self) {
        if self.drain.begin() {
            self.outdate();
            self.events.news.send_replace(());
            log::write(Topic::Checks, || {
                tracing::info!("shutting down: readiness fails from now on, everything else answers as before");
            });
        }
    }

    /// The first to say it counts.
    pub(super) fn run_on(&self, runtime: &Handle) {
        let _ = self.home.get_or_init(|| runtime.clone());
    }

    /// Has a task run that may block its thread, on the runtime where runs go.
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
        let home = self.home.get().cloned().unwrap_or_else(Handle::current);
        sync::spawn(&home, task)
    }

    pub(super) fn finish(&self, index: usize, id: FlightId, verdict: Verdict) {
        let check = &self.checks[index];
        self.ended(check, check.slot.finish(&check.spec, id, verdict, Instant::now()).as_ref());
    }

    pub(super) fn give_up(&self, index: usize, id: FlightId) {
        let check = &self.checks[index];
        self.ended(check, check.slot.give_up(&check.spec, id, Instant::now()).as_ref());
    }

    /// A run is over: counts it.
    #[cfg_attr(not(feature = "metrics"), allow(unused_variables, reason = "nothing is counted without metrics"))]
    fn ended(&self, check: &Monitored, landing: Option<&Landing>) {
        #[cfg(feature = "metrics")]
        if let Some(landing) = landing {
            check.statistics.count(landing.result());
        }
        self.landed(landing);
    }

    /// Outdates the answers made before, and tells of a change.
    pub(super) fn landed(&self, landing: Option<&Landing>) {
        if landing.is_some() {
            self.outdate();
            self.events.tell();
        }
    }

    /// Outdates the answers made before.
    pub(super) fn outdate(&self) {
        self.generation.fetch_add(1, Ordering::Release);
    }
}

impl Drop for Shared {
    /// Background tasks hold it only while they run a check; between two runs they would wait for the next in vain.
    fn drop(&mut self) {
        for check in &self.checks {
            if let Some(task) = lock(&check.task).take() {
                task.abort();
            }
        }
        log::flush();
    }
}
