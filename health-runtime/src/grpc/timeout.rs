//! The metadata of a request and its answer: its origin, whether that limits the answer, and `grpc-timeout`, a client's deadline (gRPC over HTTP/2, `TimeoutValue
//! TimeoutUnit`).

use std::time::Duration;

use http::HeaderValue;
use tonic::{Response, Status, metadata::MetadataMap};

use crate::{
    health_path::{LIMITED_HEADER, RequestOrigin},
    monitor::Selection,
};

/// Longest time by which a response is ready before the client's deadline, for its way to the client.
const MAX_DEADLINE_MARGIN: Duration = Duration::from_millis(100);

/// Adds the origin of a request to a selection, and the client's deadline.
///
/// # Errors
/// `INVALID_ARGUMENT` for metadata that is not valid.
pub(super) fn asked_by(selection: Selection, metadata: &MetadataMap) -> Result<Selection, Status> {
    let origin = RequestOrigin::from_headers(metadata.as_ref()).map_err(Status::invalid_argument)?;
    Ok(within(selection, metadata).asked_from(origin))
}

/// Returns an answer, whose metadata say whether the path of the request limits it.
pub(super) fn answer<T>(message: T, is_limited: bool) -> Response<T> {
    let mut response = Response::new(message);
    if is_limited {
        response.metadata_mut().as_mut().insert(LIMITED_HEADER, HeaderValue::from_static("?1"));
    }
    response
}

/// Shortens the deadline of a selection to the client's, if it sent one.
fn within(selection: Selection, metadata: &MetadataMap) -> Selection {
    match metadata.get("grpc-timeout").and_then(|value| parse(value.as_bytes())) {
        Some(timeout) => selection.with_deadline(timeout.saturating_sub((timeout / 10).min(MAX_DEADLINE_MARGIN))),
        None => selection,
    }
}

/// Parses one to eight digits and a unit. Anything else is ignored, and the report keeps its own deadline.
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
    fn malformed_timeouts_are_ignored() {
        for value in ["", "S", "1", "-1S", "+1S", "1.5S", "1 S", " 1S", "1s", "1h", "123456789S", "1S ", "é"] {
            assert_eq!(parse(value.as_bytes()), None, "{value:?}");
        }
    }

    proptest! {
        #[test]
        fn numbers_of_up_to_eight_digits_have_their_unit(number in 0_u128..100_000_000, unit in 0..6_usize, width in 1..9_usize) {
            let (unit, nanos) = UNITS[unit];
            let parsed = parse(format!("{number:0width$}{unit}").as_bytes());
            prop_assert_eq!(parsed.map(|timeout| timeout.as_nanos()), Some(number * nanos));
        }

        #[test]
        fn arbitrary_bytes_are_parsed_without_panic(value in any::<Vec<u8>>()) {
            if let Some(timeout) = parse(&value) {
                prop_assert!(value.len() <= 9 && timeout <= Duration::from_secs(99_999_999 * 3600));
            }
        }

        #[test]
        fn report_ends_before_the_clients_deadline(number in 1_u32..100_000_000, unit in 0..6_usize) {
            let mut metadata = MetadataMap::new();
            metadata.insert("grpc-timeout", format!("{number}{}", UNITS[unit].0).parse()?);
            let timeout = Duration::from_nanos_u128(u128::from(number) * UNITS[unit].1);
            let longest = Selection::everything();
            // The deadline of a selection is private, but part of its equality.
            let shortened = within(longest.clone(), &metadata);
            prop_assert_eq!(&shortened, &longest.clone().with_deadline(timeout.saturating_sub((timeout / 10).min(MAX_DEADLINE_MARGIN))));
            if timeout <= Duration::from_secs(10) && timeout >= Duration::from_nanos(10) {
                prop_assert_ne!(shortened, longest.with_deadline(timeout));
            }
        }
    }
}
