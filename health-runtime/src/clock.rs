//! Times that stay in range, whatever durations a user gives.

use std::time::Duration;

use tokio::time::Instant;

/// The time a duration from `start` on; for one that is out of range some thirty years, as Tokio's own timers
/// do it.
pub(crate) fn after(start: Instant, duration: Duration) -> Instant {
    const THIRTY_YEARS: Duration = Duration::from_hours(30 * 365 * 24);
    start.checked_add(duration).unwrap_or_else(|| start + THIRTY_YEARS)
}
