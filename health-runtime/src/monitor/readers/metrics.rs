//! The numbers of every check, for a scrape.

use std::sync::Arc;

use tokio::time::Instant;

use crate::{
    model::CheckMetrics,
    monitor::{check_set::CheckSet, drills, engine::Engine, monitor::Monitor, schedule},
};

impl Monitor {
    /// Returns the numbers of every check, without running any. A background check that is too old becomes stale, and
    /// one whose task is gone gets another one, as with every request.
    pub(crate) fn metrics(&self) -> Vec<CheckMetrics> {
        drills::end_expired(&self.engine);
        let checks = self.engine.checks();
        (0..checks.len()).map(|index| collect_one(&self.engine, &checks, index)).collect()
    }
}

fn collect_one(engine: &Arc<Engine>, checks: &CheckSet, index: usize) -> CheckMetrics {
    let check = &checks[index];
    schedule::ensure(engine, check);
    if check.spec.interval().is_some() {
        let (_, is_recorded) = check.slot.read(&check.spec, Instant::now());
        if is_recorded {
            engine.publish();
        }
    }
    let (runs, age) = check.statistics.snapshot();
    let result = check.latest();
    let latest = |index: usize| checks[index].latest();
    let is_muted = match &result {
        Some(result) => checks.mute_of(index, result, latest).is_some(),
        None => check.muting.is_muted(),
    };
    let roots = result.as_ref().map(|result| checks.root_causes(index, result, latest)).unwrap_or_default();
    let is_drilled = result.as_ref().is_some_and(|result| result.drill.is_some());
    CheckMetrics {
        check: Arc::clone(&check.spec),
        result,
        age,
        runs,
        is_in_flight: check.slot.is_running(),
        is_muted,
        is_drilled,
        root_causes: roots.into_iter().map(|root| Arc::clone(&checks[root].spec)).collect(),
    }
}
