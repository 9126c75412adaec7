//! Changes of status, from the slots to those who want to know: each once, in the order in which they happened.

use std::{
    collections::VecDeque,
    sync::{Arc, PoisonError},
};

use tokio::sync::{
    broadcast::{Receiver, Sender},
    watch,
};

use super::{change, history::History, muting::Muting};
use crate::{
    model::{CheckResult, CheckSpec, StatusChange},
    sync::{Mutex, MutexGuard},
};

/// How many changes are kept for one who is slow to take them.
const KEPT: usize = 64;

/// How many of the latest changes of all checks are kept, for those who come back after a time.
const RECENT: usize = 256;

/// The way that all changes of a monitor take.
///
/// A slot puts a change in under its own lock, so the order is that of the results; nobody is told before the lock
/// is released. One at a time tells: whoever finds somebody at it leaves the change to them.
#[derive(Debug)]
pub(super) struct Events {
    queue: Mutex<Queue>,
    subscribers: Sender<Arc<StatusChange>>,
    pub(super) recent: History,
    /// Wakes those who look into `recent` by themselves, also when a drain begins.
    pub(super) news: watch::Sender<()>,
    /// A test's kit, which misses no change however many come at once.
    #[cfg(feature = "testing")]
    record: std::sync::OnceLock<tokio::sync::mpsc::UnboundedSender<Arc<StatusChange>>>,
}

#[derive(Debug, Default)]
struct Queue {
    untold: VecDeque<Arc<StatusChange>>,
    is_being_told: bool,
    changes_so_far: u64,
}

impl Default for Events {
    fn default() -> Self {
        Self {
            queue: Mutex::default(),
            subscribers: Sender::new(KEPT),
            recent: History::of(RECENT),
            news: watch::Sender::default(),
            #[cfg(feature = "testing")]
            record: std::sync::OnceLock::new(),
        }
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

    /// Gives a change its number, and keeps it to be told and to be looked up.
    fn put(&self, change: StatusChange, history: &History) {
        let mut queue = self.lock();
        queue.changes_so_far += 1;
        let change = Arc::new(change.numbered(queue.changes_so_far));
        let kept = History::kept(&change);
        history.push(Arc::clone(&kept));
        self.recent.push(kept);
        queue.untold.push_back(change);
    }

    /// All changes from now on, for the first who asks for them.
    #[cfg(feature = "testing")]
    pub(super) fn record(&self) -> tokio::sync::mpsc::UnboundedReceiver<Arc<StatusChange>> {
        let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
        let _ = self.record.set(sender);
        receiver
    }

    /// Tells what is untold, unless somebody is at it. No lock is held meanwhile: what hears of a change may well
    /// cause the next.
    pub(super) fn tell(&self) {
        let Some(mut turn) = Turn::take(self) else { return };
        while let Some(change) = turn.next() {
            #[cfg(feature = "testing")]
            if let Some(record) = self.record.get() {
                let _ = record.send(Arc::clone(&change));
            }
            // Nobody may be subscribed.
            let _ = self.subscribers.send(Arc::clone(&change));
            self.news.send_replace(());
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
    history: Arc<History>,
}

impl Outbox {
    pub(super) const fn new(events: Arc<Events>, muting: Arc<Muting>, history: Arc<History>) -> Self {
        Self { events, muting, history }
    }

    /// Puts in what changed between two results, if the status did. To be called under the slot's lock, and
    /// [`Events::tell`] after it.
    pub(super) fn put(&self, spec: &CheckSpec, before: Option<&CheckResult>, result: &CheckResult) {
        if let Some(change) = StatusChange::between(spec, before, result, || self.muting.is_muted()) {
            self.events.put(change, &self.history);
        }
    }
}
