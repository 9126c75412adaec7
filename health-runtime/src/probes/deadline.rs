use std::{fmt, time::Duration};

use tokio::time::{Instant, timeout_at};

use crate::time::after;

/// The end of a run's time, counted from the moment the deadline is made. It is displayed as `within 900ms`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    limit: Duration,
    pub(super) end: Instant,
}

impl Deadline {
    /// Nine tenths of the check's timeout, which leaves the time to report the reason.
    pub(super) fn within(timeout: Duration) -> Self {
        Self::new(timeout / 10 * 9)
    }

    pub(crate) fn new(limit: Duration) -> Self {
        Self { limit, end: after(Instant::now(), limit) }
    }

    /// Returns the deadline of one step: this limit from now on, but not later than `self`.
    pub(super) fn for_step(self, limit: Duration) -> Self {
        let step = Self::new(limit);
        if step.end < self.end { step } else { self }
    }

    /// Returns the time that is left.
    pub(super) fn left(&self) -> Duration {
        self.end.saturating_duration_since(Instant::now())
    }

    /// Waits for the future.
    ///
    /// # Errors
    /// The deadline has passed; the text is `failure` and the time.
    pub(super) async fn wait<T>(&self, failure: &str, future: impl Future<Output = T>) -> Result<T, String> {
        timeout_at(self.end, future).await.map_err(|_| format!("{failure} {self}"))
    }
}

impl fmt::Display for Deadline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "within {:?}", self.limit)
    }
}
