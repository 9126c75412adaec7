//! What runs and reports share.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU64, Ordering},
};

use tokio::{task::JoinHandle, time::Instant};

use super::{
    change,
    slot::{FlightId, Landing, Slot},
    verdict::Verdict,
};
use crate::{
    model::{CheckSpec, Work},
    registry::Registry,
};

/// The checks and their slots. Each run holds it, because a run belongs to nobody.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) checks: Vec<Monitored>,
    /// Indices of `checks`, each behind those that it depends on.
    pub(super) order: Vec<usize>,
    /// Counts the results that landed, so that an answer made from them is known to be outdated.
    generation: AtomicU64,
}

#[derive(Debug)]
pub(super) struct Monitored {
    pub(super) spec: Arc<CheckSpec>,
    pub(super) work: Work,
    pub(super) dependencies: Vec<usize>,
    pub(super) slot: Slot,
    /// The task that runs it in the background.
    pub(super) task: Mutex<Option<JoinHandle<()>>>,
}

impl Shared {
    pub(super) fn new(registry: Registry) -> Self {
        let (checks, order) = registry.into_parts();
        let checks = checks
            .into_iter()
            .map(|check| Monitored {
                spec: check.spec,
                work: check.work,
                dependencies: check.dependencies,
                slot: Slot::default(),
                task: Mutex::default(),
            })
            .collect();
        Self { checks, order, generation: AtomicU64::new(0) }
    }

    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    pub(super) fn finish(&self, index: usize, id: FlightId, verdict: Verdict) {
        let check = &self.checks[index];
        self.landed(index, check.slot.finish(&check.spec, id, verdict, Instant::now()));
    }

    pub(super) fn give_up(&self, index: usize, id: FlightId) {
        let check = &self.checks[index];
        self.landed(index, check.slot.give_up(&check.spec, id, Instant::now()));
    }

    /// Outdates the answers made before, and tells of a change.
    pub(super) fn landed(&self, index: usize, landing: Option<Landing>) {
        if let Some(landing) = landing {
            self.generation.fetch_add(1, Ordering::Release);
            change::log(&self.checks[index].spec, &landing);
        }
    }
}
