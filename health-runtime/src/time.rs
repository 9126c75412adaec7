//! Points in time that stay in range, for any duration that a user gives and any state of the wall clock.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// Longest duration that is added to a clock: longer than any process lives, and in range for every clock and calendar.
/// Tokio's own timers have the same limit.
const FAR_FUTURE: Duration = Duration::from_secs(30 * 365 * 24 * 3600);

/// Returns the time that is a duration later than `start`, 30 years at most.
pub(crate) fn after(start: Instant, duration: Duration) -> Instant {
    start + duration.min(FAR_FUTURE)
}

/// Returns the remainder of a duration divided by a period; zero for a period of zero.
pub(crate) fn remainder(duration: Duration, period: Duration) -> Duration {
    let nanos = duration.as_nanos().checked_rem(period.as_nanos()).unwrap_or_default();
    u64::try_from(nanos).map_or(Duration::MAX, Duration::from_nanos)
}

/// Returns the time on the wall clock that is a duration from now, 30 years at most.
pub(crate) fn wall_clock_after(duration: Duration) -> SystemTime {
    SystemTime::now() + duration.min(FAR_FUTURE)
}

/// Parses a duration by the same rules as the keys of the macros: `500ms`, `2s`, `1m 30s`, `1d`.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    // humantime also takes a zero without a unit, and `M` for months, which is easily meant to be minutes.
    let is_refused = text == "0" || text.contains('M');
    humantime::parse_duration(text)
        .ok()
        .filter(|_| !is_refused)
        .ok_or_else(|| format!("`{text}` is not a valid duration; write for example `500ms`, `2s` or `1m 30s`"))
}

/// Formats a time as RFC 3339 in UTC, to the second.
pub(crate) fn timestamp_seconds(time: SystemTime) -> String {
    humantime::format_rfc3339_seconds(in_calendar(time)).to_string()
}

/// Formats a time as RFC 3339 in UTC, to the millisecond.
pub(crate) fn timestamp_millis(time: SystemTime) -> String {
    humantime::format_rfc3339_millis(in_calendar(time)).to_string()
}

/// Returns the nearest time that RFC 3339 can express, between 1970 and 9999. humantime panics beyond these, and a
/// machine whose clock has lost its battery reports its checks all the same.
fn in_calendar(time: SystemTime) -> SystemTime {
    const LAST: Duration = Duration::from_millis(253_402_300_800_000 - 1);
    let since_epoch = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    SystemTime::UNIX_EPOCH.checked_add(since_epoch.min(LAST)).unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The macros have the same table.
    #[test]
    fn durations_are_numbers_with_units() {
        let second = Duration::from_secs(1);
        for (text, duration) in [
            ("500ms", Some(second / 2)),
            ("2s", Some(second * 2)),
            ("1m30s", Some(second * 90)),
            (" 1m 30 s ", Some(second * 90)),
            ("1.5s", Some(second * 3 / 2)),
            ("30s1m", Some(second * 90)),
            ("1d", Some(second * 86_400)),
            ("2 hours", Some(second * 7_200)),
            ("0s", Some(Duration::ZERO)),
            ("", None),
            ("0", None),
            ("2", None),
            ("1m30", None),
            ("s", None),
            ("-2s", None),
            ("2x", None),
            ("5M", None),
            ("99999999999999999999h", None),
        ] {
            assert_eq!(parse_duration(text).ok(), duration, "{text}");
        }
        let error = "`2x` is not a valid duration; write for example `500ms`, `2s` or `1m 30s`";
        assert_eq!(parse_duration(" 2x "), Err(error.to_owned()));
    }

    #[test]
    fn remainder_is_shorter_than_a_period() {
        let millis = Duration::from_millis;
        for (duration, period, rest) in [(0, 500, 0), (499, 500, 499), (500, 500, 0), (1_250, 500, 250), (7, 0, 0)] {
            assert_eq!(remainder(millis(duration), millis(period)), millis(rest), "{duration} {period}");
        }
    }

    #[test]
    fn times_outside_of_the_calendar_are_formatted() {
        let epoch = SystemTime::UNIX_EPOCH;
        let long = Duration::from_secs(24 * 366 * 9_000 * 3600);
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
