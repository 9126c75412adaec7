use super::{caller::Caller, visible::is_visible};

/// More than any credentials that are meant take.
const LONGEST: usize = 8 * 1024;

/// What a request brings of one scheme of `Authorization` (RFC 9110, section 11.6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presented<'a> {
    /// None, or those of another scheme.
    Nothing,
    /// Something that cannot be read. A header that was sent twice is that, too: a gateway may have looked at the
    /// other one.
    Malformed,
    Credentials(&'a str),
}

/// The credentials of a scheme, which is written in lower case.
pub(super) fn of_scheme<'a>(caller: &'a Caller, scheme: &str) -> Presented<'a> {
    let mut values = caller.header_values("authorization");
    let (first, second) = (values.next(), values.next());
    match (first, second) {
        (None, _) => Presented::Nothing,
        (Some(value), None) => parse(value, scheme),
        (Some(_), Some(_)) => Presented::Malformed,
    }
}

fn parse<'a>(value: &'a [u8], scheme: &str) -> Presented<'a> {
    let end = value.iter().position(|byte| *byte == b' ').unwrap_or(value.len());
    let (name, credentials) = value.split_at(end);
    if !name.eq_ignore_ascii_case(scheme.as_bytes()) {
        return Presented::Nothing;
    }
    let is_readable = credentials.len() <= LONGEST && is_visible(credentials);
    match std::str::from_utf8(credentials).map(str::trim) {
        Ok(credentials) if is_readable && !credentials.is_empty() => Presented::Credentials(credentials),
        _ => Presented::Malformed,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn schemes_are_told_apart() {
        for (value, presented) in [
            (&b"Basic YQ=="[..], Presented::Credentials("YQ==")),
            (b"bAsIc   YQ==  ", Presented::Credentials("YQ==")),
            (b"Basic", Presented::Malformed),
            (b"Basic  ", Presented::Malformed),
            (b"Basic Y\xff", Presented::Malformed),
            (b"Basic Y\tQ", Presented::Malformed),
            (b"Bearer abc", Presented::Nothing),
            (b"Basically YQ==", Presented::Nothing),
            (b"", Presented::Nothing),
            (b" Basic YQ==", Presented::Nothing),
        ] {
            assert_eq!(parse(value, "basic"), presented, "{value:?}");
        }
        assert_eq!(parse(format!("Basic {}", "a".repeat(LONGEST)).as_bytes(), "basic"), Presented::Malformed);
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(value in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&value, "basic");
            let _ = parse(&[b"Basic ", value.as_slice()].concat(), "basic");
        }
    }
}
