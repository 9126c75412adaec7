//! Times that stay in range, whatever durations a user gives and whatever the clock on the wall says.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// The time a duration from `start` on; for one that is out of range some thirty years, as Tokio's own timers
/// do it.
pub(crate) fn after(start: Instant, duration: Duration) -> Instant {
    const THIRTY_YEARS: Duration = Duration::from_hours(30 * 365 * 24);
    start.checked_add(duration).unwrap_or_else(|| start + THIRTY_YEARS)
}

/// Formats a time as RFC 3339 in UTC, to the second.
pub(crate) fn timestamp_seconds(time: SystemTime) -> String {
    humantime::format_rfc3339_seconds(in_calendar(time)).to_string()
}

/// Formats a time as RFC 3339 in UTC, to the millisecond.
pub(crate) fn timestamp_millis(time: SystemTime) -> String {
    humantime::format_rfc3339_millis(in_calendar(time)).to_string()
}

/// The nearest time that RFC 3339 can write, between 1970 and 9999: a machine whose clock lost its battery is to report its
/// checks all the same, and humantime panics.
fn in_calendar(time: SystemTime) -> SystemTime {
    const LAST: Duration = Duration::from_millis(253_402_300_800_000 - 1);
    let since_epoch = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    SystemTime::UNIX_EPOCH.checked_add(since_epoch.min(LAST)).unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_outside_of_the_calendar_are_formatted() {
        let epoch = SystemTime::UNIX_EPOCH;
        let long = Duration::from_hours(24 * 366 * 9_000);
        for (time, seconds, millis) in [
            (epoch - Duration::from_millis(1), "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"),
            (epoch - long, "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"),
            (epoch + Duration::from_millis(1_500), "1970-01-01T00:00:01Z", "1970-01-01T00:00:01.500Z"),
            (epoch + long, "9999-12-31T23:59:59Z", "9999-12-31T23:59:59.999Z"),
        ] {
            assert_eq!((&*timestamp_seconds(time), &*timestamp_millis(time)), (seconds, millis));
        }
    }
}
