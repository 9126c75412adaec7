//! A queue of changes that one thread at a time delivers.

use std::{collections::VecDeque, sync::Arc};

use crate::{
    model::StatusChange,
    sync::{Mutex, lock},
};

/// A queue that one thread at a time drains. A thread that finds another one draining it leaves the change to that one.
#[derive(Debug, Default)]
pub(super) struct SerialQueue {
    state: Mutex<QueueState>,
}

#[derive(Debug, Default)]
struct QueueState {
    waiting: VecDeque<Arc<StatusChange>>,
    is_draining: bool,
}

impl SerialQueue {
    pub(super) fn push(&self, change: Arc<StatusChange>) {
        lock(&self.state).waiting.push_back(change);
    }

    /// Returns the exclusive right to drain the queue; `None` if it is empty or another thread has the right.
    pub(super) fn drain(&self) -> Option<DrainGuard<'_>> {
        let mut state = lock(&self.state);
        if state.waiting.is_empty() || std::mem::replace(&mut state.is_draining, true) {
            return None;
        }
        Some(DrainGuard { queue: self, is_over: false })
    }
}

/// The exclusive right to drain a queue.
pub(super) struct DrainGuard<'a> {
    queue: &'a SerialQueue,
    is_over: bool,
}

impl Iterator for DrainGuard<'_> {
    type Item = Arc<StatusChange>;

    /// Takes the next change. The right ends in the same moment in which the queue is found empty, so that no change is
    /// left behind.
    fn next(&mut self) -> Option<Arc<StatusChange>> {
        let mut state = lock(&self.queue.state);
        let next = state.waiting.pop_front();
        self.is_over = next.is_none();
        state.is_draining = next.is_some();
        next
    }
}

impl Drop for DrainGuard<'_> {
    /// Gives the right back after a panic.
    fn drop(&mut self) {
        if !self.is_over {
            lock(&self.queue.state).is_draining = false;
        }
    }
}
