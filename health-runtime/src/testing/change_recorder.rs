//! The changes of status during a test, with their times.

use std::{
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::time::Instant;

use crate::{
    model::{Cause, Status, StatusChange},
    monitor::Monitor,
    sync::lock,
};

/// A change, with the time since the test monitor was made.
#[derive(Clone, Debug)]
pub(super) struct RecordedChange {
    pub(super) at: Duration,
    pub(super) change: Arc<StatusChange>,
}

#[derive(Debug, Default)]
pub(super) struct ChangeRecorder {
    changes: Mutex<Vec<RecordedChange>>,
}

impl ChangeRecorder {
    /// Records all changes of a monitor from now on, in a task that ends with the monitor.
    pub(super) fn start(monitor: &Monitor) -> Arc<Self> {
        let recorder = Arc::new(Self::default());
        let (start, mut changes, recording) = (Instant::now(), monitor.record(), Arc::clone(&recorder));
        tokio::spawn(async move {
            while let Some(change) = changes.recv().await {
                lock(&recording.changes).push(RecordedChange { at: start.elapsed(), change });
            }
        });
        recorder
    }

    /// Returns all changes of one check.
    pub(super) fn changes_of(&self, check: &str) -> Vec<RecordedChange> {
        lock(&self.changes).iter().filter(|recorded| recorded.change.check() == check).cloned().collect()
    }
}

impl fmt::Display for RecordedChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, change } = self;
        let from = change.previous().map_or("nothing", Status::as_str);
        write!(f, "at {at:?}: from {from} to {}", change.current().as_str())?;
        write_reason(f, change.cause(), change.message())
    }
}

/// Writes cause and message behind a status: `, timed_out: no answer within 2s`.
pub(super) fn write_reason(f: &mut fmt::Formatter<'_>, cause: Option<&Cause>, message: Option<&str>) -> fmt::Result {
    if let Some(cause) = cause {
        write!(f, ", {}", cause.as_str())?;
    }
    message.map_or(Ok(()), |message| write!(f, ": {message}"))
}
