//! Changes of status, from the slots to those who want to know: each once, in the order in which they happened.

use std::sync::Arc;

use tokio::sync::{
    broadcast::{Receiver, Sender},
    watch,
};

#[cfg(feature = "events")]
use super::recent::Recent;
use super::{change, history::History, lane::Lane, muting::Muting};
use crate::{
    log::{self, Topic},
    model::{ChangeCounts, CheckResult, CheckSpec, StatusChange},
    sync::{Mutex, lock},
};

/// How many changes are kept for one who is slow to take them.
const KEPT: usize = 64;

/// The way that all changes of a monitor take.
///
/// A slot puts a change in under its own lock, so the order is that of the results; nobody is told before the lock
/// is released. One thread at a time tells; the log has a thread of its own, because it may block.
#[derive(Debug)]
pub(super) struct Events {
    /// By level.
    changes_so_far: Mutex<ChangeCounts>,
    to_tell: Lane,
    subscribers: Sender<Arc<StatusChange>>,
    #[cfg(feature = "events")]
    pub(super) recent: Recent,
    /// Wakes those who look into `recent` by themselves, also when a drain begins.
    pub(super) news: watch::Sender<()>,
    /// A test's kit, which misses no change however many come at once.
    #[cfg(feature = "testing")]
    record: std::sync::OnceLock<tokio::sync::mpsc::UnboundedSender<Arc<StatusChange>>>,
}

impl Default for Events {
    fn default() -> Self {
        Self {
            changes_so_far: Mutex::default(),
            to_tell: Lane::default(),
            subscribers: Sender::new(KEPT),
            #[cfg(feature = "events")]
            recent: Recent::default(),
            news: watch::Sender::default(),
            #[cfg(feature = "testing")]
            record: std::sync::OnceLock::new(),
        }
    }
}

impl Events {
    pub(super) fn subscribe(&self) -> Receiver<Arc<StatusChange>> {
        self.subscribers.subscribe()
    }

    /// Gives a change its number, and keeps it to be told and to be looked up.
    fn put(&self, change: StatusChange, history: &History) {
        let mut changes_so_far = lock(&self.changes_so_far);
        let change = Arc::new(change.numbered(&mut changes_so_far));
        let kept = History::kept(&change);
        #[cfg(feature = "events")]
        self.recent.push(Arc::clone(&kept));
        history.push(kept);
        self.to_tell.push(change);
    }

    /// All changes from now on, for the first who asks for them.
    #[cfg(feature = "testing")]
    pub(super) fn record(&self) -> tokio::sync::mpsc::UnboundedReceiver<Arc<StatusChange>> {
        let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
        let _ = self.record.set(sender);
        receiver
    }

    /// Tells subscribers and the log what is untold, unless another thread is at it. No lock is held meanwhile: what
    /// hears of a change may well cause the next.
    pub(super) fn tell(&self) {
        for change in self.to_tell.turn().into_iter().flatten() {
            #[cfg(feature = "testing")]
            if let Some(record) = self.record.get() {
                let _ = record.send(Arc::clone(&change));
            }
            // Nobody may be subscribed.
            let _ = self.subscribers.send(Arc::clone(&change));
            self.news.send_replace(());
            log::write(Topic::Checks, move || change::log(&change));
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
    /// [`Events::tell`] after it. An excused change counts for nothing, like one of a muted check.
    pub(super) fn put(&self, spec: &CheckSpec, before: Option<&CheckResult>, result: &CheckResult, is_excused: bool) {
        if let Some(change) = StatusChange::between(spec, before, result, || is_excused || self.muting.is_muted()) {
            self.events.put(change, &self.history);
        }
    }
}
