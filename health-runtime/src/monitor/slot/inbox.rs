//! News of runs, from the slots to their observers.

use std::{
    sync::{Arc, Weak},
    task::{Context, Poll, Waker},
};

use tokio::time::Instant;

use crate::{
    model::CheckResult,
    sync::{Mutex, lock},
};

/// The progress of a run, as its observers see it.
#[derive(Clone, Debug)]
pub(in crate::monitor) enum Progress {
    /// It waits for the checks that it depends on.
    Waiting,
    /// The function runs, up to this time.
    Running { deadline: Instant },
    /// It is over, or given up.
    Completed(Arc<CheckResult>),
    /// It was dropped with its runtime.
    CutOff,
}

/// The news of all runs that one observer waits for. An observer has one inbox, however many runs it waits for.
#[derive(Debug, Default)]
pub(in crate::monitor) struct Inbox {
    state: Mutex<InboxState>,
}

#[derive(Debug, Default)]
struct InboxState {
    news: Vec<News>,
    waker: Option<Waker>,
}

/// The progress of the run with this key.
pub(in crate::monitor) type News = (usize, Progress);

impl Inbox {
    /// Returns the address for news of one run, which is called by `key` in them.
    pub(in crate::monitor) fn address(self: &Arc<Self>, key: usize) -> Address {
        Address { inbox: Arc::downgrade(self), key }
    }

    pub(in crate::monitor) fn has_news(&self) -> bool {
        !lock(&self.state).news.is_empty()
    }

    /// Takes all news, in the order in which they came. `taken` is empty before and not after.
    pub(in crate::monitor) fn poll_take(&self, context: &Context<'_>, taken: &mut Vec<News>) -> Poll<()> {
        let mut state = lock(&self.state);
        if state.news.is_empty() {
            match &mut state.waker {
                Some(waker) => waker.clone_from(context.waker()),
                none => *none = Some(context.waker().clone()),
            }
            return Poll::Pending;
        }
        std::mem::swap(&mut state.news, taken);
        Poll::Ready(())
    }
}

/// The address of an observer for the news of one run. Keeps no observer alive.
#[derive(Clone, Debug)]
pub(in crate::monitor) struct Address {
    inbox: Weak<Inbox>,
    key: usize,
}

impl Address {
    fn send(&self, progress: Progress) {
        let Some(inbox) = self.inbox.upgrade() else { return };
        let waker = {
            let mut state = lock(&inbox.state);
            state.news.push((self.key, progress));
            state.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// The addresses of everybody who waits for one run. Takes no memory while nobody does.
#[derive(Clone, Debug, Default)]
pub(super) struct Addresses(Vec<Address>);

impl Addresses {
    /// Adds one. Before it takes more memory, it forgets observers that are gone: a run may hang for hours, and clients
    /// come and go.
    pub(super) fn add(&mut self, address: Address) {
        if self.0.len() == self.0.capacity() {
            self.0.retain(|address| address.inbox.strong_count() > 0);
            // At least as many may come before the next look at all of them.
            self.0.reserve(self.0.len());
        }
        self.0.push(address);
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Sends news to all of them. Not under the lock of a slot, because it wakes tasks.
    pub(super) fn send(self, progress: &Progress) {
        for address in self.0 {
            address.send(progress.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An observer leaves before each new one. A scan for each new one would cost the square of their number.
    #[test]
    fn gone_observers_are_forgotten_in_few_scans() {
        let mut addresses = Addresses::default();
        let mut inboxes: Vec<Arc<Inbox>> = Vec::new();
        let mut scans = 0;
        for number in 0..4_096 {
            if number >= 1_024 {
                inboxes.swap_remove(0);
            }
            let inbox = Arc::<Inbox>::default();
            scans += usize::from(addresses.0.len() == addresses.0.capacity());
            addresses.add(inbox.address(number));
            inboxes.push(inbox);
            assert!(addresses.0.capacity() <= 4 * 1_024, "{}", addresses.0.capacity());
        }
        assert!(scans < 16, "{scans} scans");
    }
}
