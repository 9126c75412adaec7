use http::header::AUTHORIZATION;

use crate::access::caller::{Caller, is_visible};

/// Maximum length of credentials, far above any honest ones.
const MAX_CREDENTIALS_BYTES: usize = 8 * 1024;

/// The credentials of one authentication scheme in `Authorization` (RFC 9110, section 11.6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::access) enum SchemeCredentials<'a> {
    /// No header, or credentials of another scheme.
    Nothing,
    /// An unreadable header, or two of them, because a gateway may have checked the other one.
    Malformed,
    Credentials(&'a str),
}

/// Returns the credentials of a scheme. Its name is in lower case.
pub(in crate::access) fn of_scheme<'a>(caller: &'a Caller, scheme: &str) -> SchemeCredentials<'a> {
    let mut values = caller.values_of(&AUTHORIZATION);
    let (first, second) = (values.next(), values.next());
    match (first, second) {
        (None, _) => SchemeCredentials::Nothing,
        (Some(value), None) => parse(value, scheme),
        (Some(_), Some(_)) => SchemeCredentials::Malformed,
    }
}

fn parse<'a>(value: &'a [u8], scheme: &str) -> SchemeCredentials<'a> {
    let end = value.iter().position(|byte| *byte == b' ').unwrap_or(value.len());
    let (name, credentials) = value.split_at(end);
    if !name.eq_ignore_ascii_case(scheme.as_bytes()) {
        return SchemeCredentials::Nothing;
    }
    let is_readable = credentials.len() <= MAX_CREDENTIALS_BYTES && is_visible(credentials);
    match std::str::from_utf8(credentials).map(str::trim) {
        Ok(credentials) if is_readable && !credentials.is_empty() => SchemeCredentials::Credentials(credentials),
        _ => SchemeCredentials::Malformed,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn schemes_are_distinguished() {
        for (value, presented) in [
            (&b"Basic YQ=="[..], SchemeCredentials::Credentials("YQ==")),
            (b"bAsIc   YQ==  ", SchemeCredentials::Credentials("YQ==")),
            (b"Basic", SchemeCredentials::Malformed),
            (b"Basic  ", SchemeCredentials::Malformed),
            (b"Basic Y\xff", SchemeCredentials::Malformed),
            (b"Basic Y\tQ", SchemeCredentials::Malformed),
            (b"Bearer abc", SchemeCredentials::Nothing),
            (b"Basically YQ==", SchemeCredentials::Nothing),
            (b"", SchemeCredentials::Nothing),
            (b" Basic YQ==", SchemeCredentials::Nothing),
        ] {
            assert_eq!(parse(value, "basic"), presented, "{value:?}");
        }
        assert_eq!(
            parse(format!("Basic {}", "a".repeat(MAX_CREDENTIALS_BYTES)).as_bytes(), "basic"),
            SchemeCredentials::Malformed
        );
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(value in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&value, "basic");
            let _ = parse(&[b"Basic ", value.as_slice()].concat(), "basic");
        }
    }
}
