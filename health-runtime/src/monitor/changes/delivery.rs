//! Changes of status, from the slots to subscribers, histories and the log: each once, in the order in which they
//! happened.

use std::sync::Arc;

use tokio::{
    sync::{
        broadcast::{Receiver, Sender},
        watch,
    },
    time::Instant,
};

#[cfg(any(feature = "events", feature = "mcp"))]
use super::recent::Recent;
use super::{
    super::{muting::Muting, timelines::CheckTimeline},
    history::History,
    serial_queue::SerialQueue,
};
use crate::{
    log::{self, Topic},
    model::{Cause, ChangeCounts, CheckResult, CheckSpec, Status, StatusChange},
    sync::{Mutex, lock},
    text::escape_controls,
};

/// Maximum number of changes that wait for a slow subscriber, which loses the oldest ones above it.
const MAX_WAITING_CHANGES: usize = 64;

/// Maximum number of bytes that are kept of a message: enough for sentences, but not for a partner's HTML page.
const MAX_MESSAGE_BYTES: usize = 1024;

/// Target of all log events about changes of status; the documentation promises it.
const LOG_TARGET: &str = "health_runtime::change";

/// The delivery of all changes of a monitor.
///
/// A slot queues a change under its own lock, so that the order is that of the results; the change is published after
/// the lock is released. One thread at a time publishes; the log has a thread of its own, because it may block.
#[derive(Debug)]
pub(in crate::monitor) struct Changes {
    /// Numbers of changes, by level.
    counts: Mutex<ChangeCounts>,
    queue: SerialQueue,
    subscribers: Sender<Arc<StatusChange>>,
    #[cfg(any(feature = "events", feature = "mcp"))]
    pub(in crate::monitor) recent: Recent,
    /// Wakes the readers of `recent`, and those that wait for a drain.
    wakeups: watch::Sender<()>,
    /// The channel to the test kit, unbounded so that no change is lost.
    #[cfg(feature = "testing")]
    record: std::sync::OnceLock<tokio::sync::mpsc::UnboundedSender<Arc<StatusChange>>>,
}

impl Default for Changes {
    fn default() -> Self {
        Self {
            counts: Mutex::default(),
            queue: SerialQueue::default(),
            subscribers: Sender::new(MAX_WAITING_CHANGES),
            #[cfg(any(feature = "events", feature = "mcp"))]
            recent: Recent::default(),
            wakeups: watch::Sender::default(),
            #[cfg(feature = "testing")]
            record: std::sync::OnceLock::new(),
        }
    }
}

impl Changes {
    pub(in crate::monitor) fn subscribe(&self) -> Receiver<Arc<StatusChange>> {
        self.subscribers.subscribe()
    }

    /// Returns a channel that has a new value after each change, mute and update, and when a drain begins.
    #[cfg(any(feature = "alerts", feature = "events", feature = "grpc", feature = "systemd"))]
    pub(in crate::monitor) fn wakeups(&self) -> watch::Receiver<()> {
        self.wakeups.subscribe()
    }

    pub(in crate::monitor) fn wake(&self) {
        self.wakeups.send_replace(());
    }

    /// Gives a change its number, and queues it to be published.
    fn put(&self, change: StatusChange, history: &History) {
        let mut counts = lock(&self.counts);
        let change = Arc::new(change.numbered(&mut counts));
        let kept = change.shortened(MAX_MESSAGE_BYTES).map_or_else(|| Arc::clone(&change), Arc::new);
        #[cfg(any(feature = "events", feature = "mcp"))]
        self.recent.push(Arc::clone(&kept));
        history.push(kept);
        self.queue.push(change);
    }

    /// Returns all changes from now on. The first caller alone gets any.
    #[cfg(feature = "testing")]
    pub(in crate::monitor) fn record(&self) -> tokio::sync::mpsc::UnboundedReceiver<Arc<StatusChange>> {
        let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
        let _ = self.record.set(sender);
        receiver
    }

    /// Sends the queued changes to subscribers and the log, unless another thread does. No lock is held meanwhile: a
    /// subscriber may cause the next change. Returns whether there were any.
    pub(in crate::monitor) fn publish(&self) -> bool {
        let Some(changes) = self.queue.drain() else { return false };
        for change in changes {
            #[cfg(feature = "testing")]
            if let Some(record) = self.record.get() {
                let _ = record.send(Arc::clone(&change));
            }
            // An error means that there are no subscribers.
            let _ = self.subscribers.send(Arc::clone(&change));
            self.wake();
            log::write(Topic::Checks, move || log(&change));
        }
        true
    }
}

/// Writes a change of status to the log, the only time a check is logged: with the full text, because operators read
/// it. The change of a muted check raises no alarm.
fn log(change: &StatusChange) {
    let check = change.check();
    let check_level = change.level().number();
    let from = change.previous().map(Status::as_str);
    let to = change.current().as_str();
    let cause = change.cause().map(Cause::as_str);
    let reason = change.message().map(escape_controls);
    let reason = reason.as_deref();
    // Left out unless it is one.
    let drill = change.is_drill().then_some(true);
    // A macro, because tracing needs a constant level. No field has a name that log formats use themselves.
    macro_rules! event {
        ($level:ident $(, $muted:ident = true)?) => {
            tracing::$level!(
                target: LOG_TARGET, check, check_level, from, to, cause, reason, drill $(, $muted = true)?, "health check changed"
            )
        };
    }
    match (change.current(), change.previous()) {
        _ if change.is_muted() => event!(info, muted = true),
        (Status::Fail, _) => event!(error),
        (Status::Warn, _) => event!(warn),
        (Status::Pass, Some(_)) => event!(info),
        (Status::Pass, None) => event!(debug),
    }
}

/// The handle by which one check's slot queues its changes, and writes its timeline.
#[derive(Debug)]
pub(in crate::monitor) struct Outbox {
    changes: Arc<Changes>,
    muting: Arc<Muting>,
    history: Arc<History>,
    timeline: Arc<CheckTimeline>,
}

impl Outbox {
    pub(in crate::monitor) const fn new(
        changes: Arc<Changes>,
        muting: Arc<Muting>,
        history: Arc<History>,
        timeline: Arc<CheckTimeline>,
    ) -> Self {
        Self { changes, muting, history, timeline }
    }

    /// Replaces the timeline.
    pub(in crate::monitor) fn writing_to(self, timeline: &Arc<CheckTimeline>) -> Self {
        Self { timeline: Arc::clone(timeline), ..self }
    }

    /// Writes a result into the timeline, and queues the change from the one before, if the status changed. To be called
    /// under the slot's lock, and [`Changes::publish`] after it. An excused change counts for nothing, like one of a muted
    /// check.
    pub(in crate::monitor) fn put(
        &self,
        spec: &CheckSpec,
        before: Option<&CheckResult>,
        result: &CheckResult,
        is_excused: bool,
        at: Instant,
    ) {
        self.timeline.record(spec, result, is_excused, at);
        if let Some(change) = StatusChange::between(spec, before, result, || is_excused || self.muting.is_muted()) {
            self.changes.put(change, &self.history);
        }
    }
}
