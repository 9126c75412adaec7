//! The events that wait for a webhook.

use std::{collections::VecDeque, sync::Arc};

use tokio::sync::Notify;

use crate::sync::{Mutex, lock};

/// Maximum number of events that wait. Above it, the oldest are dropped and counted.
pub(super) const MAX_WAITING_EVENTS: usize = 256;

/// An event, the same in each attempt to deliver it.
#[derive(Debug)]
pub(super) struct QueuedEvent {
    pub(super) id: String,
    pub(super) body: String,
}

/// A queue that drops its oldest events rather than delay those who fill it.
#[derive(Debug, Default)]
pub(super) struct EventQueue {
    state: Mutex<Waiting>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    events: VecDeque<Arc<QueuedEvent>>,
    dropped: u64,
    is_closed: bool,
}

impl EventQueue {
    pub(super) fn push(&self, event: QueuedEvent) {
        let mut state = lock(&self.state);
        if state.events.len() == MAX_WAITING_EVENTS {
            state.events.pop_front();
            state.dropped += 1;
        }
        state.events.push_back(Arc::new(event));
        drop(state);
        self.changed.notify_one();
    }

    /// Counts events that were lost before they came here.
    pub(super) fn count_lost(&self, count: u64) {
        lock(&self.state).dropped += count;
    }

    /// Announces that no event follows.
    pub(super) fn close(&self) {
        lock(&self.state).is_closed = true;
        self.changed.notify_one();
    }

    /// Waits for the oldest event, which stays in the queue; `None` if it is empty and closed.
    pub(super) async fn front(&self) -> Option<Arc<QueuedEvent>> {
        loop {
            {
                let state = lock(&self.state);
                match state.events.front() {
                    Some(event) => return Some(Arc::clone(event)),
                    None if state.is_closed => return None,
                    None => {}
                }
            }
            self.changed.notified().await;
        }
    }

    /// Removes an event that was delivered. If it was dropped meanwhile, it no longer counts as dropped.
    pub(super) fn remove(&self, event: &Arc<QueuedEvent>) {
        let mut state = lock(&self.state);
        if state.events.front().is_some_and(|front| Arc::ptr_eq(front, event)) {
            state.events.pop_front();
        } else {
            state.dropped = state.dropped.saturating_sub(1);
        }
    }

    /// Drops an event that cannot be delivered.
    pub(super) fn give_up(&self, event: &Arc<QueuedEvent>) {
        self.remove(event);
        lock(&self.state).dropped += 1;
    }

    /// Returns the number of events dropped since the last call.
    pub(super) fn take_dropped(&self) -> u64 {
        std::mem::take(&mut lock(&self.state).dropped)
    }

    pub(super) fn len(&self) -> usize {
        lock(&self.state).events.len()
    }
}
