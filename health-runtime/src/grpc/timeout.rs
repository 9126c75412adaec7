//! `grpc-timeout`: how long a client waits (gRPC over HTTP/2, `TimeoutValue TimeoutUnit`).

use std::time::Duration;

use tonic::metadata::MetadataMap;

use crate::monitor::Selection;

/// How much earlier an answer is ready than the client gives up, at most: it has to travel, too.
const LONGEST_MARGIN: Duration = Duration::from_millis(100);

/// A selection whose report is there before the client gives up, if it said when.
pub(super) fn within(selection: Selection, metadata: &MetadataMap) -> Selection {
    match metadata.get("grpc-timeout").and_then(|value| parse(value.as_bytes())) {
        Some(timeout) => selection.with_deadline(timeout.saturating_sub((timeout / 10).min(LONGEST_MARGIN))),
        None => selection,
    }
}

/// One to eight digits and a unit. Anything else says nothing, and the report takes the time it takes.
fn parse(value: &[u8]) -> Option<Duration> {
    let (unit, digits) = value.split_last()?;
    if !(1..=8).contains(&digits.len()) || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = digits.iter().fold(0, |number, digit| number * 10 + u64::from(digit - b'0'));
    Some(match unit {
        b'H' => Duration::from_secs(number * 60 * 60),
        b'M' => Duration::from_secs(number * 60),
        b'S' => Duration::from_secs(number),
        b'm' => Duration::from_millis(number),
        b'u' => Duration::from_micros(number),
        b'n' => Duration::from_nanos(number),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const UNITS: [(char, u128); 6] = [
        ('H', 3_600_000_000_000),
        ('M', 60_000_000_000),
        ('S', 1_000_000_000),
        ('m', 1_000_000),
        ('u', 1_000),
        ('n', 1),
    ];

    #[test]
    fn what_the_specification_does_not_know_says_nothing() {
        for value in ["", "S", "1", "-1S", "+1S", "1.5S", "1 S", " 1S", "1s", "1h", "123456789S", "1S ", "é"] {
            assert_eq!(parse(value.as_bytes()), None, "{value:?}");
        }
    }

    proptest! {
        #[test]
        fn every_number_of_up_to_eight_digits_has_its_unit(number in 0_u128..100_000_000, unit in 0..6_usize, width in 1..9_usize) {
            let (unit, nanos) = UNITS[unit];
            let parsed = parse(format!("{number:0width$}{unit}").as_bytes());
            prop_assert_eq!(parsed.map(|timeout| timeout.as_nanos()), Some(number * nanos));
        }

        #[test]
        fn no_value_is_too_odd(value in any::<Vec<u8>>()) {
            if let Some(timeout) = parse(&value) {
                prop_assert!(value.len() <= 9 && timeout <= Duration::from_secs(99_999_999 * 3600));
            }
        }

        #[test]
        fn the_answer_is_there_before_the_client_gives_up(number in 1_u32..100_000_000, unit in 0..6_usize) {
            let mut metadata = MetadataMap::new();
            metadata.insert("grpc-timeout", format!("{number}{}", UNITS[unit].0).parse()?);
            let timeout = Duration::from_nanos_u128(u128::from(number) * UNITS[unit].1);
            let longest = Selection::everything();
            // A selection tells its deadline to nobody but the monitor: one is shorter if it changes what is equal.
            let shortened = within(longest.clone(), &metadata);
            prop_assert_eq!(&shortened, &longest.clone().with_deadline(timeout.saturating_sub((timeout / 10).min(LONGEST_MARGIN))));
            if timeout <= Duration::from_secs(10) && timeout >= Duration::from_nanos(10) {
                prop_assert_ne!(shortened, longest.with_deadline(timeout));
            }
        }
    }
}
