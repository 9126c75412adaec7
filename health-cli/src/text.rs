//! Text from the net as a terminal may show it, and times as people read them.

use std::time::{Duration, SystemTime};

use serde_json::{Map, Value};

/// Longest text that is kept of a value from the net.
const MAX_TEXT_BYTES: usize = 4096;

/// Replaces everything in a text that a terminal would obey or that hides other text, so that it stays on one line.
pub(crate) fn printable(text: &str) -> String {
    let shown = |letter: char| match letter {
        '\n' | '\r' | '\t' => ' ',
        letter if is_unprintable(letter) => char::REPLACEMENT_CHARACTER,
        letter => letter,
    };
    let mut text: String = text.chars().map(shown).collect();
    if text.len() > MAX_TEXT_BYTES {
        let end = (0..=MAX_TEXT_BYTES).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
        text.truncate(end);
        text.push('…');
    }
    text
}

/// Returns whether a character is invisible, or changes the direction of others.
fn is_unprintable(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(letter, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Applies [`printable`] to each text and key in a value.
pub(crate) fn printable_value(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(printable(&text)),
        Value::Array(items) => Value::Array(items.into_iter().map(printable_value).collect()),
        Value::Object(fields) => {
            let fields = fields.into_iter().map(|(key, value)| (printable(&key), printable_value(value)));
            Value::Object(fields.collect::<Map<_, _>>())
        }
        value => value,
    }
}

/// Parses a duration by the rules of the endpoint's own settings: `500ms`, `2s`, `1m 30s`, `1d`.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    // humantime also takes a zero without a unit, and `M` for months, which is easily meant to be minutes.
    let is_refused = text == "0" || text.contains('M');
    let duration = humantime::parse_duration(text).ok().filter(|duration| !is_refused && !duration.is_zero());
    duration.ok_or_else(|| {
        format!("`{}` is not a valid duration; write for example `500ms`, `2s` or `1m 30s`", printable(text))
    })
}

/// Formats a duration with its largest unit: `3 ms`, `2.4 s`, `5 min`, `3 h`, `12 d`.
pub(crate) fn short_duration(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    match duration.as_secs() {
        0 if seconds < 0.01 => format!("{:.1} ms", seconds * 1e3),
        0 => format!("{:.0} ms", seconds * 1e3),
        1..10 => format!("{seconds:.1} s"),
        10..120 => format!("{seconds:.0} s"),
        seconds @ 120..7200 => format!("{} min", seconds / 60),
        seconds @ 7200..172_800 => format!("{} h", seconds / 3600),
        seconds => format!("{} d", seconds / 86_400),
    }
}

/// Returns the time since a stamp in RFC 3339; zero if the clock of the service is ahead of ours.
pub(crate) fn age(stamp: &str) -> Option<Duration> {
    let at = humantime::parse_rfc3339_weak(stamp).ok()?;
    Some(SystemTime::now().duration_since(at).unwrap_or_default())
}

/// Returns the time until a stamp in RFC 3339, in whole seconds; zero if it has come.
pub(crate) fn time_left(stamp: &str) -> Option<Duration> {
    let at = humantime::parse_rfc3339_weak(stamp).ok()?;
    Some(Duration::from_secs(at.duration_since(SystemTime::now()).unwrap_or_default().as_secs()))
}

/// Returns the time in RFC 3339, to the second.
pub(crate) fn timestamp() -> String {
    humantime::format_rfc3339_seconds(SystemTime::now()).to_string()
}

/// Returns `1 check` or `2 checks`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn control_characters_and_escape_sequences_are_replaced() {
        assert_eq!(
            printable("a\u{1b}[31mred\nb\u{202e}c\u{7}\u{9b}1m"),
            "a\u{fffd}[31mred b\u{fffd}c\u{fffd}\u{fffd}1m"
        );
        assert_eq!(printable("größe 日本 ✓"), "größe 日本 ✓");
        let long = printable(&"é".repeat(MAX_TEXT_BYTES));
        assert!(long.len() <= MAX_TEXT_BYTES + '…'.len_utf8() && long.ends_with('…'));
        let value = serde_json::json!({ "a\u{1b}": ["\u{1b}]0;title\u{7}", { "b": "\r" }] });
        let shown = printable_value(value).to_string();
        assert!(!shown.contains("\\u001b") && !shown.contains("\\r") && !shown.contains("\\u0007"), "{shown}");
    }

    #[test]
    fn durations_need_a_unit_and_are_not_zero() {
        assert_eq!(parse_duration("1m 30s"), Ok(Duration::from_secs(90)));
        for wrong in ["", "0", "0s", "5", "1M", "-1s", "x"] {
            assert!(parse_duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn durations_are_shown_with_their_largest_unit() {
        for (millis, shown) in [
            (3, "3.0 ms"),
            (42, "42 ms"),
            (2_400, "2.4 s"),
            (61_000, "61 s"),
            (300_000, "5 min"),
            (3 * 3_600_000, "3 h"),
            (12 * 86_400_000, "12 d"),
        ] {
            assert_eq!(short_duration(Duration::from_millis(millis)), shown);
        }
    }

    proptest! {
        #[test]
        fn every_text_becomes_printable(text in any::<String>()) {
            prop_assert!(!printable(&text).contains(is_unprintable));
        }
    }
}
