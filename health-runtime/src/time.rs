//! Points in time that stay in range, for any duration that a user gives and any state of the wall clock.

use std::{
    collections::hash_map::RandomState,
    hash::BuildHasher,
    time::{Duration, SystemTime},
};

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

/// Returns a random number. The keys of std's hash maps are random enough to spread simultaneous starts and to tell processes
/// apart, but not for secrets.
pub(crate) fn random() -> u64 {
    RandomState::new().hash_one(())
}

/// Returns a random number from 0 to 1.
#[allow(clippy::cast_precision_loss, reason = "a share needs no more digits than it has")]
pub(crate) fn random_share() -> f64 {
    random() as f64 / u64::MAX as f64
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
    rfc3339_millis(time).into_iter().map(char::from).collect()
}

/// Formats a time as RFC 3339 in UTC, to the millisecond.
fn rfc3339_millis(time: SystemTime) -> [u8; 24] {
    let since_epoch = since_epoch(time);
    let seconds = since_epoch.as_secs();
    // The calendar ends before these overflow.
    let [days, second] = [seconds / 86_400, seconds % 86_400].map(|number| u32::try_from(number).unwrap_or_default());
    let (year, month, day) = date(days);
    let millis = since_epoch.subsec_millis();
    let mut text = *b"0000-00-00T00:00:00.000Z";
    for (at, number) in [
        (0, year / 100),
        (2, year % 100),
        (5, month),
        (8, day),
        (11, second / 3_600),
        (14, second / 60 % 60),
        (17, second % 60),
    ] {
        text[at] = digit(number / 10);
        text[at + 1] = digit(number % 10);
    }
    text[20..23].copy_from_slice(&[millis / 100, millis / 10, millis].map(digit));
    text
}

/// Returns the last digit of a number.
#[allow(clippy::cast_possible_truncation, reason = "a digit fits into a byte")]
const fn digit(number: u32) -> u8 {
    b'0' + (number % 10) as u8
}

/// Formats the times of a report, which has two for each check, most of them within two seconds: those of the latest runs,
/// and that of the start.
#[derive(Debug, Default)]
pub(crate) struct RecentSeconds([Option<(u64, [u8; 24])>; 2]);

impl RecentSeconds {
    /// Formats a time as RFC 3339 in UTC, to the millisecond.
    pub(crate) fn rfc3339_millis(&mut self, time: SystemTime) -> [u8; 24] {
        let since_epoch = since_epoch(time);
        let second = since_epoch.as_secs();
        let (mut text, millis) = match self.0 {
            [Some((known, text)), _] | [_, Some((known, text))] if known == second => {
                (text, since_epoch.subsec_millis())
            }
            [latest, _] => {
                let text = rfc3339_millis(time);
                self.0 = [Some((second, text)), latest];
                return text;
            }
        };
        text[20..23].copy_from_slice(&[millis / 100, millis / 10, millis].map(digit));
        text
    }
}

/// Returns the year, month and day in the Gregorian calendar of a number of days since 1970. Years begin in March and eras of
/// 400 years in 0000, so that leap days come last (Howard Hinnant's `civil_from_days`).
const fn date(days: u32) -> (u32, u32, u32) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_based = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_based + 2) / 5 + 1;
    let month = if march_based < 10 { march_based + 3 } else { march_based - 9 };
    let year = era * 400 + year_of_era + (month <= 2) as u32;
    (year, month, day)
}

/// Returns the nearest time that RFC 3339 can express, between 1970 and 9999. humantime panics beyond these, and a
/// machine whose clock has lost its battery reports its checks all the same.
fn in_calendar(time: SystemTime) -> SystemTime {
    SystemTime::UNIX_EPOCH.checked_add(since_epoch(time)).unwrap_or(time)
}

/// Returns the time since 1970, at most up to the end of 9999.
fn since_epoch(time: SystemTime) -> Duration {
    const LAST: Duration = Duration::from_millis(253_402_300_800_000 - 1);
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().min(LAST)
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

    /// humantime formats the same, but slower.
    #[test]
    fn days_of_every_year_are_formatted_by_the_calendar() {
        let step = Duration::from_hours(29 * 24) + Duration::from_millis(7_919_001);
        let end = Duration::from_secs(253_402_300_790);
        let (mut since_epoch, mut recent) = (Duration::ZERO, RecentSeconds::default());
        while since_epoch < end {
            for millis in [0, 999, 1_000] {
                let time = SystemTime::UNIX_EPOCH + since_epoch + Duration::from_millis(millis);
                let expected = humantime::format_rfc3339_millis(time).to_string();
                assert_eq!(
                    (&timestamp_millis(time), &recent.rfc3339_millis(time)[..]),
                    (&expected, expected.as_bytes())
                );
            }
            since_epoch += step;
        }
    }
}
