//! A reader of the recent changes, at a pace of its own.

use std::{fmt, sync::Arc};

use tokio::sync::watch::Receiver;

use super::{engine::Engine, lookup, schedule, slot::Lookup};
use crate::model::{Levels, Report, ReportEntry, StatusChange};

/// Maximum number of changes in one read, which bounds the memory of a slow reader.
const MAX_CHANGES_PER_READ: usize = 32;

/// A position in the recent changes of a monitor. Unlike a subscription it queues nothing: it is a number.
pub(crate) struct ChangeCursor {
    engine: Arc<Engine>,
    wakeups: Receiver<()>,
    /// The levels whose changes it reads, and among which changes are numbered for it.
    levels: Levels,
    last: u64,
}

impl ChangeCursor {
    /// Starts after the latest change.
    pub(super) fn new(engine: &Arc<Engine>, levels: Levels) -> Self {
        let wakeups = engine.changes.wakeups();
        Self { engine: Arc::clone(engine), wakeups, levels, last: engine.changes.recent.last_id(levels) }
    }

    /// Moves back to the position after the change with this number. Returns whether that number was read before.
    pub(crate) fn go_back(&mut self, id: u64) -> bool {
        let is_known = id <= self.last;
        if is_known {
            self.last = id;
        }
        is_known
    }

    /// Returns the number of the latest change that was read.
    pub(crate) const fn last(&self) -> u64 {
        self.last
    }

    /// Returns the next changes, the oldest first.
    ///
    /// # Errors
    /// The number of changes that are no longer kept.
    pub(crate) fn read(&mut self) -> Result<Vec<Arc<StatusChange>>, u64> {
        let changes = self.engine.changes.recent.after(self.levels, self.last, MAX_CHANGES_PER_READ)?;
        self.last = changes.last().map_or(self.last, |last| last.id_among(self.levels));
        Ok(changes)
    }

    /// Skips all changes up to the latest one.
    pub(crate) fn skip(&mut self) {
        self.last = self.engine.changes.recent.last_id(self.levels);
    }

    /// Returns the latest result of each check of its levels that has one, without running any. The result of a
    /// background check that is too old is stale, as in a report; other results may have any age.
    pub(crate) fn known(&self) -> Report {
        let engine = &self.engine;
        let mut entries = Vec::new();
        for (index, check) in engine.checks.iter().enumerate() {
            if !self.levels.contains(check.spec.level()) {
                continue;
            }
            schedule::ensure(engine, index);
            let latest = if check.spec.interval().is_some() {
                match lookup::one(engine, index, |_| None) {
                    Lookup::Done(result) => Some(result),
                    _ => None,
                }
            } else {
                engine.latest(index)
            };
            if let Some(result) = latest {
                let muted = engine.mute_of(index, &result, |index| engine.latest(index)).map(|muted| muted.mute);
                entries.push(ReportEntry { check: Arc::clone(&check.spec), result, muted });
            }
        }
        Report::new(self.levels.iter().collect(), entries)
    }

    /// Waits until there is something to read, or a drain begins; both may have happened long ago.
    ///
    /// Dropping the future loses nothing.
    pub(crate) async fn wait(&mut self) {
        // The sender lives as long as the engine.
        let _ = self.wakeups.changed().await;
    }
}

impl fmt::Debug for ChangeCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChangeCursor").field("last", &self.last).finish_non_exhaustive()
    }
}
