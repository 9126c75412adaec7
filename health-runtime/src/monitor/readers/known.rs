//! The latest results, for readers that run nothing.

use std::sync::Arc;

use tokio::time::Instant;

use crate::{
    model::{Levels, Report, ReportEntry},
    monitor::{drills, engine::Engine, lookup, schedule, slot::Lookup},
};

/// Returns the latest result of each check of these levels that has one, without running any. The result of a
/// background check that is too old is stale, as in a report; other results may have any age.
pub(super) fn report(engine: &Arc<Engine>, levels: Levels) -> Report {
    drills::end_expired(engine);
    let checks = engine.checks();
    let mut entries = Vec::new();
    for (index, check) in checks.iter().enumerate() {
        if !levels.contains(check.spec.level()) {
            continue;
        }
        schedule::ensure(engine, check);
        let latest = if check.spec.interval().is_some() {
            match lookup::read(engine, check, Instant::now()) {
                Lookup::Done(result) => Some(result),
                _ => None,
            }
        } else {
            check.latest()
        };
        if let Some(result) = latest {
            let muted = checks.mute_of(index, &result, |index| checks[index].latest()).map(|muted| muted.mute);
            let drill = check.drill(&result);
            entries.push(ReportEntry { check: Arc::clone(&check.spec), result, muted, drill });
        }
    }
    Report::new(Arc::clone(engine.loop_guard.instance.service()), levels.iter().collect(), entries)
}
