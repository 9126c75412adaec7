//! Changes of status, from the slots to those who want to know: each once, in the order in which they happened.

use std::{
    collections::VecDeque,
    sync::{Arc, PoisonError},
};

use tokio::sync::broadcast::{Receiver, Sender};

use super::{change, muting::Muting};
use crate::{
    model::{CheckResult, CheckSpec, StatusChange},
    sync::{Mutex, MutexGuard},
};

/// How many changes are kept for one who is slow to take them.
const KEPT: usize = 64;

/// The way that all changes of a monitor take.
///
/// A slot puts a change in under its own lock, so the order is that of the results; nobody is told before the lock
/// is released. One at a time tells: whoever finds somebody at it leaves the change to them.
#[derive(Debug)]
pub(super) struct Events {
    queue: Mutex<Queue>,
    subscribers: Sender<Arc<StatusChange>>,
}

#[derive(Debug, Default)]
struct Queue {
    untold: VecDeque<Arc<StatusChange>>,
    is_being_told: bool,
}

impl Default for Events {
    fn default() -> Self {
        Self { queue: Mutex::default(), subscribers: Sender::new(KEPT) }
    }
}

impl Events {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        // Nothing panics while it holds the lock.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn subscribe(&self) -> Receiver<Arc<StatusChange>> {
        self.subscribers.subscribe()
    }

    /// Tells what is untold, unless somebody is at it. No lock is held meanwhile: what hears of a change may well
    /// cause the next.
    pub(super) fn tell(&self) {
        let Some(mut turn) = Turn::take(self) else { return };
        while let Some(change) = turn.next() {
            // Nobody may be subscribed.
            let _ = self.subscribers.send(Arc::clone(&change));
            // Last, because it is the only one that somebody else's code can hold up.
            change::log(&change);
        }
    }
}

/// The right to tell, which one at a time has.
struct Turn<'a> {
    events: &'a Events,
    is_over: bool,
}

impl<'a> Turn<'a> {
    fn take(events: &'a Events) -> Option<Self> {
        let mut queue = events.lock();
        if queue.untold.is_empty() || std::mem::replace(&mut queue.is_being_told, true) {
            return None;
        }
        Some(Self { events, is_over: false })
    }

    /// The next change. With none left the turn is over in the same moment, so that none is left lying.
    fn next(&mut self) -> Option<Arc<StatusChange>> {
        let mut queue = self.events.lock();
        let next = queue.untold.pop_front();
        self.is_over = next.is_none();
        queue.is_being_told = next.is_some();
        next
    }
}

impl Drop for Turn<'_> {
    /// For a turn that a panic in the log ends early.
    fn drop(&mut self) {
        if !self.is_over {
            self.events.lock().is_being_told = false;
        }
    }
}

/// Where one check's slot puts its changes.
#[derive(Debug)]
pub(super) struct Outbox {
    events: Arc<Events>,
    muting: Arc<Muting>,
}

impl Outbox {
    pub(super) const fn new(events: Arc<Events>, muting: Arc<Muting>) -> Self {
        Self { events, muting }
    }

    /// Puts in what changed between two results, if the status did. To be called under the slot's lock, and
    /// [`Events::tell`] after it.
    pub(super) fn put(&self, spec: &CheckSpec, before: Option<&CheckResult>, result: &CheckResult) {
        if let Some(change) = StatusChange::between(spec, before, result, || self.muting.is_muted()) {
            self.events.lock().untold.push_back(Arc::new(change));
        }
    }
}
