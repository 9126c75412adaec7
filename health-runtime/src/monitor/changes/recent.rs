//! The latest changes of all checks, for clients that reconnect.

#[cfg(feature = "mcp")]
use std::time::SystemTime;
use std::{collections::VecDeque, sync::Arc};

use crate::{
    model::{Level, Levels, StatusChange},
    sync::{Mutex, lock},
};

/// Maximum number of changes that are kept for each level. Levels are separate, so that a caller misses nothing because
/// of changes that it may not see.
const MAX_CHANGES_PER_LEVEL: usize = 256;

type ByLevel = [VecDeque<Arc<StatusChange>>; Level::ALL.len()];

/// The latest changes, by level. Takes no memory before the first one.
#[derive(Debug, Default)]
pub(in crate::monitor) struct Recent {
    changes: Mutex<ByLevel>,
}

impl Recent {
    /// Adds the newest change, and drops the oldest of its level if there are too many.
    pub(in crate::monitor) fn push(&self, change: Arc<StatusChange>) {
        let changes = &mut lock(&self.changes)[change.level().index()];
        if changes.len() == MAX_CHANGES_PER_LEVEL {
            changes.pop_front();
        }
        changes.push_back(change);
    }

    /// Returns the number of the newest change among those of these levels; 0 before the first.
    #[cfg(feature = "events")]
    pub(in crate::monitor) fn last_id(&self, levels: Levels) -> u64 {
        last_id(&lock(&self.changes), levels)
    }

    /// Returns the changes of these levels that are kept, the oldest first, and the time since which none is missing;
    /// `None` if all are kept.
    #[cfg(feature = "mcp")]
    pub(in crate::monitor) fn kept(&self, levels: Levels) -> (Vec<Arc<StatusChange>>, Option<SystemTime>) {
        let changes = lock(&self.changes);
        let each = || levels.iter().map(|level| (level, &changes[level.index()]));
        let oldest_after_others = each().filter_map(|(level, changes)| {
            changes.front().filter(|oldest| oldest.id_among(Levels::one(level)) > 1).map(|oldest| oldest.at())
        });
        let complete_since = oldest_after_others.max();
        let mut kept: Vec<_> = each().flat_map(|(_, changes)| changes).cloned().collect();
        kept.sort_unstable_by_key(|change| change.id_among(levels));
        (kept, complete_since)
    }

    /// Returns the changes of these levels behind the one with this number, the oldest first.
    ///
    /// # Errors
    /// The number of changes behind it that are no longer kept.
    #[cfg(feature = "events")]
    pub(in crate::monitor) fn after(
        &self,
        levels: Levels,
        id: u64,
        at_most: usize,
    ) -> Result<Vec<Arc<StatusChange>>, u64> {
        let changes = lock(&self.changes);
        let kept = levels.iter().flat_map(|level| {
            let changes = &changes[level.index()];
            changes.range(changes.partition_point(|change| change.id_among(levels) <= id)..)
        });
        let mut kept: Vec<_> = kept.collect();
        let missed = last_id(&changes, levels).saturating_sub(id).saturating_sub(kept.len() as u64);
        if missed > 0 {
            return Err(missed);
        }
        kept.sort_unstable_by_key(|change| change.id_among(levels));
        Ok(kept.into_iter().take(at_most).cloned().collect())
    }
}

/// Returns the number of the newest change: the newest change of each level has the count of its level.
#[cfg(feature = "events")]
fn last_id(changes: &ByLevel, levels: Levels) -> u64 {
    let of_level = |level: Level| changes[level.index()].back().map_or(0, |change| change.id_among(Levels::one(level)));
    levels.iter().map(of_level).sum()
}
