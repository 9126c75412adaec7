//! What is counted of a check's runs, and what a scrape gets of it all.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use super::{schedule, shared::Shared};
use crate::model::{CheckMetrics, CheckResult, RunStats};

/// One check's numbers, beside its slot: counted where results land, so that no run counts twice.
#[derive(Debug, Default)]
pub(super) struct Statistics {
    counted: Mutex<Counted>,
}

#[derive(Debug, Default)]
struct Counted {
    runs: RunStats,
    latest_at: Option<Instant>,
}

impl Statistics {
    fn lock(&self) -> MutexGuard<'_, Counted> {
        // Nothing panics while it holds the lock.
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn count(&self, result: &CheckResult) {
        let mut counted = self.lock();
        if counted.runs.count(result) {
            counted.latest_at = Some(Instant::now());
        }
    }
}

/// What is known of every check, without running one. A background check that has gone stale says so, and one whose task
/// is gone gets another, as with every request: that one keeps its own time.
pub(super) fn collect(shared: &Arc<Shared>) -> Vec<CheckMetrics> {
    let collect_one = |index: usize| {
        schedule::ensure(shared, index);
        let check = &shared.checks[index];
        if check.spec.interval().is_some() {
            let (_, landing) = check.slot.read(&check.spec, Instant::now());
            shared.landed(landing.as_ref());
        }
        let counted = check.statistics.lock();
        CheckMetrics {
            check: Arc::clone(&check.spec),
            result: check.slot.latest().map(|latest| latest.result),
            age: counted.latest_at.map(|at| at.elapsed()),
            runs: counted.runs.clone(),
            is_in_flight: check.slot.is_in_flight(),
            is_muted: check.muting.is_muted(),
        }
    };
    (0..shared.checks.len()).map(collect_one).collect()
}
