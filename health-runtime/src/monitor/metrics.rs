//! The numbers of every check, for a scrape.

use std::sync::Arc;

use tokio::time::Instant;

use super::{engine::Engine, schedule};
use crate::model::CheckMetrics;

/// Returns the numbers of every check, without running any. A background check that is too old becomes stale, and one
/// whose task is gone gets another one, as with every request.
pub(super) fn collect(engine: &Arc<Engine>) -> Vec<CheckMetrics> {
    (0..engine.checks.len()).map(|index| collect_one(engine, index)).collect()
}

fn collect_one(engine: &Arc<Engine>, index: usize) -> CheckMetrics {
    schedule::ensure(engine, index);
    let check = &engine.checks[index];
    if check.spec.interval().is_some() {
        let (_, is_recorded) = check.slot.read(&check.spec, Instant::now());
        if is_recorded {
            engine.publish();
        }
    }
    let (runs, age) = check.statistics.snapshot();
    let result = engine.latest(index);
    let is_muted = match &result {
        Some(result) => engine.mute_of(index, result, |index| engine.latest(index)).is_some(),
        None => check.muting.is_muted(),
    };
    CheckMetrics { check: Arc::clone(&check.spec), result, age, runs, is_in_flight: check.slot.is_running(), is_muted }
}
