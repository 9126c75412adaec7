//! Durations in the grammar of humantime: `500ms`, `2s`, `1m 30s`, `1d`.

use std::time::Duration;

/// Parses a duration by the same rules as the runtime, which reads `?timeout=` and `HEALTH_MUTE`.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    // humantime also takes a zero without a unit, and `M` for months, which is easily meant to be minutes.
    let is_refused = text == "0" || text.contains('M');
    match humantime::parse_duration(text) {
        Ok(duration) if !is_refused => Ok(duration),
        result => Err(fault(text, result.err())),
    }
}

/// Returns the message for a text that is not a duration.
fn fault(text: &str, error: Option<humantime::DurationError>) -> String {
    use humantime::DurationError::{Empty, NumberOverflow, UnknownUnit};

    if let Some(meant) = of_other_notation(text) {
        return format!("`{text}` is not a valid duration; write `\"{meant}\"`");
    }
    let in_minutes = text.replace('M', "m");
    let with_point = text.replace(',', ".");
    match error {
        Some(Empty) => "a duration cannot be empty; write for example `\"500ms\"`, `\"2s\"` or `\"1m 30s\"`".to_owned(),
        Some(NumberOverflow) => {
            format!("`{text}` has a number that is too large; write a smaller one, with a longer unit")
        }
        Some(UnknownUnit { unit, .. }) if !unit.is_empty() => {
            format!("`{unit}` is not a valid unit; use `ms`, `s`, `m`, `h` or `d`, as in `\"1m 30s\"`")
        }
        Some(_) if with_point != text && parse(&with_point).is_ok() => {
            format!("`{text}` is not a valid duration; write `\"{with_point}\"`")
        }
        _ if in_minutes != text && parse(&in_minutes).is_ok() => {
            format!("`M` is not a valid unit; write `\"{in_minutes}\"` for minutes")
        }
        _ if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("`{text}` has no unit; write for example `\"{text}s\"` or `\"{text}ms\"`")
        }
        _ => match of_two_readings(text) {
            Some((minutes, hours)) => {
                format!("`{text}` is not a valid duration; write `\"{minutes}\"` or `\"{hours}\"`")
            }
            None => {
                format!("`{text}` is not a valid duration; write for example `\"500ms\"`, `\"2s\"` or `\"1m 30s\"`")
            }
        },
    }
}

/// Returns the duration that was meant by ISO 8601 (`PT1M30S`), a clock (`00:00:10`), or a sign (`-1m`).
fn of_other_notation(text: &str) -> Option<String> {
    let meant = if let Some(iso) = text.strip_prefix('P') {
        let (days, time) = iso.split_once('T').unwrap_or((iso, ""));
        let parts = days.split_inclusive('D').chain(time.split_inclusive(['H', 'M', 'S']));
        parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ").to_lowercase()
    } else if let [hours, minutes, seconds] = text.split(':').collect::<Vec<_>>()[..] {
        of_clock(&[(hours, "h"), (minutes, "m"), (seconds, "s")])
    } else if text.starts_with('.') {
        format!("0{text}")
    } else {
        text.trim_start_matches(['-', '+']).trim_end_matches('.').trim_start().to_owned()
    };
    (meant != text && parse(&meant).is_ok()).then_some(meant)
}

fn of_clock(parts: &[(&str, &str)]) -> String {
    let is_above_zero = |number: &str| number.bytes().any(|byte| (b'1'..=b'9').contains(&byte));
    let parts = parts.iter().filter(|(number, _)| is_above_zero(number));
    parts.map(|(number, unit)| format!("{}{unit}", number.trim_start_matches('0'))).collect::<Vec<_>>().join(" ")
}

/// Returns the minutes and the hours that a clock without seconds or without hours (`01:30`) may mean.
fn of_two_readings(text: &str) -> Option<(String, String)> {
    let (first, second) = text.split_once(':')?;
    let minutes = of_clock(&[(first, "m"), (second, "s")]);
    let hours = of_clock(&[(first, "h"), (second, "m")]);
    (parse(&minutes).is_ok() && parse(&hours).is_ok()).then_some((minutes, hours))
}

/// Returns the duration that was meant by a call such as `Duration::from_secs(2)` or `2.seconds()`.
pub(crate) fn of_call(source: &str) -> Option<String> {
    let without_spaces = source.replace(' ', "");
    if let Some((number, unit)) = without_spaces.strip_suffix("()").and_then(|call| call.rsplit_once('.')) {
        let meant = parse(&format!("{}{unit}", number.replace('_', ""))).ok();
        return meant.map(|duration| humantime::format_duration(duration).to_string());
    }
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
        for (text, error) in [
            (" 2x ", "`x` is not a valid unit; use `ms`, `s`, `m`, `h` or `d`, as in `\"1m 30s\"`"),
            ("2", "`2` has no unit; write for example `\"2s\"` or `\"2ms\"`"),
            ("5M", "`M` is not a valid unit; write `\"5m\"` for minutes"),
            ("1,5s", "`1,5s` is not a valid duration; write `\"1.5s\"`"),
            ("-2s", "`-2s` is not a valid duration; write `\"2s\"`"),
            ("PT1M30.5S", "`PT1M30.5S` is not a valid duration; write `\"1m 30.5s\"`"),
            ("P1DT2H", "`P1DT2H` is not a valid duration; write `\"1d 2h\"`"),
            ("00:00:10", "`00:00:10` is not a valid duration; write `\"10s\"`"),
            ("01:30:00", "`01:30:00` is not a valid duration; write `\"1h 30m\"`"),
            (".5s", "`.5s` is not a valid duration; write `\"0.5s\"`"),
            ("5 min.", "`5 min.` is not a valid duration; write `\"5 min\"`"),
            ("01:30", "`01:30` is not a valid duration; write `\"1m 30s\"` or `\"1h 30m\"`"),
            ("-", "`-` is not a valid duration; write for example `\"500ms\"`, `\"2s\"` or `\"1m 30s\"`"),
        ] {
            assert_eq!(parse(text), Err(error.to_owned()));
        }
    }

    #[test]
    fn calls_have_a_text() {
        for (call, text) in [
            ("Duration::from_secs(2)", Some("2s")),
            ("std::time::Duration::from_millis(1_500)", Some("1500ms")),
            ("Duration::from_secs_f64(1.5)", Some("1.5s")),
            ("Duration::from_secs(TIMEOUT)", None),
            ("2.seconds()", Some("2s")),
            ("2 . seconds ()", Some("2s")),
            ("\"2s\".into()", None),
            ("Duration::ZERO", None),
            ("TIMEOUT", None),
        ] {
            assert_eq!(of_call(call).as_deref(), text, "{call}");
        }
    }

    #[test]
    fn runtime_has_the_same_grammar_and_table() {
        let part = |source: &'static str, start: &str, end: &str| source.split_once(start)?.1.split(end).next();
        let (own, runtime) = (include_str!("duration.rs"), include_str!("../../health-runtime/src/time.rs"));
        for (start, end) in [("let is_refused = ", ";"), ("for (text, duration) in [", "] {")] {
            assert_eq!(part(own, start, end), part(runtime, start, end));
        }
    }

    proptest! {
        #[test]
        fn parser_never_panics(text in "\\PC*") {
            let _ = parse(&text);
        }
    }
}
