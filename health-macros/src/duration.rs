//! Durations in the grammar of humantime: `500ms`, `2s`, `1m 30s`, `1d`.

use std::time::Duration;

/// Parses a duration by the same rules as the runtime, which reads `?timeout=` and `HEALTH_MUTE`.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    // humantime also takes a zero without a unit, and `M` for months, which is easily meant to be minutes.
    let is_refused = text == "0" || text.contains('M');
    humantime::parse_duration(text)
        .ok()
        .filter(|_| !is_refused)
        .ok_or_else(|| format!("`{text}` is not a valid duration; write for example `500ms`, `2s` or `1m 30s`"))
}

/// Returns the duration that was meant by a call such as `Duration::from_secs(2)`.
pub(crate) fn of_call(source: &str) -> Option<String> {
    let (function, arguments) = source.split_once("from_")?.1.split_once('(')?;
    let unit = match function.trim() {
        "secs" | "secs_f64" | "secs_f32" => "s",
        "millis" => "ms",
        "micros" => "us",
        "nanos" => "ns",
        "mins" => "m",
        "hours" => "h",
        _ => return None,
    };
    let meant = format!("{}{unit}", arguments.trim_end_matches(')').replace('_', ""));
    parse(&meant).is_ok().then_some(meant)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The runtime has the same table.
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
            assert_eq!(parse(text).ok(), duration, "{text}");
        }
        let error = "`2x` is not a valid duration; write for example `500ms`, `2s` or `1m 30s`";
        assert_eq!(parse(" 2x "), Err(error.to_owned()));
    }

    #[test]
    fn calls_have_a_text() {
        for (call, text) in [
            ("Duration::from_secs(2)", Some("2s")),
            ("std::time::Duration::from_millis(1_500)", Some("1500ms")),
            ("Duration::from_secs_f64(1.5)", Some("1.5s")),
            ("Duration::from_secs(TIMEOUT)", None),
            ("Duration::ZERO", None),
            ("TIMEOUT", None),
        ] {
            assert_eq!(of_call(call).as_deref(), text, "{call}");
        }
    }

    proptest! {
        #[test]
        fn parser_never_panics(text in "\\PC*") {
            let _ = parse(&text);
        }
    }
}
