//! The header `Health-Budget`: whole milliseconds.

use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use tokio::time::Instant;

use super::BUDGET_HEADER;

/// Longest time that is kept back for the way of an answer.
const MAX_MARGIN: Duration = Duration::from_millis(100);

/// Returns the time that a request leaves for its answer; `None` if it does not say.
///
/// # Errors
/// The text says what is wrong, and repeats nothing of the header.
pub(super) fn budget(headers: &HeaderMap) -> Result<Option<Duration>, String> {
    let mut values = headers.get_all(BUDGET_HEADER).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err("`Health-Budget` stands more than once; send one number of milliseconds".to_owned());
    }
    // Not by `parse` alone, which takes a sign.
    let text = value.to_str().ok().filter(|text| text.bytes().all(|digit| digit.is_ascii_digit()));
    let millis = text.and_then(|text| text.parse().ok());
    let invalid = || "`Health-Budget` is not a valid number of milliseconds; write for example `900`".to_owned();
    millis.map(|millis| Some(Duration::from_millis(millis))).ok_or_else(invalid)
}

/// Returns the value of the header for a request that ends at this time, less a tenth for the way of the answer.
pub(super) fn until(end: Instant) -> HeaderValue {
    let left = end.saturating_duration_since(Instant::now());
    let budget = left.saturating_sub((left / 10).min(MAX_MARGIN));
    HeaderValue::from(u64::try_from(budget.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(values: &[&str]) -> Result<Option<Duration>, String> {
        let values = values.iter().map(|value| HeaderValue::from_bytes(value.as_bytes()).expect("a value"));
        budget(&values.map(|value| (BUDGET_HEADER, value)).collect())
    }

    #[test]
    fn budget_is_a_whole_number_of_milliseconds() {
        assert_eq!(parse(&[]), Ok(None));
        for (text, millis) in [("0", 0), ("900", 900), ("0007", 7), ("18446744073709551615", u64::MAX)] {
            assert_eq!(parse(&[text]), Ok(Some(Duration::from_millis(millis))), "{text}");
        }
        for text in ["", "-1", "+1", "1.5", "1s", "1 ", "1, 2", "18446744073709551616", "é"] {
            assert!(parse(&[text]).is_err(), "{text:?}");
        }
        assert!(parse(&["1", "1"]).is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn next_budget_leaves_time_for_the_way_back() {
        let millis = |millis| until(Instant::now() + Duration::from_millis(millis));
        assert_eq!([0, 9, 900, 5_000].map(millis), ["0", "8", "810", "4900"]);
    }
}
