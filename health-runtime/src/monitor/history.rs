//! The latest changes, kept to be looked up: those of one check, or those of all.

use std::{
    collections::VecDeque,
    sync::{Arc, PoisonError},
};

use crate::{
    model::StatusChange,
    sync::{Mutex, MutexGuard},
};

/// How many changes of each check are kept.
const OF_A_CHECK: usize = 64;

/// How many bytes of a message are kept: whole sentences, and not the page of HTML that a partner answers with.
const OF_A_MESSAGE: usize = 1024;

#[derive(Debug)]
pub(super) struct History {
    capacity: usize,
    changes: Mutex<VecDeque<Arc<StatusChange>>>,
}

impl Default for History {
    fn default() -> Self {
        Self::of(OF_A_CHECK)
    }
}

impl History {
    /// One that keeps so many. It takes no memory before there is something to keep: most checks never change.
    pub(super) fn of(capacity: usize) -> Self {
        Self { capacity, changes: Mutex::default() }
    }

    /// A change as it is kept, however long its message is.
    pub(super) fn kept(change: &Arc<StatusChange>) -> Arc<StatusChange> {
        change.shortened(OF_A_MESSAGE).map_or_else(|| Arc::clone(change), Arc::new)
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Arc<StatusChange>>> {
        // Nothing panics while it holds the lock.
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds the newest, and drops the oldest if there are too many.
    pub(super) fn push(&self, change: Arc<StatusChange>) {
        let mut changes = self.lock();
        if changes.len() == self.capacity {
            changes.pop_front();
        }
        changes.push_back(change);
    }

    /// The number of the newest; 0 before the first.
    #[cfg(feature = "events")]
    pub(super) fn last_id(&self) -> u64 {
        self.lock().back().map_or(0, |change| change.id())
    }

    /// Those that are kept of the ones behind the change of this number, so many at most, the oldest first.
    #[cfg(feature = "events")]
    pub(super) fn after(&self, id: u64, at_most: usize) -> Vec<Arc<StatusChange>> {
        let changes = self.lock();
        let start = changes.partition_point(|change| change.id() <= id);
        changes.range(start..).take(at_most).cloned().collect()
    }

    /// All that are kept, the oldest first.
    pub(super) fn all(&self) -> Vec<Arc<StatusChange>> {
        self.lock().iter().cloned().collect()
    }
}
