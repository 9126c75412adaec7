use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::{failure::Failure, text::short_duration};

/// The end of all that one question takes: lookup, connection, response and the last byte of its body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    end: Instant,
    limit: Duration,
}

impl Deadline {
    pub(crate) fn after(limit: Duration) -> Self {
        // Tokio's timers have a limit of about this length.
        let limit = limit.min(Duration::from_secs(365 * 24 * 3600));
        Self { end: Instant::now() + limit, limit }
    }

    /// Returns the earlier of this deadline and one that is `limit` from now.
    pub(crate) fn within(self, limit: Duration) -> Self {
        let other = Self::after(limit);
        if other.end < self.end { other } else { self }
    }

    pub(crate) fn left(self) -> Duration {
        self.end.saturating_duration_since(Instant::now())
    }

    /// Waits for a part of the exchange.
    ///
    /// # Errors
    /// The time is over; `stage` says what the service has done until then.
    pub(crate) async fn wait<T>(self, stage: &str, future: impl Future<Output = T>) -> Result<T, Failure> {
        timeout_at(self.end, future).await.map_err(|_| {
            Failure::unreachable(format!("{stage} within {}; `--timeout` sets the limit", short_duration(self.limit)))
        })
    }
}
