//! What is known at this moment, without running anything.

use std::sync::Arc;

use super::{excuse::mute_of, observe, schedule, shared::Shared, slot::Observation};
use crate::model::{Levels, Report, ReportEntry};

/// The latest result of each check of these levels that has one. A background check that is too old is stale here as anywhere; for the
/// others it is for the reader to say how old is too old.
pub(super) fn report(shared: &Arc<Shared>, levels: Levels) -> Report {
    let mut entries = Vec::new();
    for (index, check) in shared.checks.iter().enumerate().filter(|(_, check)| levels.contains(check.spec.level())) {
        schedule::ensure(shared, index);
        let latest = if check.spec.interval().is_some() {
            match observe::one(shared, index, |_| None) {
                Observation::Settled(result) => Some(result),
                _ => None,
            }
        } else {
            shared.latest(index)
        };
        if let Some(result) = latest {
            let muted = mute_of(shared, index, &result, |index| shared.latest(index)).map(|muted| muted.mute);
            entries.push(ReportEntry { check: Arc::clone(&check.spec), result, muted });
        }
    }
    Report::new(levels.iter().collect(), entries)
}
