//! Durations as people write them, read at compile time: `500ms`, `2s`, `1m30s`.

use std::time::Duration;

/// The units, from large to small, in nanoseconds.
const UNITS: [(&str, u64); 6] = [
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

const NANOS_PER_SECOND: u128 = 1_000_000_000;

/// Reads numbers, each with its unit, from the largest unit to the smallest; spaces between them do no harm.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err("a duration is missing: write such as `2s`".to_owned());
    }
    let mut total: u128 = 0;
    // Only units below this one may follow.
    let mut first_unit = 0;
    while !rest.is_empty() {
        let (number, unit, after) = next_part(rest);
        let factor = unit_index(text, number, unit)?;
        if factor < first_unit {
            return Err(format!("the units of `{text}` go from large to small, each once, such as in `1m30s`"));
        }
        first_unit = factor + 1;
        total = number
            .parse::<u128>()
            .ok()
            .and_then(|number| number.checked_mul(u128::from(UNITS[factor].1)))
            .and_then(|part| total.checked_add(part))
            .ok_or_else(|| too_long(text))?;
        rest = after.trim_start();
    }
    let seconds = u64::try_from(total / NANOS_PER_SECOND).map_err(|_| too_long(text))?;
    let nanos = u32::try_from(total % NANOS_PER_SECOND).map_err(|_| too_long(text))?;
    Ok(Duration::new(seconds, nanos))
}

/// The digits in front, what stands between them and the next digit, and the rest.
fn next_part(text: &str) -> (&str, &str, &str) {
    let (number, rest) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let (unit, rest) = rest.split_at(rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len()));
    (number, unit.trim(), rest)
}

fn unit_index(text: &str, number: &str, unit: &str) -> Result<usize, String> {
    if number.is_empty() {
        return Err(format!("`{text}` is no duration: write numbers with units, such as `2s` or `1m30s`"));
    }
    if unit.is_empty() {
        return Err(format!("`{number}` needs a unit, such as `{number}s`"));
    }
    if unit.starts_with('.') {
        return Err(format!(
            "`{text}` has a fraction: write it in a smaller unit, such as `1500ms` for one and a half seconds"
        ));
    }
    UNITS.iter().position(|(name, _)| *name == unit).ok_or_else(|| {
        let names = UNITS.map(|(name, _)| name).join("`, `");
        format!("`{unit}` is no unit of time: use one of `{names}`")
    })
}

fn too_long(text: &str) -> String {
    format!("`{text}` is longer than a duration can be")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<Duration, &str>) {
        match (parse(text), expected) {
            (Ok(duration), Ok(expected)) => assert_eq!(duration, expected, "{text}"),
            (Err(message), Err(part)) => assert!(message.contains(part), "{text}: {message}"),
            (found, expected) => panic!("{text}: {found:?}, expected {expected:?}"),
        }
    }

    #[test]
    fn reads_what_people_write() {
        for (text, duration) in [
            ("500ms", Duration::from_millis(500)),
            ("2s", Duration::from_secs(2)),
            ("1m", Duration::from_secs(60)),
            ("1h", Duration::from_secs(3600)),
            ("1m30s", Duration::from_secs(90)),
            (" 1m 30 s ", Duration::from_secs(90)),
            ("1h1m1s1ms1us1ns", Duration::new(3_661, 1_001_001)),
            ("90m", Duration::from_secs(90 * 60)),
            ("007s", Duration::from_secs(7)),
            ("0s", Duration::ZERO),
            ("18446744073709551615s", Duration::from_secs(u64::MAX)),
        ] {
            check(text, Ok(duration));
        }
    }

    #[test]
    fn says_what_is_wrong() {
        for (text, message) in [
            ("", "a duration is missing"),
            ("  ", "a duration is missing"),
            ("2", "`2` needs a unit, such as `2s`"),
            ("1m30", "`30` needs a unit, such as `30s`"),
            ("s", "`s` is no duration"),
            ("-2s", "`-2s` is no duration"),
            ("2 seconds", "`seconds` is no unit of time: use one of `h`, `m`, `s`, `ms`, `us`, `ns`"),
            ("2S", "`S` is no unit of time"),
            ("1.5s", "has a fraction"),
            ("٢s", "is no duration"),
            ("2s1m", "from large to small"),
            ("1s1s", "from large to small"),
            ("18446744073709551616s", "longer than"),
            ("99999999999999999999999999999999999999999s", "longer than"),
            ("340282366920938463463374607431768211455h", "longer than"),
        ] {
            check(text, Err(message));
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC*") {
            let _ = parse(&text);
        }

        #[test]
        fn every_part_counts(hours in 0..10_000_u64, seconds in 0..10_000_u64, nanos in 0..1_000_000_000_u32) {
            let expected = Duration::new(hours * 3_600 + seconds, nanos);
            prop_assert_eq!(parse(&format!("{hours}h{seconds}s{nanos}ns")), Ok(expected));
        }
    }
}
