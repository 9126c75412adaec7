//! The part of a monitor that belongs to the receivers of its alerts.

use std::{
    fmt,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::sync::{Mutex, lock};

/// A task that is not spawned yet.
type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Tasks that wait for a Tokio runtime, and what they count.
#[derive(Default)]
pub(super) struct Alerting {
    waiting: Mutex<Vec<Task>>,
    deliveries: Mutex<Vec<Arc<DeliveryCounts>>>,
}

/// Numbers of a receiver of alerts since the start.
#[derive(Debug)]
pub(crate) struct DeliveryCounts {
    pub(crate) receiver: String,
    failures: AtomicU64,
    dropped: AtomicU64,
}

impl Alerting {
    pub(super) fn push(&self, task: Task) {
        lock(&self.waiting).push(task);
    }

    pub(super) fn take_tasks(&self) -> Vec<Task> {
        std::mem::take(&mut *lock(&self.waiting))
    }

    pub(super) fn has_tasks(&self) -> bool {
        !lock(&self.waiting).is_empty()
    }

    /// Returns the numbers of a receiver, which all of its tasks share.
    pub(super) fn counts(&self, receiver: &str) -> Arc<DeliveryCounts> {
        let mut deliveries = lock(&self.deliveries);
        let known = deliveries.iter().find(|counts| counts.receiver == receiver).cloned();
        known.unwrap_or_else(|| {
            let [failures, dropped] = Default::default();
            let counts = Arc::new(DeliveryCounts { receiver: receiver.to_owned(), failures, dropped });
            deliveries.push(Arc::clone(&counts));
            counts
        })
    }

    #[cfg(feature = "metrics")]
    pub(super) fn deliveries(&self) -> Vec<Arc<DeliveryCounts>> {
        lock(&self.deliveries).clone()
    }
}

impl DeliveryCounts {
    pub(crate) fn count_failure(&self) {
        self.failures.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_dropped(&self, events: u64) {
        self.dropped.fetch_add(events, Ordering::Relaxed);
    }

    /// Returns the numbers of failed requests and of dropped events.
    #[cfg(feature = "metrics")]
    pub(crate) fn totals(&self) -> [u64; 2] {
        [&self.failures, &self.dropped].map(|number| number.load(Ordering::Relaxed))
    }
}

impl fmt::Debug for Alerting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Alerting").field("deliveries", &self.deliveries).finish_non_exhaustive()
    }
}
