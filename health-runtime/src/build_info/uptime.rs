use std::time::Duration;

/// The units, the largest first, with their length in seconds.
const UNITS: [(&str, u64); 4] = [("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)];

/// A duration as people say it: the largest unit, rounded down, such as `4 days` or `1 minute`.
pub(super) fn in_words(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (unit, length) = UNITS.into_iter().find(|(_, length)| seconds >= *length).unwrap_or(("second", 1));
    let count = seconds / length;
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_the_largest_unit() {
        let cases = [
            (0, "0 seconds"),
            (1, "1 second"),
            (12, "12 seconds"),
            (59, "59 seconds"),
            (60, "1 minute"),
            (119, "1 minute"),
            (120, "2 minutes"),
            (3_599, "59 minutes"),
            (3_600, "1 hour"),
            (3 * 3_600, "3 hours"),
            (86_399, "23 hours"),
            (86_400, "1 day"),
            (4 * 86_400 + 5, "4 days"),
            (400 * 86_400, "400 days"),
        ];
        for (seconds, words) in cases {
            assert_eq!(in_words(Duration::from_secs(seconds)), words);
        }
        assert_eq!(in_words(Duration::from_millis(1_999)), "1 second");
    }
}
