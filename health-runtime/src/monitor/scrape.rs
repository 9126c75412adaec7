//! What a scrape gets.

use std::sync::Arc;

use tokio::time::Instant;

use super::{schedule, shared::Shared};
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
        CheckMetrics {
            check: Arc::clone(&check.spec),
            result: check.slot.latest().map(|latest| latest.result),
            age,
            runs,
            is_in_flight: check.slot.is_in_flight(),
            is_muted: check.muting.is_muted(),
        }
    };
    (0..shared.checks.len()).map(collect_one).collect()
}
