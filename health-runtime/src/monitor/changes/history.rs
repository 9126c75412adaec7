//! The latest changes of one check.

use std::{collections::VecDeque, sync::Arc};

use crate::{
    model::StatusChange,
    sync::{Mutex, lock},
};

/// Maximum number of changes that are kept for each check.
const MAX_CHANGES_PER_CHECK: usize = 64;

/// The latest changes of one check. Takes no memory before the first one: most checks never change.
#[derive(Debug, Default)]
pub(in crate::monitor) struct History {
    changes: Mutex<VecDeque<Arc<StatusChange>>>,
}

impl History {
    /// Adds the newest change, and drops the oldest if there are too many.
    pub(super) fn push(&self, change: Arc<StatusChange>) {
        let mut changes = lock(&self.changes);
        if changes.len() == MAX_CHANGES_PER_CHECK {
            changes.pop_front();
        }
        changes.push_back(change);
    }

    /// Returns all changes that are kept, the oldest first.
    pub(in crate::monitor) fn all(&self) -> Vec<Arc<StatusChange>> {
        lock(&self.changes).iter().cloned().collect()
    }
}
