//! The pause after a failed request.

use std::time::{Duration, SystemTime};

use hyper::{HeaderMap, header::RETRY_AFTER};

use crate::time::random_share;

/// The longest pause after the first failure, which doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The longest pause after any failure.
const MAX_PAUSE: Duration = Duration::from_secs(60);

/// Exponential back-off with full jitter: a fleet that lost its receiver does not come back as one wave.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// Returns the next pause: random, and not shorter than the receiver asks for.
    pub(super) fn next(&mut self, asked_for: Option<Duration>) -> Duration {
        let longest = FIRST_PAUSE.saturating_mul(1 << self.failures.min(6)).min(MAX_PAUSE);
        self.failures = self.failures.saturating_add(1);
        longest.mul_f64(random_share()).max(asked_for.unwrap_or_default())
    }
}

/// Returns the pause that a receiver asks for, in seconds or as a time (RFC 9110, section 10.2.3). Anything else counts as
/// no wish.
pub(super) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit are a wish for a long pause, which is limited anyway.
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::from(u32::MAX))));
    }
    let time = httpdate::parse_http_date(value).ok()?;
    Some(time.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_time() {
        let now = httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").expect("a date");
        for (value, seconds) in [
            ("0", Some(0)),
            (" 120 ", Some(120)),
            ("99999999999999999999999", Some(u64::from(u32::MAX))),
            ("Sun, 06 Nov 1994 08:50:07 GMT", Some(30)),
            ("Sunday, 06-Nov-94 08:50:07 GMT", Some(30)),
            ("Sun Nov  6 08:50:07 1994", Some(30)),
            ("Sun, 06 Nov 1994 08:49:36 GMT", Some(0)),
            ("", None),
            ("-1", None),
            ("1.5", None),
            ("soon", None),
        ] {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, value.parse().expect("a value"))]);
            assert_eq!(retry_after(&headers, now), seconds.map(Duration::from_secs), "{value:?}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }

    #[test]
    fn pauses_double_up_to_a_minute_and_are_random() {
        for (failures, longest) in [(0, 1), (1, 2), (5, 32), (6, 60), (1_000, 60), (u32::MAX, 60)] {
            let pauses: Vec<_> = (0..200).map(|_| Backoff { failures }.next(None).as_secs_f64()).collect();
            let longest = f64::from(longest);
            assert!(pauses.iter().all(|pause| *pause <= longest), "{failures}");
            assert!(pauses.iter().any(|pause| *pause < longest * 0.3), "{failures}");
            assert!(pauses.iter().any(|pause| *pause > longest * 0.7), "{failures}");
        }
        let asked_for = Duration::from_secs(600);
        assert_eq!(Backoff::default().next(Some(asked_for)), asked_for);
    }
}
