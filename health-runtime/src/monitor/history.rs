//! The latest changes of one check, kept to be looked up.

use std::{collections::VecDeque, sync::Arc};

use crate::{
    model::StatusChange,
    sync::{Mutex, lock},
};

/// How many changes of each check are kept.
const OF_A_CHECK: usize = 64;

/// How many bytes of a message are kept: whole sentences, and not the page of HTML that a partner answers with.
const OF_A_MESSAGE: usize = 1024;

/// Takes no memory before there is something to keep: most checks never change.
#[derive(Debug, Default)]
pub(super) struct History {
    changes: Mutex<VecDeque<Arc<StatusChange>>>,
}

impl History {
    /// A change as it is kept, however long its message is.
    pub(super) fn kept(change: &Arc<StatusChange>) -> Arc<StatusChange> {
        change.shortened(OF_A_MESSAGE).map_or_else(|| Arc::clone(change), Arc::new)
    }

    /// Adds the newest, and drops the oldest if there are too many.
    pub(super) fn push(&self, change: Arc<StatusChange>) {
        let mut changes = lock(&self.changes);
        if changes.len() == OF_A_CHECK {
            changes.pop_front();
        }
        changes.push_back(change);
    }

    /// All that are kept, the oldest first.
    pub(super) fn all(&self) -> Vec<Arc<StatusChange>> {
        lock(&self.changes).iter().cloned().collect()
    }
}
