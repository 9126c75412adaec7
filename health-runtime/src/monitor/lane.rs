//! Changes that wait for somebody who sees to them: one at a time, in order.

use std::{collections::VecDeque, sync::Arc};

use crate::{
    model::StatusChange,
    sync::{Mutex, lock},
};

/// Whoever finds somebody at it leaves the change to them.
#[derive(Debug, Default)]
pub(super) struct Lane {
    queue: Mutex<Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<Arc<StatusChange>>,
    is_seen_to: bool,
}

impl Lane {
    /// Adds the newest.
    pub(super) fn push(&self, change: Arc<StatusChange>) {
        lock(&self.queue).waiting.push_back(change);
    }

    /// The right to see to them, if there is something to do and nobody is at it.
    pub(super) fn turn(&self) -> Option<Turn<'_>> {
        let mut queue = lock(&self.queue);
        if queue.waiting.is_empty() || std::mem::replace(&mut queue.is_seen_to, true) {
            return None;
        }
        Some(Turn { lane: self, is_over: false })
    }
}

/// The right to see to what waits, which one at a time has.
pub(super) struct Turn<'a> {
    lane: &'a Lane,
    is_over: bool,
}

impl Iterator for Turn<'_> {
    type Item = Arc<StatusChange>;

    /// The next change. With none left the turn is over in the same moment, so that none is left lying.
    fn next(&mut self) -> Option<Arc<StatusChange>> {
        let mut queue = lock(&self.lane.queue);
        let next = queue.waiting.pop_front();
        self.is_over = next.is_none();
        queue.is_seen_to = next.is_some();
        next
    }
}

impl Drop for Turn<'_> {
    /// For a turn that a panic ends early.
    fn drop(&mut self) {
        if !self.is_over {
            lock(&self.lane.queue).is_seen_to = false;
        }
    }
}
