//! The changes of status that a kit has seen, with the times at which they came.

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

/// A change, and how long after the start of the kit it came.
#[derive(Clone, Debug)]
pub(super) struct Noted {
    pub(super) at: Duration,
    pub(super) change: Arc<StatusChange>,
}

#[derive(Debug, Default)]
pub(super) struct History {
    notes: Mutex<Vec<Noted>>,
}

impl History {
    /// Notes all changes of a monitor from now on, in a task that ends with it.
    pub(super) fn of(monitor: &Monitor) -> Arc<Self> {
        let history = Arc::new(Self::default());
        let (start, mut changes, noting) = (Instant::now(), monitor.record(), Arc::clone(&history));
        tokio::spawn(async move {
            while let Some(change) = changes.recv().await {
                lock(&noting.notes).push(Noted { at: start.elapsed(), change });
            }
        });
        history
    }

    /// All changes of one check.
    pub(super) fn of_check(&self, check: &str) -> Vec<Noted> {
        lock(&self.notes).iter().filter(|noted| noted.change.check() == check).cloned().collect()
    }
}

impl fmt::Display for Noted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, change } = self;
        let from = change.from().map_or("nothing", Status::as_str);
        write!(f, "at {at:?}: from {from} to {}", change.to().as_str())?;
        write_why(f, change.cause(), change.message())
    }
}

/// Writes what follows a status: `, timed_out: no answer within 2s`.
pub(super) fn write_why(f: &mut fmt::Formatter<'_>, cause: Option<&Cause>, message: Option<&str>) -> fmt::Result {
    if let Some(cause) = cause {
        write!(f, ", {}", cause.as_str())?;
    }
    message.map_or(Ok(()), |message| write!(f, ": {message}"))
}
