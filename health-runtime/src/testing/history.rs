//! The changes of status that a kit has seen, with the times at which they came.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::{
    model::{Cause, Status, StatusChange},
    monitor::{Missed, Monitor},
};

/// A change, and how long after the start of the kit it came.
#[derive(Clone, Debug)]
pub(super) struct Noted {
    pub(super) at: Duration,
    pub(super) change: Arc<StatusChange>,
}

#[derive(Debug, Default)]
pub(super) struct History {
    notes: Mutex<Notes>,
}

#[derive(Debug, Default)]
struct Notes {
    noted: Vec<Noted>,
    missed: u64,
}

impl History {
    /// Notes all changes of a monitor from now on, in a task that ends with it.
    pub(super) fn of(monitor: &Monitor) -> Arc<Self> {
        let history = Arc::new(Self::default());
        let (start, mut changes, noting) = (Instant::now(), monitor.subscribe(), Arc::clone(&history));
        tokio::spawn(async move {
            while let Some(change) = changes.next().await {
                let mut notes = noting.lock();
                match change {
                    Ok(change) => notes.noted.push(Noted { at: start.elapsed(), change }),
                    Err(Missed { count }) => notes.missed += count,
                }
            }
        });
        history
    }

    fn lock(&self) -> MutexGuard<'_, Notes> {
        // Nothing panics while it holds the lock.
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All changes of one check.
    ///
    /// # Panics
    /// If more came at one moment than a subscriber can take.
    pub(super) fn of_check(&self, check: &str) -> Vec<Noted> {
        let (changes, missed) = {
            let notes = self.lock();
            let changes = notes.noted.iter().filter(|noted| noted.change.check() == check);
            (changes.cloned().collect(), notes.missed)
        };
        assert!(missed == 0, "more than 64 checks changed at one moment, so that {missed} changes are not known");
        changes
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
