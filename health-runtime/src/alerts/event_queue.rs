//! The events that wait for a webhook.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use tokio::sync::Notify;

use crate::sync::{Mutex, lock};

/// Maximum number of events that wait. Above it, the oldest are dropped and counted.
pub(super) const MAX_WAITING_EVENTS: usize = 256;

/// An event, the same in each attempt to deliver it.
#[derive(Debug)]
pub(super) struct QueuedEvent {
    pub(super) id: String,
    pub(super) body: String,
    /// Number of attempts that the receiver refused.
    refusals: AtomicU32,
}

impl QueuedEvent {
    pub(super) const fn new(id: String, body: String) -> Self {
        Self { id, body, refusals: AtomicU32::new(0) }
    }

    /// Counts a refused attempt. Returns the number of them.
    pub(super) fn count_refusal(&self) -> u32 {
        self.refusals.fetch_add(1, Ordering::Relaxed) + 1
    }
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

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Step {
        Push(u16),
        /// A delivery begins, and ends after so many further events.
        Deliver {
            pushed_meanwhile: u16,
            is_taken: bool,
        },
        Lose(u8),
        Count,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (0..200_u16).prop_map(Step::Push),
            (0..300_u16, any::<bool>())
                .prop_map(|(pushed_meanwhile, is_taken)| Step::Deliver { pushed_meanwhile, is_taken }),
            any::<u8>().prop_map(Step::Lose),
            Just(Step::Count),
        ]
    }

    proptest! {
        /// Each event is delivered, dropped or waiting, and those that are delivered keep their order.
        #[test]
        fn no_event_is_lost_uncounted(steps in prop::collection::vec(step(), 1..60)) {
            let queue = EventQueue::default();
            let (mut pushed, mut lost, mut delivered, mut counted) = (0_u64, 0_u64, Vec::new(), 0_u64);
            let mut push = |count: u16| {
                for _ in 0..count {
                    queue.push(QueuedEvent::new(format!("{pushed}"), String::new()));
                    pushed += 1;
                }
            };
            for step in steps {
                match step {
                    Step::Push(count) => push(count),
                    Step::Deliver { pushed_meanwhile, is_taken } => {
                        let Some(event) = queue.front().now_or_never().flatten() else { continue };
                        push(pushed_meanwhile);
                        if is_taken {
                            queue.remove(&event);
                            delivered.push(event.id.parse::<u64>().expect("a number"));
                        } else {
                            queue.give_up(&event);
                        }
                    }
                    Step::Lose(count) => {
                        queue.count_lost(count.into());
                        lost += u64::from(count);
                    }
                    Step::Count => counted += queue.take_dropped(),
                }
                prop_assert!(queue.len() <= MAX_WAITING_EVENTS);
            }
            counted += queue.take_dropped();
            prop_assert!(delivered.is_sorted_by(|one, other| one < other), "{:?}", delivered);
            prop_assert_eq!(pushed + lost, delivered.len() as u64 + counted + queue.len() as u64);
            queue.close();
            while let Some(event) = queue.front().now_or_never().flatten() {
                queue.remove(&event);
            }
            prop_assert!(matches!(queue.front().now_or_never(), Some(None)), "a closed and empty queue ends");
        }
    }
}
