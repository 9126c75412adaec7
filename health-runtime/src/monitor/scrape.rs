//! What a scrape gets.

use std::sync::Arc;

use tokio::time::Instant;

use super::{excuse::mute_of, schedule, shared::Shared};
use crate::model::CheckMetrics;

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
        let (runs, age) = check.statistics.so_far();
        let result = shared.latest(index);
        let is_muted = match &result {
            Some(result) => mute_of(shared, index, result, |index| shared.latest(index)).is_some(),
            None => check.muting.is_muted(),
        };
        CheckMetrics {
            check: Arc::clone(&check.spec),
            result,
            age,
            runs,
            is_in_flight: check.slot.is_in_flight(),
            is_muted,
        }
    };
    (0..shared.checks.len()).map(collect_one).collect()
}
