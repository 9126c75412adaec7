use std::{
    future::poll_fn,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::Poll,
};

use futures_util::task::AtomicWaker;

/// State of one connection, shared with the list of connections, which may evict it.
///
/// A connection is answering from the moment its request is read until the last byte of the response is sent; otherwise it
/// waits for its client.
pub(crate) struct Activity {
    is_handling: AtomicBool,
    has_unsent_bytes: AtomicBool,
    /// Counts the changes of all connections of a listener.
    changes: Arc<AtomicU64>,
    last_change: AtomicU64,
    is_evicted: AtomicBool,
    /// The task of the connection, which alone waits for its eviction.
    waker: AtomicWaker,
}

impl Activity {
    pub(super) fn new(changes: &Arc<AtomicU64>) -> Arc<Self> {
        let activity = Self {
            is_handling: AtomicBool::new(false),
            has_unsent_bytes: AtomicBool::new(false),
            changes: Arc::clone(changes),
            last_change: AtomicU64::new(0),
            is_evicted: AtomicBool::new(false),
            waker: AtomicWaker::new(),
        };
        activity.stamp();
        Arc::new(activity)
    }

    pub(crate) fn is_answering(&self) -> bool {
        self.is_handling.load(Ordering::Relaxed) || self.has_unsent_bytes.load(Ordering::Relaxed)
    }

    /// Number of the last change between waiting and answering. The oldest state has the lowest number.
    pub(super) fn last_change(&self) -> u64 {
        self.last_change.load(Ordering::Relaxed)
    }

    /// Counts a request as being handled until the guard is dropped, and then its response as unsent.
    pub(crate) fn handle_request(self: &Arc<Self>) -> HandlingGuard {
        self.is_handling.store(true, Ordering::Relaxed);
        self.stamp();
        HandlingGuard(Arc::clone(self))
    }

    /// Marks the connection as having bytes to send.
    #[cfg(feature = "server")]
    pub(crate) fn begin_sending(&self) {
        self.has_unsent_bytes.store(true, Ordering::Relaxed);
    }

    /// Marks everything as sent.
    pub(crate) fn finish_sending(&self) {
        if self.has_unsent_bytes.swap(false, Ordering::Relaxed) {
            self.stamp();
        }
    }

    /// Asks the connection to end.
    pub(super) fn evict(&self) {
        self.is_evicted.store(true, Ordering::Release);
        self.waker.wake();
    }

    /// Waits until the connection is asked to end. Only its own task may wait, at any number of places.
    pub(crate) async fn evicted(&self) {
        poll_fn(|context| {
            // First, so that an eviction after the look wakes the task.
            self.waker.register(context.waker());
            if self.is_evicted.load(Ordering::Acquire) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    fn stamp(&self) {
        self.last_change.store(self.changes.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
    }
}

pub(crate) struct HandlingGuard(Arc<Activity>);

impl Drop for HandlingGuard {
    fn drop(&mut self) {
        self.0.has_unsent_bytes.store(true, Ordering::Relaxed);
        self.0.is_handling.store(false, Ordering::Relaxed);
    }
}
